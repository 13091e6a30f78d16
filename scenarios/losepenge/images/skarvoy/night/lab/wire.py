"""The laboratory's network: sockets of the story's addresses over loopback; what a client says and hears is recorded.

Every host of the story has a loopback address of its own, programs really listen and connect, and the recorder stands
where a switch's mirror port would: it notes the bytes as they pass, at the story's time.
"""

import os
import socket
from pathlib import Path

import names
import packets
import storyclock
from conversation import Conversation, capture, delay_s
from packets import Address

_PREFIXES = {"10.20.": "127.1.", "203.0.": "127.2.", "198.51.": "127.3.", "192.0.": "127.4."}
_FIRST_PORT = 49152


def install() -> None:
    """Give this program the laboratory's sockets and names."""
    socket.socket = LabSocket
    socket.getaddrinfo = _getaddrinfo


class LabSocket(socket.socket):
    """A socket that speaks the story's addresses; one that connects is recorded."""

    _told: Conversation | None = None
    _own: Address | None = None
    _serves = False

    def bind(self, address: Address) -> None:
        self._serves = True
        super().bind(_swapped(address, inward=True))

    def connect(self, address: Address) -> None:
        own = self._take_address()
        super().connect(_swapped(address, inward=True))
        self._told = Conversation(own, address)

    def accept(self) -> tuple[socket.socket, Address]:
        found, address = super().accept()
        return found, _swapped(address, inward=False)

    def sendall(self, data: bytes, *flags: int) -> None:
        if self._told:
            self._told.sent(bytes(data))
        super().sendall(data, *flags)

    def recv_into(self, buffer: bytearray, *rest: int) -> int:
        count = super().recv_into(buffer, *rest)
        if self._told and count:
            self._told.received(bytes(memoryview(buffer)[:count]))
        return count

    def sendto(self, data: bytes, address: Address) -> int:
        if not self._serves:
            self._own = self._own or self._take_address()
            storyclock.advance(0.0002)
            packets.append(capture(), storyclock.now(), packets.udp(self._own, address, data))
        return super().sendto(data, _swapped(address, inward=True))

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        data, inner = super().recvfrom(size)
        address = _swapped(inner, inward=False)
        if self._own:
            storyclock.advance(2 * delay_s(self._own[0], address[0]))
            packets.append(capture(), storyclock.now(), packets.udp(address, self._own, data))
        return data, address

    def _take_address(self) -> Address:
        # Loopback ports come from a counter of the night, so that no build differs from another.
        counter = Path(os.environ["LAB"]) / "ports"
        port = int(counter.read_text()) if counter.exists() else _FIRST_PORT
        counter.write_text(str(port + 1))
        own = (os.environ["LAB_HOST"], port)
        super().bind(_swapped(own, inward=True))
        return own

    def _real_close(self) -> None:
        if self._told:
            self._told.closed()
            self._told = None
        super()._real_close()


def _swapped(address: Address, inward: bool) -> Address:
    for story, loopback in _PREFIXES.items():
        old, new = (story, loopback) if inward else (loopback, story)
        if address[0].startswith(old):
            return (new + address[0].removeprefix(old), address[1])
    raise OSError(f"{address[0]} is no address of the night")


def _getaddrinfo(host: str, port: int, *rest: object, **more: object) -> list[tuple]:
    number = host if host[0].isdigit() else names.look_up(host)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]
