"""The service as a child process: started, waited for, and ended with what started it."""

import json
import os
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Self

import httpx

from ncr.config import Settings
from ncr.errors import ServiceUnavailable

UP_S = 90.0
DOWN_S = 30.0


def _written(value: Any) -> str:
    """A setting as the environment holds it: lists as JSON."""
    return json.dumps(value) if isinstance(value, list) else str(value)


class Service:
    """`ncr serve` with these settings; inside the context it answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.log = settings.data / "service.log"

    def client(self, token: str) -> httpx.Client:
        """A client that carries `token`."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self._address, headers=headers, timeout=30, trust_env=False)

    @property
    def _address(self) -> str:
        return f"http://{self._settings.host}:{self._settings.port}"

    def __enter__(self) -> Self:
        given = self._settings.model_dump(mode="json", exclude_defaults=True, exclude={"secret_key"})
        environment = os.environ | {f"NCR_{name.upper()}": _written(value) for name, value in given.items()}
        with self.log.open("wb") as log:
            command = [sys.executable, "-c", "from ncr.cli import main; main()", "serve"]
            # A session of its own: Ctrl-C is for us, who then end the service in order.
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._wait(self._process)
        return self

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + UP_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if httpx.get(f"{self._address}/api/v1/health/ready", timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        process.kill()
        said = self.log.read_text(errors="replace")[-800:]
        raise ServiceUnavailable(f"the service did not start on port {self._settings.port}:\n{said}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(DOWN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
