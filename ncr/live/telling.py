"""What each audience gets to see: the frames that bring it from a fact, or from nothing, to the newest fact."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ncr.live import frames
from ncr.live.hub import Frame
from ncr.live.rows import PUBLIC_MOMENTS, Life, Sight
from ncr.scenario import model
from ncr.scoring.board import Board, Changes
from ncr.site import Site

Row = dict[str, Any]
# How many of the last facts a snapshot tells, and how far back they are looked for.
LATEST = 20
LOOKED_BACK = 300


class Moved(Exception):
    """The scoreboard was frozen or thawed since the exercise was last looked at: look again."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What changed up to fact `to`; `parts` are encoded once for all audiences that see the same rows."""

    to: int
    facts: list[Row]
    changes: Changes
    parts: Mapping[str, object]


class Telling:
    """One exercise told to its audiences; what several of them share is made once for each turn."""

    def __init__(self, site: Site, exercise: str) -> None:
        self._site = site
        self._exercise = exercise
        self._life: Life
        self._moments: list[Row] = []
        self._teams: Collection[str] = ()
        self._snapshots: dict[bool, Frame] = {}
        self._changes: dict[tuple[int, bool], Shared | None] = {}
        self._facts: dict[int, dict[str, list[Row]]] = {}

    def turn(self, life: Life, moments: list[Row], teams: Collection[str]) -> None:
        """Go on with the exercise as it is now, and the teams that watch."""
        self._life, self._moments, self._teams = life, moments, teams
        self._snapshots.clear()
        self._changes.clear()
        self._facts.clear()

    def epoch(self, sight: Sight) -> str:
        """What an audience calls the ledger it sees: a restored one, a freeze and a thaw each give another name."""
        # Standings as of a freeze cannot be built upon once it thaws, nor the other way round.
        frozen = self._freeze(sight)
        return self._life.epoch if frozen is None else f"{self._life.epoch}.{frozen}"

    def timeline(self, staff: bool) -> list[Row]:
        """The moments; injects and their titles are for staff alone."""
        if not staff:
            return [moment for moment in self._moments if moment["kind"] in PUBLIC_MOMENTS]
        titles = {inject.id: inject.title for inject in self._definition.injects}
        return [{**moment, "title": _words(titles.get(moment.get("inject", "")))} for moment in self._moments]

    def whole(self, sight: Sight) -> list[Frame]:
        """A snapshot, and for a team behind a freeze its own facts since. Raises Moved."""
        first = self._snapshot(sight)
        if self._freeze(sight) is None:
            return [first]
        return [first, *self._own(sight, first.number or 0)]

    def delta(self, sight: Sight, after: int) -> list[Frame] | None:
        """At most one frame of what is new after fact `after`; None when that is too far back: tell the whole."""
        if self._freeze(sight) is not None:
            return self._own(sight, after)
        shared = self._shared(after, sight.kind == "staff")
        if shared is None:
            return None
        if shared.to <= after:
            return []
        if sight.kind != "team":
            return [frames.facts(after, shared.to, shared.facts, shared.parts)]
        told = [fact for fact in self._facts_of(sight, after) if fact["seq"] <= shared.to]
        if not sight.board:
            alone = _alone(shared.changes.rows, sight)
            order = [team for team in shared.changes.order if team == sight.participant]
            return [frames.facts(after, shared.to, _mine(told, sight), {"rows": alone, "order": order, "tasks": {}})]
        return [frames.facts(after, shared.to, told, shared.parts)]

    @property
    def _definition(self) -> model.Definition:
        return self._site.shelf.get(self._life.digest).definition

    @property
    def _board(self) -> Board:
        return self._site.boards.of(self._exercise)

    def _freeze(self, sight: Sight) -> int | None:
        return None if sight.kind == "staff" else self._life.freeze_seq

    def _snapshot(self, sight: Sight) -> Frame:
        staff = sight.kind == "staff"
        if sight.board and staff in self._snapshots:
            return self._snapshots[staff]
        kind: Literal["staff", "public"] = "staff" if staff else "public"
        found = self._board.snapshot(kind)
        if found["frozen"] != (self._life.freeze_seq is not None):
            raise Moved
        latest = [fact for fact in self._board.facts(found["seq"] - LOOKED_BACK, kind) if fact["seq"] <= found["seq"]]
        if not sight.board:
            found = {**found, "standings": _alone(found["standings"], sight), "tasks": {}}
            latest = _mine(latest, sight)
        checks = self._definition.checks
        services = {check.id: {"service": check.service, "title": _words(check.title)} for check in checks}
        frame = frames.snapshot(self.epoch(sight), found, latest[-LATEST:], self.timeline(staff), services)
        if sight.board:
            self._snapshots[staff] = frame
        return frame

    def _shared(self, after: int, staff: bool) -> Shared | None:
        key = (after, staff)
        if key not in self._changes:
            changes = self._board.changes(after, "staff" if staff else "public")
            self._changes[key] = None if changes is None else _shared(changes)
        return self._changes[key]

    def _facts_of(self, sight: Sight, after: int) -> list[Row]:
        team = sight.participant or ""
        if after not in self._facts or team not in self._facts[after]:
            self._facts[after] = self._board.facts_of({*self._teams, team}, after)
        return self._facts[after][team]

    def _own(self, sight: Sight, after: int) -> list[Frame]:
        """A team's own facts since the freeze, and its own row with them; the others' rows and the order stand."""
        own = self._facts_of(sight, after) if sight.kind == "team" else []
        if not own:
            return []
        held = self._board.snapshot("team", sight.participant)
        order = [row["team"] for row in held["standings"] if sight.board or row["team"] == sight.participant]
        changed: Row = {"rows": [], "order": order, "tasks": {}, "own": held.get("own")}
        return [frames.facts(after, own[-1]["seq"], own, changed)]


def _shared(changes: Changes) -> Shared:
    parts = {"rows": changes.rows, "order": changes.order, "tasks": changes.tasks}
    return Shared(changes.seq, changes.facts, changes, {name: frames.fragment(part) for name, part in parts.items()})


def _alone(rows: list[Row], sight: Sight) -> list[Row]:
    """Only the team's own row, and not its place: where the scoreboard is off, nobody compares."""
    return [{**row, "rank": None} for row in rows if row["team"] == sight.participant]


def _mine(facts: list[Row], sight: Sight) -> list[Row]:
    return [fact for fact in facts if fact["team"] in (None, sight.participant)]


def _words(text: model.Text | None) -> dict[model.Language, str] | None:
    return dict(text.root) if text else None
