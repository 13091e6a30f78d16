"""The plant as a sparse drawing, and the level's trend; colours come from the style sheet, movement from the script."""

from collections.abc import Mapping, Sequence
from html import escape

from plant import Reading

BOTTOM_M, TOP_M = 409.5, 413.0
WATER_BOTTOM, WATER_TOP = 150.0, 40.0
TREND_WIDTH, TREND_HEIGHT = 640.0, 120.0
LEAST_M, MOST_M, NORMAL_M = 411.5, 412.5, 412.0


def height(level: float) -> float:
    """Where a level stands in the drawing."""
    share = (min(TOP_M, max(BOTTOM_M, level)) - BOTTOM_M) / (TOP_M - BOTTOM_M)
    return WATER_BOTTOM - share * (WATER_BOTTOM - WATER_TOP)


def drawing(words: Mapping[str, str], reading: Reading | None) -> str:
    """Reservoir, dam with gate, penstock, turbine and grid. Elements with data-… are kept alive by the script."""
    top = height(reading.level if reading else NORMAL_M)
    gate = (reading.gate if reading else 0.0) / 100 * 28
    classes = f"plant {'stopped' if reading is None or reading.tripped else 'turning'}"
    limits = "".join(f'<path class="limit" d="M24 {height(at):.1f}H196"/>' for at in (LEAST_M, MOST_M))
    label = {name: escape(words[name]) for name in ("drawing", "reservoir", "gate", "turbine", "grid")}
    return f"""
<svg class="{classes}" id="plant" viewBox="0 0 640 300" role="img" aria-label="{label["drawing"]}">
  <rect class="water" data-water x="24" y="{top:.1f}" width="172" height="{WATER_BOTTOM - top:.1f}"/>
  {limits}
  <path class="rock" d="M10 30V150H196V30"/>
  <path class="dam" d="M196 34L214 34L232 150H196Z"/>
  <rect class="gate" data-gate x="206" y="{118 - gate:.1f}" width="8" height="32"/>
  <path class="pipe" d="M196 104H262L452 240H478"/>
  <circle class="wheel" cx="500" cy="240" r="22"/>
  <g class="blades"><path d="M500 222V258M482 240H518M487 227L513 253M513 227L487 253"/></g>
  <path class="shaft" d="M522 240H548"/>
  <rect class="generator" x="548" y="222" width="44" height="36" rx="4"/>
  <path class="line" d="M592 240H612V96M596 96H628M602 84H622"/>
  <path class="tail" d="M500 262V282H632"/>
  <g class="label">
    <text x="24" y="176">{label["reservoir"]}</text><text x="242" y="176">{label["gate"]}</text>
    <text x="470" y="204">{label["turbine"]}</text><text x="590" y="72">{label["grid"]}</text>
  </g>
</svg>"""


def trend(words: Mapping[str, str], levels: Sequence[float]) -> str:
    """The level's line between the licence's limits."""
    line = points(levels)
    limits = "".join(f'<path class="limit" d="M0 {_y(at):.1f}H{TREND_WIDTH:g}"/>' for at in (LEAST_M, MOST_M))
    return f"""
<svg class="trend" viewBox="0 0 {TREND_WIDTH:g} {TREND_HEIGHT:g}" role="img" aria-label="{escape(words["trend"])}">
  {limits}<polyline data-trend points="{line}"/>
</svg>"""


def points(levels: Sequence[float]) -> str:
    """The newest level to the right."""
    most = 119
    return " ".join(
        f"{TREND_WIDTH * (1 - ago / most):.1f},{_y(level):.1f}" for ago, level in enumerate(reversed(levels[-120:]))
    )


def _y(level: float) -> float:
    share = (min(413.0, max(411.0, level)) - 411.0) / 2.0
    return TREND_HEIGHT * (1 - share)
