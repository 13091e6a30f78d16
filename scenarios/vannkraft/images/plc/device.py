"""The controller's registers and coils: what stands at each address, and what may be written there."""

from dataclasses import replace
from threading import RLock
from typing import Any

import control
import modbus
from control import Settings
from modbus import DEVICE_FAILURE, ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusError

AUTOMATIC, TRIP, RESET, MUTED = range(4)
CHALLENGE_AT, LABEL_AT, RECEIPT_AT, TEXT_WORDS = 100, 200, 240, 32
# Address -> the setting, and the least and most it may be.
WRITABLE: dict[int, tuple[str, int, int]] = {
    0: ("setpoint_cm", 1050, 1260),
    1: ("vane", 0, 1000),
    2: ("gate", 0, 1000),
    3: ("most_flow", 700, 1500),
    10: ("zero_cm", 400, 800),
    11: ("span_cm", 500, 1500),
    90: ("scratch", 0, 65535),
}
SILENT = {"cell_ma": 4.0, "level_m": control.DATUM_M, "flow": 0.0, "power_mw": 0.0, "vane": 0.0, "gate": 0.0,
          "gate_flow": 0.0, "spill_flow": 0.0, "tripped": True}  # fmt: skip


class Controller:
    """Settings and readings with one lock around both; any thread may use it."""

    def __init__(self, label: str, receipt: str, challenge: int) -> None:
        self._lock = RLock()
        self._label, self._receipt, self._challenge = text_words(label), text_words(receipt), challenge
        self._readings: dict[str, float] = dict(SILENT)
        self._hears = False
        self._reset = False
        self.settings = Settings()

    def cycle(self, readings: dict[str, float] | None) -> dict[str, object]:
        """Take in what the plant tells (None when it is silent); what the plant shall do next."""
        with self._lock:
            self._hears = readings is not None
            if readings is None:
                return {}
            self._readings = readings
            if control.must_trip(self._level()):
                self.settings.tripped = True
            vane, gate = control.openings(self.settings, self._level())
            reset, self._reset = self._reset, False
            return {"vane": vane, "gate": gate, "trip": self.settings.tripped, "reset": reset}

    def bits(self, function: int, start: int, count: int) -> list[bool]:
        """Coils 0-3 or discrete inputs 0-5."""
        with self._lock:
            table = self._coils() if function == modbus.READ_COILS else self._inputs()
        return _slice(dict(enumerate(table)), start, count)

    def words(self, function: int, start: int, count: int) -> list[int]:
        """Holding or input registers."""
        with self._lock:
            table = self._holding() if function == modbus.READ_HOLDING else self._input_words()
        return _slice(table, start, count)

    def write_bits(self, start: int, values: list[bool]) -> None:
        """Coils; a trip stays until it is reset."""
        if start + len(values) > MUTED + 1:
            raise ModbusError(ILLEGAL_ADDRESS)
        with self._lock:
            for address, on in enumerate(values, start):
                self._write_bit(address, on)

    def write_words(self, start: int, values: list[int]) -> None:
        """Holding registers; a value outside its range leaves all as they were."""
        changed: dict[str, int] = {}
        for address, value in enumerate(values, start):
            if address not in WRITABLE:
                raise ModbusError(ILLEGAL_ADDRESS)
            name, least, most = WRITABLE[address]
            if not least <= value <= most:
                raise ModbusError(ILLEGAL_VALUE)
            changed[name] = value
        with self._lock:
            self.settings = replace(self.settings, **changed)

    def _write_bit(self, address: int, on: bool) -> None:
        if address == AUTOMATIC:
            self.settings.automatic = on
        elif address == MUTED:
            self.settings.muted = on
        elif address == TRIP and on:
            self.settings.tripped = True
        elif address == RESET and on:
            if not self._hears:
                raise ModbusError(DEVICE_FAILURE)
            self.settings.tripped, self._reset = False, True

    def _level(self) -> float:
        return control.measured_m(self.settings, self._readings["cell_ma"])

    def _coils(self) -> list[bool]:
        return [self.settings.automatic, self._tripped(), False, self.settings.muted]

    def _inputs(self) -> list[bool]:
        high, low = control.alarms(self.settings, self._level())
        return [not self._tripped(), self._tripped(), high, low, self._hears, self.settings.automatic]

    def _tripped(self) -> bool:
        return self.settings.tripped or bool(self._readings["tripped"])

    def _holding(self) -> dict[int, int]:
        return {address: int(getattr(self.settings, name)) for address, (name, _, _) in WRITABLE.items()}

    def _input_words(self) -> dict[int, int]:
        now = self._readings
        told = [
            100 * (self._level() - control.DATUM_M),
            100 * (now["level_m"] - control.DATUM_M),
            100 * now["flow"],
            100 * now["power_mw"],
            1000 * now["vane"],
            1000 * now["gate"],
            100 * now["gate_flow"],
            100 * now["spill_flow"],
            100 * now["cell_ma"],
        ]
        table = {address: min(65535, max(0, round(value))) for address, value in enumerate(told)}
        receipt = self._receipt if self.settings.scratch == self._challenge else text_words("")
        table[CHALLENGE_AT] = self._challenge
        table |= dict(enumerate(self._label, LABEL_AT)) | dict(enumerate(receipt, RECEIPT_AT))
        return table


def text_words(said: str) -> list[int]:
    """A text as registers, two characters each, filled up with NUL."""
    data = said.encode("ascii", "replace")[: 2 * TEXT_WORDS].ljust(2 * TEXT_WORDS, b"\0")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _slice(table: dict[int, Any], start: int, count: int) -> list[Any]:
    try:
        return [table[address] for address in range(start, start + count)]
    except KeyError:
        raise ModbusError(ILLEGAL_ADDRESS) from None
