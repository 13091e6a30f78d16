"""What the panel knows of the plant: asked of the controller every second, and orders passed on to it."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock

import modbus
from modbus import Client

HOST = "plc"
POLL_S, STALE_S = 1.0, 5.0
TREND_EVERY_S, TREND_POINTS = 5.0, 120
DATUM_M = 400.0
# What a person may set by hand: register, and what one unit of the field is in the register's.
FIELDS = {"setpoint": (0, 100, DATUM_M), "vane": (1, 10, 0.0), "gate": (2, 10, 0.0), "most_flow": (3, 100, 0.0),
          "zero": (10, 100, DATUM_M), "span": (11, 100, 0.0)}  # fmt: skip
AUTOMATIC, TRIP, RESET, MUTED = range(4)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the controller; levels in metres above the sea, flows in m3/s, power in MW, openings in %."""

    level: float
    radar: float
    flow: float
    power: float
    vane: float
    gate: float
    gate_flow: float
    spill_flow: float
    cell_ma: float
    automatic: bool
    tripped: bool
    muted: bool
    high: bool
    low: bool
    setpoint: float
    set_vane: float
    set_gate: float
    most_flow: float
    zero: float
    span: float


class Plant:
    """The last reading and the level's trend; any thread may use it."""

    def __init__(self, connect: Callable[[], Client] = lambda: Client(HOST)) -> None:
        self._connect = connect
        self._lock = Lock()
        self._last: Reading | None = None
        self._at = 0.0
        self._trend: deque[float] = deque(maxlen=TREND_POINTS)
        self._trend_at = 0.0

    def follow(self) -> None:
        """Ask the controller for ever."""
        while True:
            try:
                with self._connect() as client:
                    while True:
                        self.take(read(client))
                        time.sleep(POLL_S)
            except (OSError, modbus.ModbusError):
                time.sleep(POLL_S)

    def take(self, reading: Reading) -> None:
        """Keep a reading."""
        now = time.monotonic()
        with self._lock:
            self._last, self._at = reading, now
            if now - self._trend_at >= TREND_EVERY_S:
                self._trend.append(reading.level)
                self._trend_at = now

    def reading(self) -> Reading | None:
        """The last reading, None when it is too old to trust."""
        with self._lock:
            return self._last if time.monotonic() - self._at < STALE_S else None

    def told(self) -> dict[str, object]:
        """For the page: the reading (or null) and the trend."""
        reading = self.reading()
        with self._lock:
            return {"now": asdict(reading) if reading else None, "trend": [round(level, 2) for level in self._trend]}

    def set(self, values: dict[str, float]) -> None:
        """Write settings by their field's name. Raises ModbusError or OSError."""
        with self._connect() as client:
            for name, value in values.items():
                register, scale, datum = FIELDS[name]
                client.write_register(register, min(65535, max(0, round((value - datum) * scale))))
            self.take(read(client))

    def switch(self, coil: int, on: bool) -> None:
        """Write a coil. Raises ModbusError or OSError."""
        with self._connect() as client:
            client.write_coil(coil, on)
            self.take(read(client))


def read(client: Client) -> Reading:
    """A reading over an open connection."""
    values, coils = client.inputs(0, 9), client.coils(0, 4)
    inputs = client.coils(2, 2, modbus.READ_INPUTS)
    held, calibration = client.registers(0, 4), client.registers(10, 2)
    level, radar, flow, power, vane, gate, gate_flow, spill_flow, cell = values
    return Reading(
        level=DATUM_M + level / 100,
        radar=DATUM_M + radar / 100,
        flow=flow / 100,
        power=power / 100,
        vane=vane / 10,
        gate=gate / 10,
        gate_flow=gate_flow / 100,
        spill_flow=spill_flow / 100,
        cell_ma=cell / 100,
        automatic=coils[AUTOMATIC],
        tripped=coils[TRIP],
        muted=coils[MUTED],
        high=inputs[0],
        low=inputs[1],
        setpoint=DATUM_M + held[0] / 100,
        set_vane=held[1] / 10,
        set_gate=held[2] / 10,
        most_flow=held[3] / 100,
        zero=DATUM_M + calibration[0] / 100,
        span=calibration[1] / 100,
    )
