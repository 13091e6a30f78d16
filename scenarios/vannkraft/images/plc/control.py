"""What the controller does each cycle: measures the level, decides on vanes and gate, and guards the intake; pure."""

from dataclasses import dataclass

NORMAL_FLOW, LEAST_FLOW = 12.0, 7.0  # m3/s in automatic operation
RATED_FLOW = 16.0
GAIN = 20.0  # m3/s of turbine flow per metre off the setpoint
GATE_FROM_M, GATE_FULL_M = 0.2, 0.5  # above the setpoint: the gate begins to open, and is open
TRIP_BELOW_M = 410.5  # the intake would draw air
ALARM_M = 0.3  # off the setpoint
DATUM_M = 400.0  # levels are told in centimetres above this


@dataclass(slots=True)
class Settings:
    """What can be written over Modbus; units as in the register map."""

    automatic: bool = True
    tripped: bool = False
    muted: bool = False
    setpoint_cm: int = 1200
    vane: int = 750
    gate: int = 0
    most_flow: int = 1500
    zero_cm: int = 600
    span_cm: int = 1000
    scratch: int = 0


def measured_m(settings: Settings, cell_ma: float) -> float:
    """The level the pressure cell shows with the calibration it has been given."""
    share = (cell_ma - 4) / 16
    return DATUM_M + (settings.zero_cm + settings.span_cm * share) / 100


def setpoint_m(settings: Settings) -> float:
    """The wanted level."""
    return DATUM_M + settings.setpoint_cm / 100


def openings(settings: Settings, level_m: float) -> tuple[float, float]:
    """What vanes and gate shall be (0 to 1).

    By hand they are as set. In automatic operation the turbine takes more the higher the water stands, and the gate
    helps when that is not enough.
    """
    if not settings.automatic:
        return settings.vane / 1000, settings.gate / 1000
    above = level_m - setpoint_m(settings)
    flow = min(settings.most_flow / 100, max(LEAST_FLOW, NORMAL_FLOW + GAIN * above))
    gate = min(1.0, max(0.0, (above - GATE_FROM_M) / (GATE_FULL_M - GATE_FROM_M)))
    return flow / RATED_FLOW, gate


def must_trip(level_m: float) -> bool:
    """Whether the turbine must be stopped to save it from air in the penstock."""
    return level_m < TRIP_BELOW_M


def alarms(settings: Settings, level_m: float) -> tuple[bool, bool]:
    """Level too high, level too low; neither while alarms are muted."""
    off = level_m - setpoint_m(settings)
    return (off > ALARM_M and not settings.muted, off < -ALARM_M and not settings.muted)
