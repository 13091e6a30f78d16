"""Injects in a rehearsal: each fires in its turn, goes through where it should, and what it broke is mended."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ncr.director.rehearsal import order
from ncr.director.rehearsal.checks import Checks
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.exercise.tables import Moment
from ncr.runtime import player
from ncr.scenario.model import Inject, When
from ncr.scenario.play import Play
from ncr.scenario.shared import SHARED, is_for_all

STEPS = 10
STEP_S = 1.0
# Ticks given to a state of a check beyond those that it has to last.
MORE_TICKS = 3
GOES_ON = ("met", "begun")


class Injects:
    """The acts on injects. Every team meets a condition for itself; in a rehearsal team A does."""

    def __init__(self, hall: Hall, scribe: Scribe, checks: Checks) -> None:
        self._hall, self._scribe, self._checks = hall, scribe, checks
        self._definition = hall.scenario.definition
        self._play = hall.scenario.play or Play()
        self.fired: set[str] = set()

    def timed(self, at_s: float, until_s: float) -> None:
        """The clock has come to `at_s`: what falls due there and before `until_s` fires."""
        for inject in order.due(self._definition, at_s, until_s):
            self._see(inject, "fires on its minute", TEAMS, self._wait)

    def solved(self, task: str) -> None:
        """A task was just solved: what waits for that fires."""
        for inject in self._definition.injects:
            if inject.when is not None and inject.when.solved == task:
                self._see(inject, f"fires when {task} is solved", TEAMS[:1], self._wait)

    def in_turn(self) -> None:
        """Bring about those without a time whose turn has come."""
        for inject in list(order.in_turn(self._definition, self.fired)):
            when = inject.when
            if when is not None and when.check is not None:
                what = f"fires when {when.check} is {when.is_}" + (f" for {when.for_} s" if when.for_ else "")
                self._see(inject, what, TEAMS[:1], partial(self._let_last, when))
            else:
                self._see(inject, "fires by hand", TEAMS, self._by_hand)

    def tell_unfired(self) -> None:
        """Write down what was never brought about."""
        for inject in self._definition.injects:
            if inject.id not in self.fired:
                solved = inject.when.solved if inject.when else None
                why = f"it waits for {solved}, which was not solved" if solved else "its turn never came"
                self._scribe.fail(f"inject {inject.id}", "fires", why)

    def _see(
        self, inject: Inject, what: str, teams: Sequence[str], bring_about: Callable[[Inject, Sequence[str]], None]
    ) -> None:
        if inject.id in self.fired:
            return
        team = "" if len(teams) > 1 else teams[0]
        self._scribe.see(f"inject {inject.id}", what, team, partial(self._fires, inject, teams, bring_about))
        self.fired.add(inject.id)
        if inject.id in self._play.after:
            for_all = is_for_all(self._hall.scenario, inject)
            for one in teams[:1] if for_all else teams:
                self._scribe.see(f"inject {inject.id}", "is mended", one, partial(self._mend, inject.id, one))

    def _fires(
        self, inject: Inject, teams: Sequence[str], bring_about: Callable[[Inject, Sequence[str]], None]
    ) -> None:
        bring_about(inject, teams)
        moment = self._hall.moment("inject", inject.id)
        if not self._is_over(moment, teams):
            raise Differs(f"it has not fired{_why(moment.outcome)}")
        if moment.state not in ("done", "waiting"):
            raise Differs(f"it is {moment.state}{_why(moment.outcome)}")
        told = [(f"team {team}", self._hall.players[team]) for team in teams]
        if SHARED in moment.outcome:
            told = [("what all share", SHARED)]
        trouble = [f"{who}: {why}" for who, owner in told if (why := self._trouble(inject, moment.outcome, owner))]
        if trouble:
            raise Differs("; ".join(trouble))

    def _wait(self, inject: Inject, teams: Sequence[str]) -> None:
        for _ in range(STEPS):
            if self._is_over(self._hall.moment("inject", inject.id), teams):
                return
            self._hall.pass_time(STEP_S)

    def _by_hand(self, inject: Inject, teams: Sequence[str]) -> None:
        self._hall.fire(inject.id)
        self._wait(inject, teams)

    def _let_last(self, when: When, inject: Inject, teams: Sequence[str]) -> None:
        """Have the check be as the condition says until the inject has fired; and up again."""
        check = when.check or ""
        every_s = next(one.every for one in self._definition.checks if one.id == check)
        if when.is_ == "up":
            return self._tick(inject, teams, every_s, when.for_)
        if check not in self._play.checks:
            raise Differs(f"play.yml does not say how {check} is broken; add it below `checks`")
        self._checks.break_(check)
        try:
            self._tick(inject, teams, every_s, when.for_)
        finally:
            self._checks.repair(check)
        return None

    def _tick(self, inject: Inject, teams: Sequence[str], every_s: int, for_s: int) -> None:
        for _ in range(for_s // every_s + MORE_TICKS):
            self._hall.pass_time(every_s)
            # A round that just ended is followed by the next step.
            self._hall.step()
            if self._is_over(self._hall.moment("inject", inject.id), teams):
                return

    def _is_over(self, moment: Moment, teams: Sequence[str]) -> bool:
        """Whether it has happened to the teams, well or not."""
        if moment.state != "waiting":
            return moment.state != "claimed"
        mine = [moment.outcome.get(self._hall.players[team], {"state": "met"}) for team in teams]
        return all(one["state"] not in GOES_ON for one in mine)

    def _trouble(self, inject: Inject, outcome: dict[str, Any], owner: str) -> str:
        # Words to all are the same for all and have no outcome of a team's own.
        unsaid = {"state": "done" if inject.say is not None else "not done"}
        mine = outcome.get(owner, unsaid)
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
