"""Commands that are talked to while they run, on a Docker engine: a shell in a terminal, or a relay without one."""

import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from ncr.runtime.docker_client import Connection, calling
from ncr.runtime.docker_exec import MARK, login_number

# Marks itself for the kernel before it becomes the command; where that is refused, the environment's mark must do.
MARKED = '{ echo "$0" >/proc/self/loginuid; } 2>/dev/null; exec "$@"'


class DockerAttached:
    """One command under way, and the connection to the engine that carries what it says."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        command: Sequence[str],
        mark: str,
        user: str | None,
        environment: Mapping[str, str],
        size: tuple[int, int] | None,
        end: Callable[[], bool],
    ) -> None:
        self._connection, self._name, self._end = connection, name, end
        self.is_framed = size is None
        marked = ["/bin/sh", "-c", MARKED, str(login_number(mark)), *command]
        made: dict[str, Any] = connection.api.exec_create(
            name, marked, user=user or "", stdin=True, tty=size is not None, environment={**environment, MARK: mark},
            detach_keys=_never_typed(),
        )  # fmt: skip
        self._id = str(made["Id"])
        self._stream = connection.api.exec_start(self._id, tty=size is not None, socket=True)
        self.socket: socket.socket = getattr(self._stream, "_sock", self._stream)
        if size is not None:
            self.resize(*size)

    def resize(self, columns: int, rows: int) -> None:
        # One that has just ended has no size, and one not yet begun takes the next.
        with calling(f"container {self._name}"), suppress(APIError):
            self._connection.api.exec_resize(self._id, height=rows, width=columns)

    def exit_code(self) -> int | None:
        with calling(f"container {self._name}"):
            try:
                seen: dict[str, Any] = self._connection.api.exec_inspect(self._id)
            except APIError:
                return None
        return None if seen["Running"] or seen["ExitCode"] is None else int(seen["ExitCode"])

    def end(self) -> bool:
        with suppress(OSError):
            self._stream.close()
            self.socket.close()
        return self._end()


def _never_typed() -> str:
    """Keys at which the engine lets go of a terminal: it has no way to be told none, and its own are Ctrl-P, Ctrl-Q.

    The first of them reaches the shell only with the key that follows, so it is one that hardly anybody needs.
    """
    return ",".join(["ctrl-^", *secrets.token_hex(16)])
