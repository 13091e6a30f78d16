"""The kinds of value an SDL file is made of: sources, sizes, durations; each says what is right."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ncr.scenario.importers.loose import Loose
from ncr.scenario.values import Real, Whole

_SECONDS: Mapping[str, int | Fraction] = {
    "ns": Fraction(1, 10**9), "us": Fraction(1, 10**6), "µs": Fraction(1, 10**6), "ms": Fraction(1, 1000),
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600,
    "d": 86400, "day": 86400, "w": 604800, "week": 604800, "mon": 2592000, "month": 2592000,
    "y": 31536000, "year": 31536000,
}  # fmt: skip
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([a-zµ]+)")
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([kmgt]?)(i?)b?")
LONGEST_S = 366 * 86400


def parse_span(value: object) -> object:
    """Seconds, exact, from `1h 30min`; `_` and spaces mean nothing, and only 0 may stand without a unit."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value in ("", None):
        raise ValueError("is not a duration; write for instance 1h 30min")
    text = re.sub(r"[\s_+]", "", str(value)).lower()
    if text == "0":
        return Fraction(0)
    found = list(_PART.finditer(text))
    if not found or "".join(part[0] for part in found) != text:
        raise ValueError("is not a duration; write for instance 1h 30min, every number with its unit")
    total = sum((Fraction(part[1]) * _unit(part[2]) for part in found), Fraction(0))
    if total > LONGEST_S:
        raise ValueError("is longer than a year; write a shorter time")
    return total


def _unit(word: str) -> Fraction:
    singular = word[:-1] if word.endswith("s") and word[:-1] in _SECONDS and len(word) > 2 else word
    if singular not in _SECONDS:
        raise ValueError(f"has the unit `{word}`, which is none; write s, min, h, d or w")
    return Fraction(_SECONDS[singular])


def parse_ram(value: object) -> object:
    """Whole MiB, rounded up, from `2 gib`; a unit without i counts in thousands."""
    match = _SIZE.fullmatch(str(value).lower().replace(" ", "").replace("_", "")) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is not an amount of memory; write for instance 2 gib")
    step = 1024 if match[2] == "" or match[3] else 1000
    size = Fraction(match[1]) * step ** ("", "k", "m", "g", "t").index(match[2])
    return math.ceil(size / 2**20)


def _cased(value: object) -> object:
    # The reference parser takes vM too.
    if isinstance(value, str) and value in (value.lower(), value.upper(), value.capitalize(), "vM"):
        return value.lower()
    return value


def _as_source(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _as_role(value: object) -> object:
    if not isinstance(value, dict):
        return {"username": value} if isinstance(value, str) else value
    return {("entities" if key in ("Entity", "ENTITY") else key): child for key, child in value.items()}


class SourceFields(Loose):
    """A package of a Deputy registry."""

    name: str = Field(min_length=1)
    version: str = "*"


class RoleFields(Loose):
    """Who somebody is on a machine, and which entities may be that."""

    username: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$")
    entities: tuple[str, ...] = ()


Span = Annotated[Fraction, BeforeValidator(parse_span)]
Ram = Annotated[int, BeforeValidator(parse_ram)]
Source = Annotated[SourceFields, BeforeValidator(_as_source)]
Role = Annotated[RoleFields, BeforeValidator(_as_role)]
NodeType = Annotated[Literal["switch", "vm"], BeforeValidator(_cased)]
FeatureType = Annotated[Literal["service", "configuration", "artifact"], BeforeValidator(_cased)]
MetricType = Annotated[Literal["manual", "conditional"], BeforeValidator(_cased)]
# The one enumeration of the reference parser that has only one casing.
TeamRole = Literal["White", "Green", "Red", "Blue"]
Number = Real
Count = Annotated[Whole, Field(ge=1)]
