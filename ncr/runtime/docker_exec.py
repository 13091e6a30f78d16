"""Commands in running containers on a Docker engine; one that runs out of time is ended inside as well."""

import hashlib
import secrets
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from ncr.errors import EngineError
from ncr.runtime.docker_client import Connection, calling
from ncr.runtime.engine import ExecResult

log = structlog.get_logger()
MARK = "NCR_EXEC"
# A container may write for ever; nobody needs more of it than this.
MOST_OUTPUT = 1024 * 1024
END_TIMEOUT_S = 5.0
END_TRIES = 3
END_PAUSE_S = 0.5
EXIT_CODE_WAIT_S = 2.0
HEADER = struct.Struct(">BxxxL")

# Ends all that is marked: by the kernel's login number, which is inherited through everything, a cleared environment
# and a new session too, and cannot be taken off again; or, in what has no such number, by its environment, and then
# its whole session. It needs nothing but a shell: the container's programs are not to be trusted, and may be few. It
# reads as little as it can, for a shell reads byte by byte. A zombie is nothing that could be ended.
END = """
mark=$1 number=$2 round=0
stand() {
  s=; while IFS= read -r l || [ -n "$l" ]; do s="$s$l "; done <"$1/stat"
  s=${s##*) }; case $s in ""|Z*|X*) return 1;; esac
  set -- $s; session=$4
}
while [ $round -lt 20 ]; do
  round=$((round + 1)) found= sessions=" "
  for d in /proc/[0-9]*; do
    u=; IFS= read -r u <"$d/loginuid"
    case "$u" in
      "$number") stand "$d" && { found=1; kill -9 "${d#/proc/}"; };;
      ""|4294967295)
        while IFS= read -r l || [ -n "$l" ]; do
          case "$l" in *"$mark"*) stand "$d" && { found=1; sessions="$sessions$session "; }; break;; esac
        done <"$d/environ";;
    esac
  done 2>/dev/null
  if [ "$sessions" != " " ]; then
    for d in /proc/[0-9]*; do
      stand "$d" && case "$sessions" in *" $session "*) kill -9 "${d#/proc/}";; esac
    done 2>/dev/null
  fi
  [ -n "$found" ] || exit 0
done
echo found
exit 0
"""


def login_number(mark: str) -> int:
    """A mark as a login number: far from those of users, and never the one that stands for none."""
    return 10**9 + int.from_bytes(hashlib.sha256(mark.encode()).digest()[:4], "big") % (3 * 10**9)


class Execs:
    """Runs commands, each marked in its environment so that it can be found again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(
        self,
        name: str,
        command: Sequence[str],
        user: str | None,
        timeout_s: float,
        stdin: bytes,
        environment: Mapping[str, str],
    ) -> ExecResult:
        """Run it; `exit_code` is None when its time ran out or it wrote more than 1 MiB, and it has been ended."""
        mark = secrets.token_hex(8)
        with calling(f"container {name}"):
            exec_id = self._create(name, command, user, {**environment, MARK: mark}, has_stdin=bool(stdin))
            with Conversation(self._connection.api.exec_start(exec_id, socket=True)) as talk:
                is_over = talk.run(stdin, timeout_s)
            code = self._exit_code(exec_id) if is_over else None
        if code is None and not self.end(name, user, mark):
            log.warning("a command that ran out of time may still run", container=name)
        return ExecResult(code, bytes(talk.out), bytes(talk.err))

    def _create(
        self, name: str, command: Sequence[str], user: str | None, environment: Mapping[str, str], *, has_stdin: bool
    ) -> str:
        api = self._connection.api
        made: dict[str, Any] = api.exec_create(
            name, list(command), user=user or "", stdin=has_stdin, environment=dict(environment)
        )
        return str(made["Id"])

    def _exit_code(self, exec_id: str) -> int | None:
        end = time.monotonic() + EXIT_CODE_WAIT_S
        while time.monotonic() < end:
            seen = self._connection.api.exec_inspect(exec_id)
            if not seen["Running"] and seen["ExitCode"] is not None:
                return int(seen["ExitCode"])
            time.sleep(0.01)
        return None

    def end(self, name: str, user: str | None, mark: str) -> bool:
        """End everything that carries the mark, and its sessions; whether nothing of it is left."""
        for number in range(END_TRIES):
            try:
                with calling(f"container {name}"):
                    # With no more rights than it had itself, unless it got at more.
                    if self._finds_nothing(name, "0" if number else user, mark):
                        return True
            except EngineError as error:
                log.warning("ending a command failed", container=name, error=str(error)[:300])
            # A container full of processes has no room for this one either; some may end meanwhile.
            time.sleep(END_PAUSE_S)
        return False

    def _finds_nothing(self, name: str, user: str | None, mark: str) -> bool:
        api = self._connection.api
        made = api.exec_create(
            name, ["/bin/sh", "-c", END, "sh", f"{MARK}={mark}", str(login_number(mark))], user=user or ""
        )
        with Conversation(api.exec_start(made["Id"], socket=True)) as talk:
            return talk.run(b"", END_TIMEOUT_S) and self._exit_code(made["Id"]) == 0 and not talk.out


class Conversation:
    """One attached stream: stdin goes in, stdout and stderr come out, framed by the engine."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._socket: socket.socket = getattr(stream, "_sock", stream)
        self._buffer = bytearray()
        self.out = bytearray()
        self.err = bytearray()

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def run(self, stdin: bytes, timeout_s: float) -> bool:
        """Talk until the other side is done; False when time or room for its output ran out first."""
        end = time.monotonic() + timeout_s
        left = memoryview(stdin)
        if not stdin:
            self._hang_up()
        while (rest_s := end - time.monotonic()) > 0:
            readable, writable, _ = select.select([self._socket], [self._socket] if left else [], [], rest_s)
            if writable:
                left = left[self._socket.send(left[:65536]) :]
                if not left:
                    self._hang_up()
            if readable and not self._read():
                return True
            if len(self.out) + len(self.err) > MOST_OUTPUT:
                return False
        return False

    def _hang_up(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            # It has already ended.
            return

    def _read(self) -> bool:
        chunk = self._socket.recv(65536)
        self._buffer += chunk
        while len(self._buffer) >= HEADER.size:
            kind, size = HEADER.unpack_from(self._buffer)
            if len(self._buffer) < HEADER.size + size:
                break
            part = self._buffer[HEADER.size : HEADER.size + size]
            (self.err if kind == 2 else self.out).extend(part)
            del self._buffer[: HEADER.size + size]
        return bool(chunk)
