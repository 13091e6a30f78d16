"""Ethernet, IPv4, TCP and UDP around bytes that really passed, with true lengths and checksums, in a pcap file."""

import os
import struct
from ipaddress import IPv4Address
from pathlib import Path

SYN, ACK, PSH_ACK, SYN_ACK, FIN_ACK = 0x02, 0x10, 0x18, 0x12, 0x11
MSS = 1460
Address = tuple[str, int]


def write_header(path: Path) -> None:
    """Begin a capture of Ethernet frames."""
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))


def append(path: Path, at: float, frame: bytes) -> None:
    """Add one frame seen at `at`."""
    whole, micro = divmod(round(at * 1_000_000), 1_000_000)
    with path.open("ab") as file:
        file.write(struct.pack("<IIII", whole, micro, len(frame), len(frame)) + frame)


def in_order(path: Path) -> None:
    """Sort the frames by time: a conversation that waited for another was noted after it."""
    data, at, frames = path.read_bytes(), 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at : at + 16 + length])
        at += 16 + length
    frames.sort(key=lambda frame: struct.unpack_from("<II", frame))
    path.write_bytes(data[:24] + b"".join(frames))


def tcp(source: Address, to: Address, seq: int, ack: int, flags: int, payload: bytes = b"") -> bytes:
    """A TCP segment's frame."""
    options = struct.pack(">BBH", 2, 4, MSS) if flags & SYN else b""
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack(">HHIIBBHHH", source[1], to[1], seq, ack, offset, flags, 64240, 0, 0) + options
    return _frame(source[0], to[0], 6, _summed(source[0], to[0], 6, head + payload, 16))


def udp(source: Address, to: Address, payload: bytes) -> bytes:
    """A UDP datagram's frame."""
    datagram = struct.pack(">HHHH", source[1], to[1], 8 + len(payload), 0) + payload
    return _frame(source[0], to[0], 17, _summed(source[0], to[0], 17, datagram, 6))


def _summed(source: str, to: str, protocol: int, data: bytes, place: int) -> bytes:
    pseudo = IPv4Address(source).packed + IPv4Address(to).packed + struct.pack(">BBH", 0, protocol, len(data))
    return data[:place] + struct.pack(">H", _checksum(pseudo + data)) + data[place + 2 :]


def _frame(source: str, to: str, protocol: int, data: bytes) -> bytes:
    number = int.from_bytes(os.urandom(2), "big")
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), number, 0x4000, 64, protocol, 0)
    head += IPv4Address(source).packed + IPv4Address(to).packed
    head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
    return b"\x02\x00" + IPv4Address(to).packed + b"\x02\x00" + IPv4Address(source).packed + b"\x08\x00" + head + data


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2])) + (
        data[-1] << 8 if len(data) % 2 else 0
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
