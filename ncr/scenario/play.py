"""The rehearsal as data: the whole of play.yml, how each task is solved and each check broken and repaired."""

from typing import Annotated, Literal

from pydantic import Field

from ncr.scenario.values import Period, Strict

Answer = str | tuple[str, ...]
Command = Annotated[tuple[str, ...], Field(min_length=1)]


class Run(Strict):
    """A command run where an entry leads, as that entry's user."""

    entry: str
    command: Command


class Solve(Strict):
    """How a task is solved: a command or a script of the scenario within `timeout`, and the answer or its source."""

    run: Run | None = None
    script: str | None = None
    timeout: Period = 60
    answer: Answer | None = None
    answer_from: Literal["stdout"] | None = None


class Action(Strict):
    """A command run in a service."""

    service: str
    command: Command
    user: str | None = None


class CheckPlay(Strict):
    """How a check's service is broken, and made whole again."""

    break_: Action = Field(alias="break")
    repair: Action


class EntryPlay(Strict):
    """What opens a web entry that leads nowhere at the start, because participants bring about what is there."""

    open: Action


class After(Strict):
    """What is done once an inject has fired, because it broke a service on purpose."""

    repair: Action


class Play(Strict):
    """The whole of play.yml: by task, by check, by entry, wrong answers, and by inject what is mended after it."""

    solve: dict[str, Solve] = Field({})
    checks: dict[str, CheckPlay] = Field({})
    entries: dict[str, EntryPlay] = Field({})
    wrong: dict[str, Answer] = Field({})
    after: dict[str, After] = Field({})
