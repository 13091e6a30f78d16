"""A simulated shell to talk to: it echoes what is typed, runs whole lines, and ends on `exit` or with its container."""

import select
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR, socket, socketpair
from threading import Thread

PROMPT = b"$ "
LOOK_S = 0.05


class SimulatedAttached:
    """One shell; `typed` runs a line, `runs` says whether its container still does, `end` is the engine's own verb."""

    is_framed = False

    def __init__(
        self,
        typed: Callable[[str], bytes],
        runs: Callable[[], bool],
        end: Callable[[], bool],
        size: tuple[int, int] | None,
    ) -> None:
        self._typed, self._runs, self._end, self._has_echo = typed, runs, end, size is not None
        self._code: int | None = None
        self.size = size
        self.socket, self._inside = socketpair()
        Thread(target=self._serve, name="simulated-shell", daemon=True).start()

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)

    def exit_code(self) -> int | None:
        return self._code

    def end(self) -> bool:
        with suppress(OSError):
            self.socket.shutdown(SHUT_RDWR)
        self.socket.close()
        return self._end()

    def _serve(self) -> None:
        with self._inside as inside, suppress(OSError):
            self._talk(inside)

    def _talk(self, inside: socket) -> None:
        line = bytearray()
        if self._has_echo:
            inside.sendall(PROMPT)
        while self._runs():
            readable, _, _ = select.select([inside], [], [], LOOK_S)
            if not readable:
                continue
            chunk = inside.recv(4096)
            if not chunk:
                return
            for byte in chunk:
                if not self._take(inside, line, byte):
                    return

    def _take(self, inside: socket, line: bytearray, byte: int) -> bool:
        """One key; False when the shell ends by it."""
        if byte not in b"\r\n":
            line.append(byte)
            if self._has_echo:
                inside.sendall(bytes([byte]))
            return True
        text = line.decode(errors="replace").strip()
        line.clear()
        if text.split()[:1] == ["exit"]:
            self._code = int(text.split()[1]) if text.split()[1:] else 0
            return False
        if text == "stty size" and self.size is not None:
            said = b"%d %d\n" % (self.size[1], self.size[0])
        else:
            said = self._typed(text) if text else b""
        newline = b"\r\n" if self._has_echo else b""
        inside.sendall(newline + said.replace(b"\n", b"\r\n") + PROMPT)
        return True
