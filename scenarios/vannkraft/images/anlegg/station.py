"""The plant in time: steps the equations as real time passes, obeys the controller, and tells its meters."""

from dataclasses import replace
from math import pi, sin
from threading import Lock

from physics import (
    LEAST_M,
    MOST_M,
    NORMAL_M,
    STEP_S,
    Orders,
    State,
    gate_flow,
    level,
    power,
    spill_flow,
    step,
    turbine_flow,
    volume,
)

SPEED = 15.0  # seconds of the plant in one real second
LONGEST_GAP_S = 0.5  # a container that was frozen goes on from where it was
MEAN_INFLOW, SWING, PERIOD_S = 12.0, 0.8, 7200.0  # m3/s, m3/s, seconds of the plant
LEAST_MW, MOST_MW = 6.0, 15.5
CELL_ZERO_M, CELL_SPAN_M = 406.0, 10.0  # what 4 mA and the 16 mA above it mean
WARNED_M = 0.2  # how far inside the limits the warning begins


class Station:
    """One plant. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state = State(volume(NORMAL_M))
        self._orders = Orders(vane=0.75, gate=0.0)
        self._mean = MEAN_INFLOW
        self._left_s = 0.0
        self._t_s = 0.0

    def pass_time(self, real_s: float) -> None:
        """Let `real_s` pass in whole steps; what is left of a step waits for the next time."""
        with self._lock:
            self._left_s += min(real_s, LONGEST_GAP_S) * SPEED
            while self._left_s >= STEP_S:
                self._state = step(self._state, self._orders, self._inflow())
                self._left_s -= STEP_S
                self._t_s += STEP_S

    def order(self, vane: float, gate: float) -> None:
        """What the controller wants; anything outside 0 to 1 is its nearest end."""
        with self._lock:
            self._orders = Orders(*(min(1.0, max(0.0, opening)) for opening in (vane, gate)))

    def trip(self, tripped: bool = True) -> None:
        """Take the turbine off the grid, or let it come back."""
        with self._lock:
            self._state = replace(self._state, tripped=tripped)

    def fill(self, level_m: float) -> None:
        """Set the water level, as only the exercise can."""
        with self._lock:
            self._state = replace(self._state, volume_m3=volume(level_m))

    def weather(self, mean_inflow: float) -> None:
        """Another mean inflow, m3/s."""
        with self._lock:
            self._mean = mean_inflow

    def meters(self) -> dict[str, float | bool]:
        """What instruments on the plant show: metres, m3/s, MW, openings, and the pressure cell's current in mA."""
        with self._lock:
            state = self._state
        at = level(state.volume_m3)
        flow = turbine_flow(at, state.vane)
        return {
            "level_m": at,
            "cell_ma": min(20.5, max(3.8, 4 + 16 * (at - CELL_ZERO_M) / CELL_SPAN_M)),
            "flow": flow,
            "power_mw": 0.0 if state.tripped else power(at, flow) / 1e6,
            "vane": state.vane,
            "gate": state.gate,
            "gate_flow": gate_flow(at, state.gate),
            "spill_flow": spill_flow(at),
            "tripped": state.tripped,
        }

    def _inflow(self) -> float:
        return self._mean + SWING * sin(2 * pi * self._t_s / PERIOD_S)


def power_judgement(power_mw: float) -> str:
    """`up` or `down`: whether the grid gets what was promised."""
    return "up" if LEAST_MW <= power_mw <= MOST_MW else "down"


def level_judgement(level_m: float) -> str:
    """`up`, `degraded` near the licence's limits, `down` outside them."""
    if not LEAST_M <= level_m <= MOST_M:
        return "down"
    return "up" if LEAST_M + WARNED_M <= level_m <= MOST_M - WARNED_M else "degraded"
