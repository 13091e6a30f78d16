"""The ring gives back exactly what was written, by number, as long as it keeps it."""

from hypothesis import given
from hypothesis import strategies as st

from ncr.entries.terminal_ring import Ring


@given(st.lists(st.binary(max_size=40)), st.integers(1, 64), st.integers(0, 400), st.integers(0, 80))
def test_what_is_read_is_what_was_written(pieces: list[bytes], size: int, number: int, most: int) -> None:
    ring, all_ = Ring(size), b"".join(pieces)
    for piece in pieces:
        ring.write(piece)
    assert ring.end == len(all_)
    assert ring.end - ring.start == min(size, len(all_))
    begin = max(number, ring.start)
    assert ring.read(number, most) == all_[begin : begin + most]


def test_a_reader_that_keeps_up_gets_every_byte_once() -> None:
    ring, got, position = Ring(8), b"", 0
    for piece in (b"abc", b"defgh", b"", b"ij"):
        ring.write(piece)
        chunk = ring.read(position, 100)
        position += len(chunk)
        got += chunk
    assert got == b"abcdefghij"
