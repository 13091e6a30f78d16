"""A simulated relay out of a container: to a real server where one is named, else to a page that says there is none."""

import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

HEADER = struct.Struct(">BxxxL")
STDOUT = 1
LOOK_S = 0.05
PAGE = b"<!doctype html><title>NCR</title><p>A simulated engine has no web pages."
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
Place = tuple[str, int]


class SimulatedRelay:
    """What is said to it goes to `place`; what comes from there is framed. It ends with its container."""

    is_framed = True

    def __init__(self, place: Place | None, runs: Callable[[], bool]) -> None:
        self._runs = runs
        self.socket, self._inside = socket.socketpair()
        work = self._page if place is None else lambda: self._relay(place)
        Thread(target=self._serve, args=(work,), name="simulated-relay", daemon=True).start()

    def resize(self, columns: int, rows: int) -> None:
        """It has no terminal."""

    def exit_code(self) -> int | None:
        return None

    def end(self) -> bool:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        return True

    def _serve(self, work: Callable[[], None]) -> None:
        with self._inside, suppress(OSError):
            work()

    def _page(self) -> None:
        asked = b""
        while chunk := self._inside.recv(65536):
            asked = (asked + chunk)[-65536:]
            while b"\r\n\r\n" in asked:
                asked = asked.partition(b"\r\n\r\n")[2]
                self._say(ANSWER)

    def _relay(self, place: Place) -> None:
        with socket.create_connection(place, 5) as there:
            open_ends = [self._inside, there]
            while there in open_ends and self._runs():
                for end in select.select(open_ends, [], [], LOOK_S)[0]:
                    if not self._move(end, there):
                        open_ends.remove(end)

    def _move(self, end: socket.socket, there: socket.socket) -> bool:
        """One piece of what has come; False at its end."""
        chunk = end.recv(65536)
        if end is there:
            if chunk:
                self._say(chunk)
        elif chunk:
            there.sendall(chunk)
        else:
            there.shutdown(socket.SHUT_WR)
        return bool(chunk)

    def _say(self, chunk: bytes) -> None:
        self._inside.sendall(HEADER.pack(STDOUT, len(chunk)) + chunk)
