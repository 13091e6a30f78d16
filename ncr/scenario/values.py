"""The kinds of value scenario files are made of: ids, texts, durations, moments, points; each says what is right."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    model_validator,
)

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")
ID = r"^[a-z][a-z0-9-]{0,62}$"
Id = Annotated[str, Field(pattern=ID)]
Points = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Whole = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
TcpPort = Annotated[int, Field(strict=True, ge=1, le=65535)]
Technique = Annotated[str, Field(pattern=r"^T\d{4}(\.\d{3})?$")]
Address = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]+:\d{1,5}$")]

_LONGEST_S = 366 * 24 * 3600
_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_MOMENT = re.compile(r"T([+-])(.+)")


def parse_duration(value: object) -> object:
    """Seconds from `45s`, `90m`, `2h` or `1h30m`; anything else is a ValueError that says what is right."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("is not a duration; write 45s, 90m, 2h or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > _LONGEST_S:
        raise ValueError("is longer than a year; write a shorter time")
    return total


def parse_moment(value: object) -> object:
    """A moment from `T+20m` (after the start) or `T-15m` (before the end)."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is not a moment; write T+20m (after the start) or T-15m (before the end)")
    return {"seconds": parse_duration(match[2]), "from_end": match[1] == "-"}


def parse_share(value: object) -> object:
    """A share from `5%`."""
    if not isinstance(value, str) or not re.fullmatch(r"(100|\d{1,2}(\.\d{1,9})?)%", value):
        raise ValueError("is not a share; write 5%")
    return value


def _positive(seconds: int) -> int:
    if seconds < 1:
        raise ValueError("is no time at all; write at least 1s")
    return seconds


def kind_of(keys: dict[type, str], otherwise: str) -> Discriminator:
    """Tells apart values that are written as different types (text or mapping, number or mapping)."""
    return Discriminator(lambda value: keys.get(type(value), otherwise))


Duration = Annotated[int, BeforeValidator(parse_duration, json_schema_input_type=str)]
Period = Annotated[Duration, AfterValidator(_positive)]
Share = Annotated[str, BeforeValidator(parse_share)]


class Strict(BaseModel):
    """Knows exactly its own keys and never changes."""

    # Built at first use: only the whole definition is ever validated, so its parts need no validator of their own.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _or_one_string(schema: dict[str, Any]) -> None:
    per_language = {key: schema.pop(key) for key in ("type", "propertyNames", "additionalProperties") if key in schema}
    schema["anyOf"] = [{"type": "string"}, {**per_language, "minProperties": 1}]


class Text(RootModel[dict[Language, str]]):
    """What people read: one string for all languages, or one per language."""

    model_config = ConfigDict(frozen=True, defer_build=True, json_schema_extra=_or_one_string)

    @model_validator(mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        if isinstance(value, str):
            return dict.fromkeys(LANGUAGES, value)
        if isinstance(value, dict) and not value:
            raise ValueError("has no text; write a string, or one per language: {nb: …, en: …}")
        return value

    def get(self, language: str) -> str:
        """The text in `language`; a missing language falls back to the other."""
        texts: dict[Any, str] = self.root
        return texts.get(language) or next(iter(texts.values()))


class Moment(Strict):
    """A point of exercise time: seconds after the start, or before the end."""

    seconds: int
    from_end: bool = False

    def offset_s(self, duration_s: float) -> float:
        """Exercise seconds after the start, for an exercise of `duration_s`."""
        return duration_s - self.seconds if self.from_end else float(self.seconds)


At = Annotated[Moment, BeforeValidator(parse_moment, json_schema_input_type=str)]
