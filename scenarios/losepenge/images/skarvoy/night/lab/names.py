"""Looking names up as every host of the night does: a question in DNS to the municipality's resolver."""

import os
import socket
import struct

RESOLVER = ("10.20.0.53", 53)


def question(name: str, number: int) -> bytes:
    """A DNS query for the address of a name (RFC 1035)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\x00" + struct.pack(">HH", 1, 1)


def look_up(name: str) -> str:
    """The address the resolver gives. Raises OSError when it knows none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(question(name, int.from_bytes(os.urandom(2), "big")), RESOLVER)
        answer, _ = asking.recvfrom(512)
    if struct.unpack_from(">H", answer, 6)[0] == 0:
        raise OSError(f"{name} is unknown")
    return ".".join(str(part) for part in answer[-4:])
