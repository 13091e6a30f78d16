"""The scenario as data: the whole of scenario.yml, typed; reading and cross-checking live in the loader."""

from typing import Annotated, Literal

from pydantic import Field

from ncr.scenario.tasks import (
    Choice,
    Criterion,
    Curve,
    Deliver,
    Exact,
    Graded,
    Hint,
    Number,
    Option,
    PerTeamFlag,
    Regex,
    Task,
)
from ncr.scenario.values import (
    ID,
    LANGUAGES,
    Address,
    At,
    Duration,
    Id,
    Language,
    Moment,
    Period,
    Points,
    Real,
    Share,
    Strict,
    TcpPort,
    Technique,
    Text,
    Whole,
    parse_duration,
    parse_moment,
)

__all__ = [
    "ID", "LANGUAGES", "At", "Check", "Choice", "Criterion", "Curve", "Definition", "Deliver", "Duel", "Duration",
    "Entry", "EnvironmentFiles", "Exact", "Exec", "Expected", "Graded", "Hint", "Http", "Id", "Inject", "Language",
    "Moment", "NetworkCut", "Number", "Option", "Penalty", "PerTeamFlag", "Probe", "Regex", "Reply", "Reset", "Scoring",
    "Share", "Strict", "Task", "Text", "Variable", "Weights", "When", "parse_duration", "parse_moment",
]  # fmt: skip


class Variable(Strict):
    """Drawn once per team from the exercise's seed."""

    kind: Literal["password", "text", "number", "port", "name"]
    length: Annotated[int, Field(strict=True, ge=4, le=63)] = 12
    min: Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)] = 0
    max: Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)] = 2**31 - 1


class Reset(Strict):
    """How often a team may rebuild its environment, and what each time costs in points."""

    limit: Annotated[int, Field(strict=True, ge=0, le=100)] = 3
    cost: Points = 0


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
    web: Address | None = None
    user: str = "student"


class Http(Strict):
    """An HTTP request through the gate."""

    port: TcpPort = 80
    path: str = Field("/", pattern=r"^/")
    status: Annotated[Whole, Field(ge=100, le=599)] = 200
    contains: str | None = None


class Probe(Strict):
    """Exactly one way of asking a service whether it is up."""

    http: Http | None = None
    tcp: TcpPort | None = None
    exec: tuple[str, ...] | None = Field(None, min_length=1)
    script: str | None = None


class Check(Strict):
    """A service judged for every team on the tick grid start + n * every; one of shared.yml is asked about each."""

    id: Id
    service: str
    title: Text | None = None
    probe: Probe
    every: Period = 15
    timeout: Period = 5
    points: Points = 0
    weight: Annotated[Real, Field(ge=0)] = 1.0
    expect: str | None = None
    once: Points | None = None
    keep: bool = True


class Duel(Strict):
    """Attack and defence between teams."""

    tick: Period = 60
    flag_lifetime: Annotated[Whole, Field(ge=1, le=1000)] = 5
    services: tuple[str, ...] = Field(min_length=1)
    between_teams: tuple[Address, ...] = ()
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
    points: Points


class Reply(Strict):
    """What a reply to an inject is graded on, and within which time."""

    expects: tuple[Expected, ...] = ()
    within: Period | None = None


class Exec(Strict):
    """A command run in a service of every team's environment, or in one of shared.yml."""

    service: str
    command: tuple[str, ...] = Field(min_length=1)
    user: str | None = None


class NetworkCut(Strict):
    """A service taken off a network for a while."""

    service: str
    disconnect: str
    for_: Period | None = Field(None, alias="for")


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

    @property
    def service(self) -> str:
        """The service that something is done to; empty when something is said."""
        told = self.exec or self.network
        return told.service if told else self.stop or self.start or self.restart or ""


class Weights(Strict):
    """How much each part of the score counts."""

    tasks: Annotated[Real, Field(ge=0)] = 1.0
    checks: Annotated[Real, Field(ge=0)] = 1.0
    injects: Annotated[Real, Field(ge=0)] = 1.0
    duel: Annotated[Real, Field(ge=0)] = 1.0


class Penalty(Strict):
    """What misses cost under the penalty model of availability."""

    threshold: Annotated[Whole, Field(ge=1)]
    points: Annotated[Real, Field(gt=0)]
    curve: Literal["additive", "flat", "exponential"] = "additive"
    cap: Annotated[Real, Field(ge=0, le=100)] = 100


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
    version: str = Field(max_length=40, pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")
    title: Text
    summary: Text
    modes: tuple[Literal["exercise", "practice"], ...] = ("exercise", "practice")
    difficulty: Literal["intro", "easy", "medium", "hard", "expert"] = "medium"
    duration: Period
    objectives: tuple[Text, ...] = ()
    attack: tuple[Technique, ...] = ()
    authors: tuple[str, ...] = ()
    license: str | None = None
    kind: Literal["discussion", "game", "functional", "full-scale", "practice"] = "functional"
    scoreboard: Literal["public", "teams", "staff", "off"] = "public"
    rooms: tuple[Literal["management", "technical", "communication"], ...] = ()
    variables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")], Variable] = Field({})
    environment: EnvironmentFiles = EnvironmentFiles()
    entries: tuple[Entry, ...] = ()
    tasks: tuple[Task, ...] = ()
    checks: tuple[Check, ...] = ()
    duel: Duel | None = None
    injects: tuple[Inject, ...] = ()
    scoring: Scoring = Scoring()
