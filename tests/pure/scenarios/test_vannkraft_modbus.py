"""The station's controller answers Modbus as the specification says, and whatever it is sent."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pure.scenarios.own_modules import load

modbus: Any
answering: Any
device: Any
modbus, answering, device = load("vannkraft", ("images/plc", "felles"), "modbus", "answering", "device")
HEALTHY = {"cell_ma": 13.6, "level_m": 412.0, "flow": 12.08, "power_mw": 12.05, "vane": 0.75, "gate": 0.0,
           "gate_flow": 0.0, "spill_flow": 0.0, "tripped": False}  # fmt: skip


def controller() -> Any:
    made = device.Controller("NCR{skilt}", "NCR{kvittering}", 4711)
    made.cycle(dict(HEALTHY))
    return made


def ask(made: Any, *data: int | bytes, may_write: bool = True) -> bytes:
    pdu = b"".join(part if isinstance(part, bytes) else struct.pack(">H", part) for part in data)
    return bytes(answering.answer(made, pdu, may_write))


def exception(function: int, code: int) -> bytes:
    return bytes([function | 0x80, code])


def registers(made: Any, function: int, start: int, count: int) -> list[int]:
    answer = ask(made, bytes([function]), start, count)
    assert answer[:2] == bytes([function, 2 * count])
    return list(struct.unpack(f">{count}H", answer[2:]))


def test_what_is_read_is_what_the_register_map_says() -> None:
    made = controller()
    assert registers(made, 4, 0, 9) == [1200, 1200, 1208, 1205, 750, 0, 0, 0, 1360]
    assert registers(made, 3, 0, 4) == [1200, 750, 0, 1500]
    assert registers(made, 3, 10, 2) == [600, 1000]
    assert ask(made, b"\x01", 0, 4) == b"\x01\x01\x01"
    assert ask(made, b"\x02", 0, 6) == b"\x02\x01\x31"
    assert modbus.text(registers(made, 4, 200, 32)) == "NCR{skilt}"


def test_the_receipt_is_there_once_the_test_number_is_written() -> None:
    made = controller()
    assert modbus.text(registers(made, 4, 240, 32)) == ""
    assert ask(made, b"\x06", 90, registers(made, 4, 100, 1)[0]) == struct.pack(">BHH", 6, 90, 4711)
    assert modbus.text(registers(made, 4, 240, 32)) == "NCR{kvittering}"


def test_every_kind_of_write_is_answered_and_holds() -> None:
    made = controller()
    assert ask(made, b"\x05", 0, b"\0\0") == b"\x05\0\0\0\0"
    assert ask(made, b"\x10", 1, 2, b"\x04", 400, 250) == b"\x10\0\x01\0\x02"
    assert made.cycle(dict(HEALTHY)) == {"vane": 0.4, "gate": 0.25, "trip": False, "reset": False}
    assert ask(made, b"\x0f", 0, 2, b"\x01\x03") == b"\x0f\0\0\0\x02"
    assert made.cycle(dict(HEALTHY))["trip"] is True
    assert ask(made, b"\x05", 2, b"\xff\0") == b"\x05\0\x02\xff\0"
    assert made.cycle(dict(HEALTHY)) == {"vane": pytest.approx(0.75), "gate": 0.0, "trip": False, "reset": True}


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (b"\x07", 1),
        (b"\x2b\x0e\x01\x00", 1),
        (b"\x03\x00\x04\x00\x01", 2),
        (b"\x04\x00\x00\x00\x0a", 2),
        (b"\x04\xff\xff\x00\x02", 2),
        (b"\x01\x00\x03\x00\x02", 2),
        (b"\x05\x00\x04\xff\x00", 2),
        (b"\x06\x00\x05\x00\x01", 2),
        (b"\x0f\x00\x03\x00\x02\x01\x00", 2),
        (b"\x03\x00\x00\x00\x00", 3),
        (b"\x03\x00\x00\x00\x7e", 3),
        (b"\x01\x00\x00\x07\xd1", 3),
        (b"\x03\x00\x00", 3),
        (b"\x05\x00\x00\x12\x34", 3),
        (b"\x06\x00\x00\x00\x01", 3),
        (b"\x10\x00\x01\x00\x02\x03\x00\x01\x00", 3),
        (b"\x0f\x00\x00\x00\x09\x01\x00", 3),
    ],
)
def test_what_is_wrong_is_answered_with_the_right_exception(pdu: bytes, code: int) -> None:
    assert ask(controller(), pdu) == exception(pdu[0], code)


def test_a_row_of_registers_is_written_whole_or_not_at_all() -> None:
    made = controller()
    assert ask(made, b"\x10", 1, 2, b"\x04", 400, 1001) == exception(16, 3)
    assert registers(made, 3, 1, 2) == [750, 0]


@pytest.mark.parametrize(
    "pdu", [b"\x05\0\0\0\0", b"\x06\0\x5a\0\x01", b"\x0f\0\0\0\x01\x01\0", b"\x10\0\0\0\x01\x02\x04\xb0"]
)
def test_who_may_not_write_is_told_so_and_may_still_read(pdu: bytes) -> None:
    made = controller()
    assert ask(made, pdu, may_write=False) == exception(pdu[0], 1)
    assert ask(made, b"\x03", 0, 1, may_write=False) == b"\x03\x02\x04\xb0"


def test_a_reset_of_a_plant_that_is_silent_fails() -> None:
    made = controller()
    assert made.cycle(None) == {}
    assert ask(made, b"\x05", 2, b"\xff\0") == exception(5, 4)
    assert ask(made, b"\x02", 4, 1) == b"\x02\x01\x00"


def test_the_turbine_is_tripped_before_the_intake_draws_air() -> None:
    made = controller()
    assert made.cycle({**HEALTHY, "cell_ma": 11.1, "level_m": 410.44})["trip"] is True


def test_a_changed_calibration_moves_the_level_and_neither_radar_nor_current() -> None:
    made = controller()
    assert ask(made, b"\x06", 10, 680)[0] == 6
    assert registers(made, 4, 0, 9)[::4] == [1280, 750, 1360]
    assert registers(made, 4, 1, 1) == [1200]


@given(st.binary(min_size=1, max_size=253), st.booleans())
def test_any_request_is_answered_within_a_frame(pdu: bytes, may_write: bool) -> None:
    answer = answering.answer(controller(), pdu, may_write)
    assert 2 <= len(answer) <= modbus.LONGEST_PDU
    assert answer[0] & 0x7F == pdu[0] & 0x7F


@given(st.binary(min_size=7, max_size=7))
def test_a_header_is_read_or_refused(head: bytes) -> None:
    _, protocol, length, _ = struct.unpack(">HHHB", head)
    if protocol == 0 and 2 <= length <= 254:
        assert modbus.body_length(head) == length - 1
    else:
        with pytest.raises(ValueError, match="not Modbus"):
            modbus.body_length(head)


@given(st.lists(st.booleans(), max_size=100))
def test_bits_come_out_as_they_went_in(bits: list[bool]) -> None:
    assert modbus.unpacked(modbus.packed(bits), len(bits)) == bits
