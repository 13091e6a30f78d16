"""The scenario as data: the whole of scenario.yml, typed; reading and cross-checking live in the loader."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")
ID = r"^[a-z][a-z0-9-]{0,62}$"
Id = Annotated[str, Field(pattern=ID)]
Cost = Annotated[int, Field(ge=0, le=100_000)]

_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_MOMENT = re.compile(r"T([+-])(.+)")


def parse_duration(value: object) -> object:
    """Seconds from `45s`, `90m`, `2h` or `1h30m`; anything else is a ValueError that says what is right."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("is not a duration; write 45s, 90m, 2h or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_moment(value: object) -> object:
    """A moment from `T+20m` (after the start) or `T-15m` (before the end)."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is not a moment; write T+20m (after the start) or T-15m (before the end)")
    return {"seconds": parse_duration(match[2]), "from_end": match[1] == "-"}


def parse_share(value: object) -> object:
    """A share from `5%`."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,3}(\.\d+)?%", value):
        raise ValueError("is not a share; write 5%")
    return value


Duration = Annotated[int, BeforeValidator(parse_duration, json_schema_input_type=str)]
Share = Annotated[str, BeforeValidator(parse_share)]


class Strict(BaseModel):
    """Knows exactly its own keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(RootModel[dict[Language, str]]):
    """What people read: one string for all languages, or one per language."""

    model_config = ConfigDict(frozen=True)

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


class Variable(Strict):
    """Drawn once per team from the exercise's seed."""

    kind: Literal["password", "text", "number", "port", "name"]
    length: int = Field(12, ge=4, le=64)
    min: int = 0
    max: int = 2**31 - 1


class Reset(Strict):
    """How often a team may rebuild its environment, and what each time costs in points."""

    limit: int = Field(3, ge=0, le=100)
    cost: Cost = 0


class EnvironmentFiles(Strict):
    """The Compose files of the environment and what a team may do with it."""

    compose: str = "compose.yml"
    shared: str | None = None
    reset: Reset = Reset(limit=3, cost=0)
    internet: bool = False


class Entry(Strict):
    """A way in: a terminal as `user` in a service, or a web page at SERVICE:PORT."""

    id: Id
    title: Text
    terminal: str | None = None
    web: str | None = Field(None, pattern=r"^[a-zA-Z0-9_.-]+:\d{1,5}$")
    user: str = "student"


class Curve(Strict):
    """How a task's value falls with its solves (SCORING.md); which fields are needed depends on the curve."""

    curve: Literal["linear", "parabolic", "exponential", "proportional", "tanh"]
    initial: int = Field(ge=0, le=100_000)
    minimum: int = Field(ge=0, le=100_000)
    decay: float | None = Field(None, ge=0)
    difficulty: float | None = Field(None, gt=0)
    solves: int | None = Field(None, ge=1)
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

    regex: str = Field(max_length=500)
    ignore_case: bool = False


class Number(Strict):
    """Right when within the tolerance."""

    number: float
    tolerance: float = Field(0, ge=0)


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
    max: int = Field(ge=1, le=100_000)
    text: Text


class Graded(Strict):
    """Judged by a person against a rubric."""

    rubric: tuple[Criterion, ...] = Field(min_length=1)


class Hint(Strict):
    """Help that costs points."""

    text: Text
    cost: Cost = 0


class Task(Strict):
    """Something a team solves for points: exactly one of flag, answer, choice, graded."""

    id: Id
    title: Text
    text: Text
    category: str = "general"
    points: Annotated[int, Field(ge=0, le=100_000)] | Curve = 100
    keep: bool = False
    flag: str | PerTeamFlag | None = None
    answer: Exact | Regex | Number | None = None
    choice: Choice | None = None
    graded: Graded | None = None
    hints: tuple[Hint, ...] = ()
    attempts: int | None = Field(None, ge=1, le=1000)
    requires: tuple[str, ...] = ()
    opens: At | None = None
    attack: tuple[str, ...] = ()
    objectives: tuple[int, ...] = ()
    explanation: Text | None = None
    files: tuple[str, ...] = ()


class Http(Strict):
    """An HTTP request through the gate."""

    port: int = Field(80, ge=1, le=65535)
    path: str = Field("/", pattern=r"^/")
    status: int = Field(200, ge=100, le=599)
    contains: str | None = None


