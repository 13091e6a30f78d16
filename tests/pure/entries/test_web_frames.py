import asyncio

import pytest

from ncr.entries.web_frames import HEADER, Unframed


class Heard(asyncio.Protocol):
    """What an inner protocol is told."""

    def __init__(self) -> None:
        self.data, self.ends = b"", 0

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> None:
        self.ends += 1


def frame(kind: int, data: bytes) -> bytes:
    return HEADER.pack(kind, len(data)) + data


@pytest.mark.parametrize("step", [1, 3, 8, 1000])
def test_only_the_output_is_handed_on_however_it_is_cut(step: int) -> None:
    heard, lost = Heard(), []
    unframed = Unframed(heard, lambda: lost.append(True))
    framed = frame(1, b"hei ") + frame(2, b"nc: complaint") + frame(1, b"") + frame(1, b"verden" * 30)
    for at in range(0, len(framed), step):
        unframed.data_received(framed[at : at + step])
    assert heard.data == b"hei " + b"verden" * 30
    assert not unframed.has_ended
    unframed.eof_received()
    unframed.connection_lost(None)
    assert (unframed.has_ended, heard.ends, lost) == (True, 1, [True])


def test_another_protocol_takes_over_in_the_middle_of_a_frame() -> None:
    first, second = Heard(), Heard()
    unframed, framed = Unframed(first, lambda: None), frame(1, b"abcdef")
    unframed.data_received(framed[:11])
    unframed.become(second)
    unframed.data_received(framed[11:])
    assert (first.data, second.data) == (b"abc", b"def")
