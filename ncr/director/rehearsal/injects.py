"""Injects in a rehearsal: each fires in its turn, goes through in both teams, and what it broke is mended."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ncr.director.rehearsal import order
from ncr.director.rehearsal.checks import Checks
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.runtime import player
from ncr.scenario.model import Inject
from ncr.scenario.play import Play

STEPS = 10
STEP_S = 1.0


class Injects:
    """The acts on injects."""

    def __init__(self, hall: Hall, scribe: Scribe, checks: Checks) -> None:
        self._hall, self._scribe, self._checks = hall, scribe, checks
        self._definition = hall.scenario.definition
        self._play = hall.scenario.play or Play()
        self.fired: set[str] = set()

    def timed(self, at_s: float, until_s: float) -> None:
        """The clock has come to `at_s`: what falls due there and before `until_s` fires."""
        for inject in order.due(self._definition, at_s, until_s):
            self._see(inject, "fires on its minute", None)

    def solved(self, task: str) -> None:
        """A task was just solved: what waits for that fires."""
        for inject in self._definition.injects:
            if inject.when is not None and inject.when.solved == task:
                self._see(inject, f"fires when {task} is solved", None)

    def in_turn(self) -> None:
        """Bring about those without a time whose turn has come."""
        for inject in list(order.in_turn(self._definition, self.fired)):
            self._scribe.note(f"inject {inject.id}", "fires", "this kind of inject is not rehearsed by this version")
            self.fired.add(inject.id)

    def _see(self, inject: Inject, what: str, bring_about: Callable[[], None] | None) -> None:
        if inject.id in self.fired:
            return
        self._scribe.see(f"inject {inject.id}", what, "", partial(self._fires, inject, bring_about))
        self.fired.add(inject.id)
        if inject.id in self._play.after:
            for team in TEAMS:
                self._scribe.see(f"inject {inject.id}", "is mended", team, partial(self._mend, inject.id, team))

    def _fires(self, inject: Inject, bring_about: Callable[[], None] | None) -> None:
        if bring_about is not None:
            bring_about()
        for _ in range(STEPS):
            moment = self._hall.moment("inject", inject.id)
            if moment.state not in ("waiting", "claimed"):
                break
            self._hall.pass_time(STEP_S)
        if moment.state != "done":
            raise Differs(f"it is {moment.state}{_why(moment.outcome)}")
        trouble = [f"team {team}: {why}" for team in TEAMS if (why := self._trouble(inject, moment.outcome, team))]
        if trouble:
            raise Differs("; ".join(trouble))

    def _trouble(self, inject: Inject, outcome: dict[str, Any], team: str) -> str:
        # Words are the same for all and have no outcome of a team's own.
        unsaid = {"state": "done" if inject.say is not None else "not done"}
        mine = outcome.get(self._hall.players[team], unsaid)
        if mine.get("state") == "done":
            return ""
        told = [str(mine[key]) for key in ("why", "output") if mine.get(key)]
        code = f" (exit {mine['exit_code']})" if mine.get("exit_code") is not None else ""
        return f"{mine.get('state')}{code}{': ' if told else ''}{' '.join(told)}"

    def _mend(self, inject: str, team: str) -> None:
        player.act(self._hall.engine, self._hall.place(team), self._play.after[inject].repair)


def _why(outcome: dict[str, Any]) -> str:
    why = outcome.get("failure") or outcome.get("why")
    return f": {why}" if why else ""
