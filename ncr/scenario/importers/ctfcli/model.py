"""A challenge.yml as data, as ctfcli 0.1 reads it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ncr.scenario.importers.loose import Snake
from ncr.scenario.values import Points, Real, Whole

Name = Annotated[str, Field(min_length=1)]


def _as_mapping(key: str) -> BeforeValidator:
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _without_empty(value: object) -> object:
    return [one for one in value if one is not None] if isinstance(value, list) else value


class FlagFields(Snake):
    """One right answer. `type` is static or regex, or that of a plugin."""

    type: str = "static"
    content: Name
    data: Annotated[Literal["case_sensitive", "case_insensitive"] | None, BeforeValidator(lambda v: v or None)] = None


class HintFields(Snake):
    """Help, and what it costs."""

    title: str | None = None
    content: str
    cost: Points = 0
    key: str | None = None
    requirements: object = None


class RequirementFields(Snake):
    """What must be solved first, by name or by number in the installation it came from."""

    prerequisites: tuple[str | int, ...] = ()
    anonymize: bool = False


class SolutionFields(Snake):
    """How it is solved, and who may read it when."""

    path: Name
    state: Literal["hidden", "visible", "solved"] = "hidden"


class Extra(Snake):
    """How a dynamic challenge's value falls."""

    initial: Points | None = None
    decay: Annotated[Real, Field(ge=0)] | None = None
    minimum: Points | None = None
    function: Literal["linear", "logarithmic"] = "logarithmic"


Flag = Annotated[FlagFields, _as_mapping("content")]
Hint = Annotated[HintFields, _as_mapping("content")]
Solution = Annotated[SolutionFields, _as_mapping("path")]
Requirements = Annotated[
    RequirementFields,
    BeforeValidator(lambda value: {"prerequisites": value} if isinstance(value, list) else value),
]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Challenge(Snake):
    """The whole of a challenge.yml."""

    name: Name
    category: Name
    author: Names = ()
    description: str | None = None
    attribution: str | None = None
    value: Points | None = None
    type: str = "standard"
    extra: Extra | None = None
    image: str | None = None
    protocol: Literal["http", "https", "tcp"] | None = None
    host: str | None = None
    connection_info: str | None = None
    healthcheck: str | None = None
    solution: Solution | None = None
    attempts: Annotated[Whole, Field(ge=0)] = 0
    logic: Literal["any", "all", "team"] = "any"
    flags: tuple[Flag, ...] = ()
    topics: Names = ()
    tags: Names = ()
    files: Annotated[tuple[str, ...], BeforeValidator(_without_empty)] = ()
    hints: tuple[Hint, ...] = ()
    requirements: Requirements | None = None
    next: str | int | None = None
    scheduled_at: str | None = None
    module: object = None
    state: Literal["visible", "hidden"] = "visible"
    version: str | None = None


# What people write without quotes and mean as text: read as it is written.
TEXTS = ("name", "category", "author", "author.*", "version", "scheduled_at", "flags.*", "flags.*.content", "topics.*",
         "tags.*", "hints.*", "hints.*.content", "hints.*.title", "connection_info", "description")  # fmt: skip
