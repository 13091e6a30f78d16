"""The municipality's resolver: answers for the names it knows, and for everything below the domains it knows."""

import socket
import struct

NAMES = {
    "fil01.skarvoy.example": "10.20.10.20",
    "fjernport.skarvoy.example": "10.20.0.5",
    "sikkerhetskopi.fjordsky.example": "192.0.2.80",
    "oppdatering.fagsystem.example": "192.0.2.41",
    "sky-arkiv.example": "198.51.100.140",
}


def answer(asked: bytes) -> bytes:
    """The answer to one query: an address, or none."""
    end, labels = 12, []
    while asked[end]:
        labels.append(asked[end + 1 : end + 1 + asked[end]].decode())
        end += 1 + asked[end]
    domain = ".".join(labels)
    found = NAMES.get(domain) or NAMES.get(".".join(labels[-2:]))
    head = asked[:2] + struct.pack(">HHHHH", 0x8180 if found else 0x8183, 1, 1 if found else 0, 0, 0)
    if not found:
        return head + asked[12 : end + 5]
    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 300, 4) + bytes(int(part) for part in found.split("."))
    return head + asked[12 : end + 5] + record


if __name__ == "__main__":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("10.20.0.53", 53))
        while True:
            query, client = server.recvfrom(512)
            server.sendto(answer(query), client)
