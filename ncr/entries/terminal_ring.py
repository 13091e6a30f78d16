"""The last of what a terminal has put out, by byte number, so that whoever comes back misses nothing; pure."""


class Ring:
    """Bytes numbered from 0; the newest `size` of them are kept: those from `start` up to, not including, `end`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = bytearray()
        self.start = 0

    @property
    def end(self) -> int:
        """How many bytes there have been in all."""
        return self.start + len(self._kept)

    def write(self, data: bytes) -> None:
        """Take more; the oldest make room."""
        self._kept += data
        surplus = len(self._kept) - self._size
        if surplus > 0:
            del self._kept[:surplus]
            self.start += surplus

    def read(self, number: int, most: int) -> bytes:
        """The bytes from `number` on, at most so many; from the oldest that is kept when that is gone."""
        begin = max(0, number - self.start)
        return bytes(self._kept[begin : begin + most])
