"""Checks in a rehearsal: green at the start, red when broken, green again when repaired, and nobody else's business."""

from collections.abc import Mapping, Sequence
from functools import partial

from ncr.checks.verdict import Result
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.patience import Patience, until
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.runtime import player
from ncr.scenario.model import Check
from ncr.scenario.shared import is_shared

BAD = ("down", "degraded", "recovering")
Answers = Mapping[str, Mapping[str, Result]]


class Checks:
    """The acts on checks; everything is done in team A, and team B is looked at beside it."""

    def __init__(self, hall: Hall, scribe: Scribe, patience: Patience) -> None:
        self._hall, self._scribe, self._patience = hall, scribe, patience
        checks = hall.scenario.definition.checks
        self._ordinary = tuple(check for check in checks if check.once is None)
        self._once = tuple(check for check in checks if check.once is not None)
        play = hall.scenario.play
        self._plays = play.checks if play else {}

    def at_the_start(self) -> None:
        """Every ordinary check is up in both teams, and none that counts once holds already."""
        self._all_up("is up at the start", self._patience.start_s)
        answers = self._hall.ask(self._once) if self._once else {}
        for check in self._once:
            for team in TEAMS:
                self._see(check, "does not hold at the start", team, partial(_red, answers[team][check.id], "so far"))

    def at_the_end(self) -> None:
        """Every ordinary check is up in both teams once everything has happened."""
        self._all_up("is up at the end", self._patience.turn_s)

    def each(self) -> None:
        """Break and repair what each check looks at."""
        for check in (*self._ordinary, *self._once):
            if check.id in self._plays:
                turns = self._turns if check.once is None else self._turns_once
                turns(check)
            elif check.once is None:
                why = "play.yml does not say how it is broken and repaired; add it below `checks`"
                self._scribe.fail(f"check {check.id}", "turns red when broken", why, "A")
            else:
                why = "play.yml does not say how it comes to hold, so that was not tried"
                self._scribe.note(f"check {check.id}", "comes to hold", why)

    def break_(self, check: str) -> None:
        """Break what a check looks at in team A and see it turn red. Raises EngineError, Differs."""
        player.break_(self._hall.engine, self._hall.place("A"), self._hall.scenario, check)
        _red(self._comes_to(self._named(check), BAD), "after its break")

    def repair(self, check: str) -> None:
        """Repair it and see it turn green. Raises EngineError, Differs."""
        player.repair(self._hall.engine, self._hall.place("A"), self._hall.scenario, check)
        _green(self._comes_to(self._named(check), ("up",)), "after its repair")

    def _turns(self, check: Check) -> None:
        self._see(check, "turns red when broken", "A", partial(self.break_, check.id))
        # What all teams share may be broken for all of them.
        for_all = is_shared(self._hall.scenario, self._plays[check.id].break_.service)
        if not for_all:
            self._see(check, "stays up meanwhile", "B", partial(self._stays_up, check))
        self._see(check, "turns green when repaired", "A", partial(self.repair, check.id))
        if for_all:
            self._see(check, "turns green when repaired", "B", partial(self._is_green_again, check))

    def _turns_once(self, check: Check) -> None:
        if self._see(check, "holds when done", "A", partial(self.repair, check.id)):
            self._see(check, "does not hold when undone", "A", partial(self.break_, check.id))
            self._see(check, "holds when done again", "A", partial(self.repair, check.id))

    def _is_green_again(self, check: Check) -> None:
        _green(self._comes_to(check, ("up",), "B"), "after its repair")

    def _stays_up(self, check: Check) -> None:
        _green(self._hall.ask([check])["B"][check.id], "while it is broken in team A")

    def _all_up(self, what: str, within_s: float) -> None:
        answers: Answers = {}
        if self._ordinary:
            answers = until(lambda: self._hall.ask(self._ordinary), _are_all_up, within_s)
        for check in self._ordinary:
            for team in TEAMS:
                self._see(check, what, team, partial(_green, answers[team][check.id], f"after {within_s:g} s"))

    def _comes_to(self, check: Check, states: Sequence[str], team: str = "A") -> Result:
        return until(
            lambda: self._hall.ask([check])[team][check.id], lambda seen: seen.state in states, self._patience.turn_s
        )

    def _named(self, name: str) -> Check:
        return next(check for check in self._hall.scenario.definition.checks if check.id == name)

    def _see(self, check: Check, what: str, team: str, work: partial[None]) -> bool:
        return self._scribe.see(f"check {check.id}", what, team, work)


def _are_all_up(answers: Answers) -> bool:
    return all(result.state == "up" for mine in answers.values() for result in mine.values())


def _green(result: Result, when: str) -> None:
    if result.state != "up":
        raise Differs(f"it is {result.state} {when}{f': {result.message}' if result.message else ''}")


def _red(result: Result, when: str) -> None:
    if result.state == "up":
        raise Differs(f"it is up {when}, and must not be")
    if result.state not in BAD:
        raise Differs(f"it is {result.state} {when}: {result.message}")