class Probe(Strict):
    """Exactly one way of asking a service whether it is up."""

    http: Http | None = None
    tcp: int | None = Field(None, ge=1, le=65535)
    exec: tuple[str, ...] | None = Field(None, min_length=1)
    script: str | None = None


class Check(Strict):
    """A service judged for every team on the tick grid start + n * every."""

    id: Id
    service: str
    title: Text | None = None
    probe: Probe
    every: Duration = 15
    timeout: Duration = 5
    points: int = Field(0, ge=0, le=10_000)
    weight: float = Field(1.0, ge=0)
    expect: str | None = None
    once: int | None = Field(None, ge=0, le=100_000)
    keep: bool = True


class Duel(Strict):
    """Attack and defence between teams."""

    tick: Duration = 60
    flag_lifetime: int = Field(5, ge=1)
    services: tuple[str, ...] = Field(min_length=1)
    between_teams: tuple[str, ...] = ()
    scoring: Literal["faust", "saarctf", "eno", "forcad"] = "faust"


class When(Strict):
    """What makes a conditional inject fire: exactly one of solved, check or manual."""

    solved: str | None = None
    check: str | None = None
    is_: Literal["up", "degraded", "recovering", "down"] | None = Field(None, alias="is")
    for_: Duration = Field(0, alias="for")
    manual: bool = False


class Expected(Strict):
    """One thing a good reply holds."""

    id: Id
    text: Text
    points: int = Field(ge=0, le=100_000)


class Reply(Strict):
    """What a reply to an inject is graded on, and within which time."""

    expects: tuple[Expected, ...] = ()
    within: Duration | None = None


class Exec(Strict):
    """A command run in a service of every team's environment."""

    service: str
    command: tuple[str, ...] = Field(min_length=1)
    user: str | None = None


class NetworkCut(Strict):
    """A service taken off a network for a while."""

    service: str
    disconnect: str
    for_: Duration | None = Field(None, alias="for")


class Inject(Strict):
    """A planned event: at a moment or on a condition; exactly one of say, exec, network, stop, start, restart."""

    id: Id
    title: Text | None = None
    at: At | None = None
    when: When | None = None
    to: tuple[str, ...] = ("teams",)
    from_: Text | None = Field(None, alias="from")
    say: Text | None = None
    exec: Exec | None = None
    network: NetworkCut | None = None
    stop: str | None = None
    start: str | None = None
    restart: str | None = None
    reply: Reply | None = None


class Weights(Strict):
    """How much each part of the score counts."""

    tasks: float = Field(1.0, ge=0)
    checks: float = Field(1.0, ge=0)
    injects: float = Field(1.0, ge=0)
    duel: float = Field(1.0, ge=0)


class Penalty(Strict):
    """What misses cost under the penalty model of availability."""

    threshold: int = Field(ge=1)
    points: float = Field(gt=0)
    curve: Literal["additive", "flat", "exponential"] = "additive"
    cap: float = Field(100, ge=0, le=100)


class Scoring(Strict):
    """How facts become points in this scenario."""

    first_solves: tuple[Share, ...] = ()
    freeze: At | None = None
    availability: Literal["plain", "share", "penalty"] = "plain"
    penalty: Penalty | None = None
    weights: Weights = Weights()


class Definition(Strict):
    """The whole of scenario.yml."""

    ncr: Literal[1]
    id: Id
    version: str = Field(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")
    title: Text
    summary: Text
    modes: tuple[Literal["exercise", "practice"], ...] = ("exercise", "practice")
    difficulty: Literal["intro", "easy", "medium", "hard", "expert"] = "medium"
    duration: Duration
    objectives: tuple[Text, ...] = ()
    attack: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    license: str | None = None
    kind: Literal["discussion", "game", "functional", "full-scale", "practice"] = "functional"
    scoreboard: Literal["public", "teams", "staff", "off"] = "public"
    rooms: tuple[Literal["management", "technical", "communication"], ...] = ()
    variables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")], Variable] = {}
    environment: EnvironmentFiles = EnvironmentFiles()
    entries: tuple[Entry, ...] = ()
    tasks: tuple[Task, ...] = ()
    checks: tuple[Check, ...] = ()
    duel: Duel | None = None
    injects: tuple[Inject, ...] = ()
    scoring: Scoring = Scoring()
