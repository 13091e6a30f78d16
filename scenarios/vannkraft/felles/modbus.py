#!/usr/bin/env python3
"""Modbus/TCP by its public specification (MODBUS Application Protocol V1.1b3): frames, a client, and a command.

modbus HOST[:PORT] spoler|innganger|innreg|holdereg START [ANTALL]     read coils, discrete inputs, input or holding
                                                                       registers
modbus HOST[:PORT] skriv-spole ADRESSE 0|1                             write one coil
modbus HOST[:PORT] skriv-reg ADRESSE VERDI [VERDI ...]                 write one register, or several in a row
modbus HOST[:PORT] tekst START ANTALL                                  read input registers as text
"""

import socket
import struct
import sys
from collections.abc import Sequence

PORT = 502
MOST_BITS, MOST_BITS_WRITTEN, MOST_WORDS, MOST_WORDS_WRITTEN = 2000, 1968, 125, 123
LONGEST_PDU = 253
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, GATEWAY_FAILURE = 1, 2, 3, 4, 11
READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_WORDS = 1, 2, 3, 4
WRITE_COIL, WRITE_WORD, WRITE_COILS, WRITE_WORDS = 5, 6, 15, 16
WRITES = frozenset({WRITE_COIL, WRITE_WORD, WRITE_COILS, WRITE_WORDS})
REASONS = {
    ILLEGAL_FUNCTION: "illegal function (or not for you)",
    ILLEGAL_ADDRESS: "illegal data address",
    ILLEGAL_VALUE: "illegal data value",
    DEVICE_FAILURE: "device failure",
    GATEWAY_FAILURE: "gateway: the target does not answer",
}


class ModbusError(Exception):
    """An exception response; `code` is the specification's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {REASONS.get(code, 'unknown')}")
        self.code = code


def header(transaction: int, unit: int, pdu: bytes) -> bytes:
    """The MBAP header and the PDU."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def body_length(head: bytes) -> int:
    """How many bytes of PDU follow a header of 7 bytes. Raises ValueError when it is no Modbus header."""
    _, protocol, length, _ = struct.unpack(">HHHB", head)
    if protocol != 0 or not 2 <= length <= LONGEST_PDU + 1:
        raise ValueError("not Modbus/TCP")
    return int(length) - 1


def packed(bits: Sequence[bool]) -> bytes:
    """Bits as bytes, the first in the lowest place."""
    found = bytearray((len(bits) + 7) // 8)
    for at, bit in enumerate(bits):
        found[at // 8] |= bit << at % 8
    return bytes(found)


def unpacked(data: bytes, count: int) -> list[bool]:
    """The first `count` bits of what `packed` made."""
    return [bool(data[at // 8] >> at % 8 & 1) for at in range(count)]


def words(values: Sequence[int]) -> bytes:
    """Registers as bytes, high byte first."""
    return struct.pack(f">{len(values)}H", *values)


def text(values: Sequence[int]) -> str:
    """Registers that hold two characters each, up to the first NUL."""
    return words(values).split(b"\0")[0].decode("ascii", "replace")


class Client:
    """One connection; use with `with`. Raises ModbusError for an exception response, OSError for a lost connection."""

    def __init__(self, host: str, port: int = PORT, unit: int = 1, timeout_s: float = 3.0) -> None:
        self._connection = socket.create_connection((host, port), timeout_s)
        self._unit, self._transaction = unit, 0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, function: int, data: bytes) -> bytes:
        """The response's data, without its function code."""
        self._transaction = self._transaction % 0xFFFF + 1
        self._connection.sendall(header(self._transaction, self._unit, bytes([function]) + data))
        head = self._exactly(7)
        try:
            pdu = self._exactly(body_length(head))
        except ValueError as error:
            raise OSError(str(error)) from None
        if pdu[0] == function | 0x80:
            raise ModbusError(pdu[1] if len(pdu) > 1 else DEVICE_FAILURE)
        return pdu[1:]

    def coils(self, start: int, count: int = 1, function: int = READ_COILS) -> list[bool]:
        """Coils, or discrete inputs with their function."""
        return unpacked(self.ask(function, struct.pack(">HH", start, count))[1:], count)

    def registers(self, start: int, count: int = 1, function: int = READ_HOLDING) -> list[int]:
        """Holding registers, or input registers with their function."""
        data = self.ask(function, struct.pack(">HH", start, count))
        return list(struct.unpack(f">{data[0] // 2}H", data[1:]))

    def inputs(self, start: int, count: int = 1) -> list[int]:
        """Input registers."""
        return self.registers(start, count, READ_INPUT_WORDS)

    def write_coil(self, address: int, on: bool) -> None:
        """One coil."""
        self.ask(WRITE_COIL, struct.pack(">HH", address, 0xFF00 if on else 0))

    def write_register(self, address: int, value: int) -> None:
        """One holding register."""
        self.ask(WRITE_WORD, struct.pack(">HH", address, value))

    def write_registers(self, start: int, values: Sequence[int]) -> None:
        """Several holding registers in a row."""
        data = words(values)
        self.ask(WRITE_WORDS, struct.pack(">HHB", start, len(values), len(data)) + data)

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self._connection.recv(count - len(found))
            if not more:
                raise ConnectionResetError("the connection was closed")
            found += more
        return found


def run(client: Client, order: str, numbers: list[int]) -> str:
    """What the command prints."""
    start, count = numbers[0], numbers[1] if len(numbers) > 1 else 1
    if order in ("spoler", "innganger"):
        return _table(start, client.coils(start, count, READ_COILS if order == "spoler" else READ_INPUTS))
    if order in ("holdereg", "innreg"):
        return _table(start, client.registers(start, count, READ_HOLDING if order == "holdereg" else READ_INPUT_WORDS))
    if order == "tekst":
        return text(client.inputs(start, count))
    if order == "skriv-spole":
        client.write_coil(start, bool(numbers[1]))
    elif len(numbers) > 2:
        client.write_registers(start, numbers[1:])
    else:
        client.write_register(start, numbers[1])
    return "ok"


def _table(start: int, values: Sequence[int]) -> str:
    return "\n".join(f"{start + at:5d}  {int(value)}" for at, value in enumerate(values))


ORDERS = ("spoler", "innganger", "innreg", "holdereg", "tekst", "skriv-spole", "skriv-reg")


def main() -> None:
    """The command; exit 1 with the reason in a line, 2 when it was not understood."""
    given = sys.argv[1:]
    needed = 4 if len(given) > 1 and given[1].startswith("skriv") else 3
    if len(given) < needed or given[1] not in ORDERS or not all(word.isdecimal() for word in given[2:]):
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    host, _, port = given[0].partition(":")
    try:
        with Client(host, int(port or PORT)) as client:
            print(run(client, given[1], [int(word) for word in given[2:]]))
    except (ModbusError, OSError, struct.error) as error:
        raise SystemExit(f"modbus: {error}") from None


if __name__ == "__main__":
    main()
