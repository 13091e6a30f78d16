"""One conversation as the capture shows it: what the client's socket sent and received, cut into segments."""

import os
from collections.abc import Iterator
from pathlib import Path

import packets
import storyclock
from packets import Address

GAP_S = 0.00035


def capture() -> Path:
    """The file all conversations are noted in."""
    return Path(os.environ["LAB"]) / "wire.pcap"


def delay_s(client: str, server: str) -> float:
    """How long a frame is under way: short within the municipality, long across the internet."""
    return 0.0004 if client.startswith("10.") and server.startswith("10.") else 0.0115


class Conversation:
    """A TCP conversation from its first frame to its last."""

    def __init__(self, client: Address, server: Address) -> None:
        self._client, self._server = client, server
        self._delay = delay_s(client[0], server[0])
        self._sent, self._got = (int.from_bytes(os.urandom(4), "big") for _ in range(2))
        self._answer, self._answered_at = b"", 0.0
        self._note(self._client, packets.SYN, 0)
        self._sent += 1
        self._note(self._server, packets.SYN_ACK, self._delay)
        self._got += 1
        self._note(self._client, packets.ACK, self._delay)

    def sent(self, data: bytes) -> None:
        """The client sent this."""
        self._flush()
        for number, piece in enumerate(_pieces(data)):
            self._note(self._client, packets.PSH_ACK, GAP_S, piece)
            self._sent = (self._sent + len(piece)) % 2**32
            if number % 2 or len(piece) < packets.MSS:
                self._note(self._server, packets.ACK, self._delay)

    def received(self, data: bytes) -> None:
        """The client received this; how a socket happens to cut an answer is not the network's doing."""
        if not self._answer:
            self._answered_at = storyclock.now() + self._delay
        self._answer += data

    def closed(self) -> None:
        """The client closed; the other side does the same."""
        self._flush()
        self._note(self._client, packets.FIN_ACK, GAP_S)
        self._sent += 1
        self._note(self._server, packets.FIN_ACK, self._delay)
        self._got += 1
        self._note(self._client, packets.ACK, self._delay)

    def _flush(self) -> None:
        at = self._answered_at
        for number, piece in enumerate(_pieces(self._answer)):
            at += GAP_S
            packets.append(capture(), at, self._frame(self._server, packets.PSH_ACK, piece))
            self._got = (self._got + len(piece)) % 2**32
            if number % 2 or len(piece) < packets.MSS:
                packets.append(capture(), at + GAP_S / 2, self._frame(self._client, packets.ACK))
        storyclock.set_to(at)
        self._answer = b""

    def _note(self, source: Address, flags: int, after_s: float, payload: bytes = b"") -> None:
        storyclock.advance(after_s)
        packets.append(capture(), storyclock.now(), self._frame(source, flags, payload))

    def _frame(self, source: Address, flags: int, payload: bytes = b"") -> bytes:
        seq, ack = (self._sent, self._got) if source == self._client else (self._got, self._sent)
        to = self._server if source == self._client else self._client
        return packets.tcp(source, to, seq % 2**32, 0 if flags == packets.SYN else ack % 2**32, flags, payload)


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), packets.MSS):
        yield data[start : start + packets.MSS]
