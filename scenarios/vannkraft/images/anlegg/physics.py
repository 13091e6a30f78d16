"""Storjuvet power station as equations: reservoir, spillway, flood gate, penstock and turbine, in SI units; pure.

Every formula is one that introductory textbooks of hydraulics and hydropower give (for instance Chow, Open-Channel
Hydraulics, 1959; White, Fluid Mechanics; Mosonyi, Water Power Development):

* continuity of the reservoir        dV/dt = Q_in - Q_turbine - Q_gate - Q_spill            [m3/s]
* stage and storage                  V(x) = A0 x + s x^2 / 2, x = level - bed               [m3]
* sharp-edged bottom gate, free flow Q = Cd b a sqrt(2 g h)                                 [m3/s]
* weir (Poleni)                      Q = 2/3 Cd b sqrt(2 g) h^(3/2)                         [m3/s]
* friction (Darcy-Weisbach)          h_f = f L/D v^2 / (2 g) = k Q^2, k = f L / (2 g D A^2) [m]
* turbine seen as an opening         Q = u Q_r sqrt(H / H_r), u the guide vanes' opening    [m3/s]
* power                              P = rho g Q H eta(Q)                                   [W]
* sudden closing (Joukowsky)         dp = rho a dv                                          [Pa]

Guide vanes and gate move no faster than their servo motors. The flow in the penstock follows the vanes without delay:
its time constant (some 1.6 s) is short beside the reservoir's (hours). One step is a classical Runge-Kutta of order 4
over the stored volume, with the openings held still meanwhile.
"""

from dataclasses import dataclass, replace
from math import pi, sqrt

G = 9.81  # m/s2
RHO = 1000.0  # kg/m3
STEP_S = 0.5

BED_M = 406.0  # of the reservoir, metres above the sea, as every level here
NORMAL_M = 412.0
LEAST_M, MOST_M = 411.5, 412.5  # what the licence allows
CREST_M = 412.6
TAILWATER_M = 300.0
AREA_M2, SLOPE_M = 18_000.0, 2_000.0  # at the bed, and how the area grows with the level

GATE_WIDTH_M, GATE_HEIGHT_M, GATE_CD = 2.0, 1.2, 0.6
WEIR_WIDTH_M, WEIR_CD = 12.0, 0.61

PIPE_LENGTH_M, PIPE_DIAMETER_M, FRICTION = 420.0, 2.2, 0.014
PIPE_AREA_M2 = pi * PIPE_DIAMETER_M**2 / 4
LOSS = FRICTION * PIPE_LENGTH_M / (2 * G * PIPE_DIAMETER_M * PIPE_AREA_M2**2)  # s2/m5

RATED_FLOW, RATED_HEAD_M = 16.0, 109.0
BEST_ETA, BEST_SHARE, ETA_FALL = 0.92, 0.8, 0.5

VANE_TRAVEL_S, TRIP_TRAVEL_S, GATE_TRAVEL_S = 40.0, 12.0, 180.0  # from shut to open, or the other way


@dataclass(frozen=True, slots=True)
class State:
    """The plant at one moment: stored water, openings (0 to 1), and whether the turbine is tripped."""

    volume_m3: float
    vane: float = 0.75
    gate: float = 0.0
    tripped: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What the controller wants of vanes and gate (0 to 1)."""

    vane: float
    gate: float


def volume(level_m: float) -> float:
    """The water stored below a level, m3."""
    x = max(0.0, level_m - BED_M)
    return AREA_M2 * x + SLOPE_M * x * x / 2


def level(volume_m3: float) -> float:
    """The level of a stored volume, metres above the sea: the inverse of `volume`."""
    return BED_M + (sqrt(AREA_M2**2 + 2 * SLOPE_M * max(0.0, volume_m3)) - AREA_M2) / SLOPE_M


def gate_flow(level_m: float, opening: float) -> float:
    """Through the flood gate, m3/s; the head counts from the middle of the opening."""
    height = opening * GATE_HEIGHT_M
    head = max(0.0, level_m - BED_M - height / 2)
    return GATE_CD * GATE_WIDTH_M * height * sqrt(2 * G * head)


def spill_flow(level_m: float) -> float:
    """Over the spillway, m3/s."""
    head = max(0.0, level_m - CREST_M)
    return 2 / 3 * WEIR_CD * WEIR_WIDTH_M * sqrt(2 * G) * head**1.5


def turbine_flow(level_m: float, vane: float) -> float:
    """Through the turbine, m3/s: what the vanes let through of the head that friction leaves.

    From Q = c sqrt(H - k Q^2) with c = u Q_r / sqrt(H_r) follows Q = c sqrt(H / (1 + k c^2)). The intake is dry
    one metre above the bed.
    """
    if level_m <= BED_M + 1.0:
        return 0.0
    c = vane * RATED_FLOW / sqrt(RATED_HEAD_M)
    return c * sqrt((level_m - TAILWATER_M) / (1 + LOSS * c * c))


def net_head(level_m: float, flow: float) -> float:
    """The head at the turbine, m."""
    return level_m - TAILWATER_M - LOSS * flow * flow


def efficiency(flow: float) -> float:
    """Of turbine and generator together, at a flow; best at 80 % of the rated flow."""
    return max(0.0, BEST_ETA - ETA_FALL * (flow / RATED_FLOW - BEST_SHARE) ** 2)


def power(level_m: float, flow: float) -> float:
    """To the grid with the breaker closed, W."""
    return RHO * G * flow * net_head(level_m, flow) * efficiency(flow)


def pressure_rise(wave_m_s: float, dv_m_s: float) -> float:
    """When water in a pipe is stopped at once, Pa."""
    return RHO * wave_m_s * dv_m_s


def outflow(state: State, volume_m3: float) -> float:
    """Everything that leaves the reservoir at a volume, m3/s."""
    at = level(volume_m3)
    return turbine_flow(at, state.vane) + gate_flow(at, state.gate) + spill_flow(at)


def moved(now: float, wanted: float, travel_s: float, step_s: float) -> float:
    """An opening a step later: towards what is wanted, no faster than the servo, within its ends."""
    most = step_s / travel_s
    return min(1.0, max(0.0, now + min(most, max(-most, wanted - now))))


def step(state: State, orders: Orders, inflow: float, step_s: float = STEP_S) -> State:
    """The plant `step_s` later. A tripped turbine shuts its vanes by itself, whatever the controller wants."""
    vane = (
        moved(state.vane, 0.0, TRIP_TRAVEL_S, step_s)
        if state.tripped
        else moved(state.vane, orders.vane, VANE_TRAVEL_S, step_s)
    )
    after = replace(state, vane=vane, gate=moved(state.gate, orders.gate, GATE_TRAVEL_S, step_s))

    def change(volume_m3: float) -> float:
        return inflow - outflow(after, volume_m3)

    v = state.volume_m3
    k1 = change(v)
    k2 = change(v + step_s / 2 * k1)
    k3 = change(v + step_s / 2 * k2)
    k4 = change(v + step_s * k3)
    return replace(after, volume_m3=max(0.0, v + step_s / 6 * (k1 + 2 * k2 + 2 * k3 + k4)))
