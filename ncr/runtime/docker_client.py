"""The connection to a Docker engine, and its errors in our words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from ncr.errors import EngineError, EngineUnavailable

CALL_TIMEOUT_S = 60


class Connection:
    """One engine: `api` is connected on first use; many threads may use it at once."""

    def __init__(self, host: str, parallel: int) -> None:
        self._host = host
        self._parallel = parallel
        self._lock = Lock()

    @property
    def api(self) -> Any:
        """The low-level client. Raises EngineUnavailable when nothing answers."""
        with self._lock:
            return self._api

    @cached_property
    def _api(self) -> Any:
        environment = os.environ | ({"DOCKER_HOST": self._host} if self._host else {})
        address = environment.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if address.startswith("unix://") and not Path(address.removeprefix("unix://")).exists():
            raise EngineUnavailable(f"the container engine does not answer: there is no {address}")
        pool = self._parallel * 4
        try:
            return docker.APIClient(
                version="auto", timeout=CALL_TIMEOUT_S, max_pool_size=pool, **kwargs_from_env(environment=environment)
            )
        except (DockerException, RequestException) as error:
            raise EngineUnavailable(f"the container engine does not answer: {error}") from error

    def close(self) -> None:
        """Let go of the connections kept; the next call makes new ones."""
        with self._lock:
            client = self.__dict__.pop("_api", None)
        if client is not None:
            client.close()

    @property
    def is_local_socket(self) -> bool:
        """Whether the engine is reached by a socket file, and so may run on this machine."""
        host = self._host or os.environ.get("DOCKER_HOST", "")
        return not host or host.startswith("unix://")


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn the SDK's errors into ours, naming the object. What timed out may have been done: observe, then repeat."""
    try:
        yield
    except APIError as error:
        reason = error.explanation or str(error)
        raise EngineError(f"{what}: {str(reason).strip()[:500]}") from error
    except (RequestException, DockerException, OSError) as error:
        raise EngineUnavailable(f"{what}: the container engine does not answer ({error})") from error


@contextmanager
def gone_is_fine(what: str) -> Iterator[None]:
    """As `calling`; what is not there any more is success."""
    with calling(what):
        try:
            yield
        except NotFound:
            return


def status(error: EngineError) -> int | None:
    """The engine's status code behind one of our errors."""
    cause = error.__cause__
    return cause.status_code if isinstance(cause, APIError) else None
