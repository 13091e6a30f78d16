"""Modbus requests answered from a device's tables: every check the specification asks for; pure."""

import struct
from collections.abc import Callable
from typing import Protocol

import modbus
from modbus import ILLEGAL_FUNCTION, ILLEGAL_VALUE, ModbusError

Answer = Callable[["Device", bytes], bytes]


class Device(Protocol):
    """Tables to read and write; each method raises ModbusError with the code to answer with."""

    def bits(self, function: int, start: int, count: int) -> list[bool]:
        """Coils or discrete inputs."""

    def words(self, function: int, start: int, count: int) -> list[int]:
        """Holding or input registers."""

    def write_bits(self, start: int, values: list[bool]) -> None:
        """Coils, all or none."""

    def write_words(self, start: int, values: list[int]) -> None:
        """Holding registers, all or none."""


def answer(device: Device, pdu: bytes, may_write: bool) -> bytes:
    """The response to a request's PDU (at least one byte); an exception response for anything that is not right."""
    function = pdu[0]
    try:
        handler = _HANDLERS.get(function)
        if handler is None or (function in modbus.WRITES and not may_write):
            raise ModbusError(ILLEGAL_FUNCTION)
        return bytes([function]) + handler(device, pdu)
    except ModbusError as error:
        return bytes([function & 0x7F | 0x80, error.code])


def _range(pdu: bytes, most: int) -> tuple[int, int]:
    if len(pdu) != 5:
        raise ModbusError(ILLEGAL_VALUE)
    start, count = struct.unpack(">HH", pdu[1:])
    if not 1 <= count <= most:
        raise ModbusError(ILLEGAL_VALUE)
    return start, count


def _read_bits(device: Device, pdu: bytes) -> bytes:
    start, count = _range(pdu, modbus.MOST_BITS)
    data = modbus.packed(device.bits(pdu[0], start, count))
    return bytes([len(data)]) + data


def _read_words(device: Device, pdu: bytes) -> bytes:
    start, count = _range(pdu, modbus.MOST_WORDS)
    data = modbus.words(device.words(pdu[0], start, count))
    return bytes([len(data)]) + data


def _write_coil(device: Device, pdu: bytes) -> bytes:
    if len(pdu) != 5 or pdu[3:] not in (b"\xff\x00", b"\x00\x00"):
        raise ModbusError(ILLEGAL_VALUE)
    device.write_bits(int.from_bytes(pdu[1:3], "big"), [pdu[3] == 0xFF])
    return pdu[1:]


def _write_word(device: Device, pdu: bytes) -> bytes:
    if len(pdu) != 5:
        raise ModbusError(ILLEGAL_VALUE)
    start, value = struct.unpack(">HH", pdu[1:])
    device.write_words(start, [value])
    return pdu[1:]


def _write_coils(device: Device, pdu: bytes) -> bytes:
    start, count = _range(pdu[:5], modbus.MOST_BITS_WRITTEN)
    _check_bytes(pdu, (count + 7) // 8)
    device.write_bits(start, modbus.unpacked(pdu[6:], count))
    return pdu[1:5]


def _write_words(device: Device, pdu: bytes) -> bytes:
    start, count = _range(pdu[:5], modbus.MOST_WORDS_WRITTEN)
    _check_bytes(pdu, 2 * count)
    device.write_words(start, list(struct.unpack(f">{count}H", pdu[6:])))
    return pdu[1:5]


def _check_bytes(pdu: bytes, wanted: int) -> None:
    if len(pdu) != 6 + wanted or pdu[5] != wanted:
        raise ModbusError(ILLEGAL_VALUE)


_HANDLERS: dict[int, Answer] = {
    modbus.READ_COILS: _read_bits,
    modbus.READ_INPUTS: _read_bits,
    modbus.READ_HOLDING: _read_words,
    modbus.READ_INPUT_WORDS: _read_words,
    modbus.WRITE_COIL: _write_coil,
    modbus.WRITE_WORD: _write_word,
    modbus.WRITE_COILS: _write_coils,
    modbus.WRITE_WORDS: _write_words,
}
