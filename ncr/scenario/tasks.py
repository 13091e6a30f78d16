"""Tasks as data: what a team solves for points, and how its answer is known to be right."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ncr.scenario.values import At, Id, Points, Real, Strict, Technique, Text, Whole, kind_of

LONGEST_REGEX = 500


class Curve(Strict):
    """How a task's value falls with its solves (SCORING.md); which fields are needed depends on the curve."""

    curve: Literal["linear", "parabolic", "exponential", "proportional", "tanh"]
    initial: Points
    minimum: Points
    decay: Annotated[Real, Field(ge=0)] | None = None
    difficulty: Annotated[Real, Field(gt=0)] | None = None
    solves: Annotated[Whole, Field(ge=1)] | None = None
    keep: bool = False


class Deliver(Strict):
    """Where a team's own flag is put: a file in a service, or a variable of it."""

    service: str
    file: str | None = Field(None, pattern=r"^/")
    env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    mode: str = Field("0400", pattern=r"^0?[0-7]{3}$")


class PerTeamFlag(Strict):
    """A flag of its own for every team, derived from the exercise's secret."""

    per_team: Literal[True]
    deliver: Deliver


class Exact(Strict):
    """Right when equal, after trimming."""

    exact: str
    ignore_case: bool = False


class Regex(Strict):
    """Right when the whole answer matches."""

    regex: str = Field(max_length=LONGEST_REGEX)
    ignore_case: bool = False


class Number(Strict):
    """Right when within the tolerance."""

    number: Real
    tolerance: Annotated[Real, Field(ge=0)] = 0


class Option(Strict):
    """One alternative of a choice."""

    id: Id
    text: Text


class Choice(Strict):
    """Right when exactly the correct options are chosen."""

    options: tuple[Option, ...] = Field(min_length=2)
    correct: tuple[str, ...] = Field(min_length=1)


class Criterion(Strict):
    """One line of a rubric."""

    id: Id
    max: Annotated[Points, Field(ge=1)]
    text: Text


class Graded(Strict):
    """Judged by a person against a rubric."""

    rubric: tuple[Criterion, ...] = Field(min_length=1)


class Hint(Strict):
    """Help that costs points."""

    text: Text
    cost: Points = 0


def _answer_kind(value: object) -> str:
    given = value if isinstance(value, dict) else dict.fromkeys(type(value).__name__.lower().split())
    return next((f"<{kind}>" for kind in ("regex", "number") if kind in given), "<exact>")


class Task(Strict):
    """Something a team solves for points: exactly one of flag, answer, choice, graded."""

    id: Id
    title: Text
    text: Text
    category: str = "general"
    points: Annotated[
        Annotated[Points, Tag("<points>")] | Annotated[Curve, Tag("<curve>")],
        kind_of({dict: "<curve>", Curve: "<curve>"}, "<points>"),
    ] = 100
    keep: bool = False
    flag: (
        Annotated[
            Annotated[str, Field(min_length=1), Tag("<text>")] | Annotated[PerTeamFlag, Tag("<per-team>")],
            kind_of({dict: "<per-team>", PerTeamFlag: "<per-team>"}, "<text>"),
        ]
        | None
    ) = None
    answer: (
        Annotated[
            Annotated[Exact, Tag("<exact>")] | Annotated[Regex, Tag("<regex>")] | Annotated[Number, Tag("<number>")],
            Discriminator(_answer_kind),
        ]
        | None
    ) = None
    choice: Choice | None = None
    graded: Graded | None = None
    hints: tuple[Hint, ...] = ()
    attempts: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    requires: tuple[str, ...] = ()
    opens: At | None = None
    attack: tuple[Technique, ...] = ()
    objectives: tuple[Annotated[Whole, Field(ge=1)], ...] = ()
    explanation: Text | None = None
    files: tuple[str, ...] = ()
