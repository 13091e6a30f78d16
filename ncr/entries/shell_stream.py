"""A shell's socket on the event loop: read as far as there is room for it, written as far as it takes it."""

import asyncio
from collections.abc import Callable
from ssl import SSLWantReadError, SSLWantWriteError

from ncr.runtime.engine import Attached

CHUNK = 32 * 1024
# A paste of a mebibyte fits even when the shell reads nothing at all until it is there.
MOST_KEYS = 2 * 1024 * 1024
NOT_NOW = (BlockingIOError, InterruptedError, SSLWantReadError, SSLWantWriteError)


class Shell:
    """One attached shell.

    `room()` is asked before each read how many bytes are welcome; 0 stops the reading until `read_on`. `took(data)`
    gets what was read, `ended()` is called once when the shell, its container or the engine has gone.
    """

    def __init__(
        self, attached: Attached, room: Callable[[], int], took: Callable[[bytes], None], ended: Callable[[], None]
    ) -> None:
        self._socket = attached.socket
        self._room, self._took, self._ended = room, took, ended
        self._loop = asyncio.get_running_loop()
        self._keys = bytearray()
        self._is_reading = False
        self._is_over = False
        self._socket.setblocking(False)
        # What an encrypted connection has decrypted already makes no socket readable.
        self._pending: Callable[[], int] = getattr(self._socket, "pending", lambda: 0)

    def read_on(self) -> None:
        """There may be room again."""
        if not self._is_reading and not self._is_over:
            self._is_reading = True
            self._loop.add_reader(self._socket, self._read)
            if self._pending():
                self._loop.call_soon(self._read)

    def write(self, data: bytes) -> bool:
        """Give it keys; False, and nothing given, when it has not read so many that it must be waited for."""
        if self._is_over:
            return True
        if len(self._keys) + len(data) > MOST_KEYS:
            return False
        if not self._keys:
            data = data[self._send(data) :]
            if data and not self._is_over:
                self._loop.add_writer(self._socket, self._drain)
        self._keys += data
        return True

    def close(self) -> None:
        """Neither read nor write any more; the socket stays as it is."""
        if not self._is_over:
            self._is_over = True
            self._keys.clear()
            self._loop.remove_writer(self._socket)
            self._stop_reading()

    def _read(self) -> None:
        if not self._is_reading:
            return
        room = self._room()
        if room <= 0:
            self._stop_reading()
            return
        try:
            data = self._socket.recv(min(room, CHUNK))
        except NOT_NOW:
            return
        except OSError:
            data = b""
        if data:
            self._took(data)
            if self._pending():
                self._loop.call_soon(self._read)
        else:
            self._end()

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return self._socket.send(data)
        except NOT_NOW:
            return 0
        except OSError:
            self._end()
            return len(data)

    def _drain(self) -> None:
        del self._keys[: self._send(self._keys[:CHUNK])]
        if not self._keys and not self._is_over:
            self._loop.remove_writer(self._socket)

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._socket)

    def _end(self) -> None:
        if not self._is_over:
            self.close()
            self._ended()
