"""One exercise as its viewers know it: what is new in the database becomes frames, once per audience.

Everything here blocks on the database and runs in a worker thread, never twice at once for the same exercise.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ncr.db import reading
from ncr.errors import NcrError, NotFound
from ncr.live import frames, rows
from ncr.live.hub import Frame
from ncr.live.rows import Life, Said, Sight
from ncr.live.telling import Moved, Telling
from ncr.site import Site

Published = list[tuple[Sight, Frame]]
# Ids of messages do not become visible in order: so many below the newest are looked at again.
LATE_MESSAGES = 500
SHOWN_MESSAGES = 100
WAITING = ("waiting", "claimed")
TRIES = 10


@dataclass(slots=True)
class View:
    """What one audience has been told: up to fact `seq` of the ledger that it knows as `epoch`."""

    sight: Sight
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Point:
    """Where a viewer that comes back left off: its last fact, the epoch it was of, and its last message."""

    after: int | None = None
    epoch: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """A new viewer's first frames, and what the others get before, so that all stand at the same fact."""

    published: Published
    first: list[Frame]


class Watch:
    """The views of one exercise."""

    def __init__(self, site: Site, exercise: str) -> None:
        self.exercise = exercise
        self.views: dict[Sight, View] = {}
        self._sessions = site.sessions
        self._clock = site.clock
        self._telling = Telling(site, exercise)
        self._life: Life | None = None
        self._moments: list[dict[str, Any]] = []
        self._said: dict[int, Said] = {}

    @property
    def life(self) -> Life:
        """The exercise as last seen. NotFound when it is gone."""
        if self._life is None:
            raise NotFound("There is no such exercise.")
        return self._life

    def refresh(self) -> Published:
        """Bring every view up to date and give the frames that do it. Raises NotFound when the exercise is gone."""
        before, planned = self._life, self._moments
        fresh = self._look()
        told: Published = []
        if before is not None:
            told = [*self._lived(before), *self._decided(planned), *self._spoken(fresh)]
        for view in self.views.values():
            # Whoever cannot be told now is told at the next look, which is due as the exercise has changed.
            with suppress(Moved):
                told += [(view.sight, frame) for frame in self._advance(view)]
        return told

    def open(self, sight: Sight, point: Point) -> Opening:
        """Take a viewer in. Raises NotFound."""
        published = self.refresh() if self._life is None else []
        for _ in range(TRIES):
            with suppress(Moved):
                view = self._view(sight)
                resumed, first = self._catch_up(view, point)
                reached = first[-1].number if first else point.after
                if reached == view.seq:
                    words = frames.hello(sight.kind, view.epoch, view.seq, resumed, self._clock(), self.life)
                    return Opening(published, [words, *first, *self._earlier(sight, point.message if resumed else 0)])
            published += self.refresh()
        raise NcrError("The ledger grows faster than it can be shown.")

    def keep(self, sights: Collection[Sight]) -> None:
        """Forget the views that nobody has any more."""
        self.views = {sight: view for sight, view in self.views.items() if sight in sights}

    def differs(self, life: Life | None) -> bool:
        """Whether a look would find something new; False before the first one."""
        return self._life is not None and life != self._life

    def beats(self) -> Published:
        """A sign of life for every view."""
        now = self._clock()
        return [(view.sight, frames.beat(view.seq, now)) for view in tuple(self.views.values())]

    def _look(self) -> list[Said]:
        """Read what may have changed; the messages that are new."""
        before = self._life
        fresh: list[Said] = []
        with reading(self._sessions) as session:
            self._life = rows.lives(session, [self.exercise]).get(self.exercise)
            if before is None or before.planned != self.life.planned:
                self._moments = rows.moments(session, self.exercise)
            if before is None or before.said != self.life.said:
                oldest = max(self._said, default=LATE_MESSAGES) - LATE_MESSAGES
                fresh = [said for said in rows.messages(session, self.exercise, oldest) if said.id not in self._said]
        self._said |= {said.id: said for said in fresh}
        self._telling.turn(self.life, self._moments, {sight.participant for sight in self.views if sight.participant})
        return fresh

    def _lived(self, before: Life) -> Iterator[tuple[Sight, Frame]]:
        if (before.shown(), before.planned) != (self.life.shown(), self.life.planned):
            told = {staff: frames.state(self.life, self._telling.timeline(staff)) for staff in (False, True)}
            yield from ((sight, told[sight.kind == "staff"]) for sight in self.views)

    def _decided(self, before: list[dict[str, Any]]) -> Iterator[tuple[Sight, Frame]]:
        """Injects that happened or were let go: the staff's matter; participants get their messages."""
        waited = {moment.get("inject") for moment in before if moment["state"] in WAITING}
        for moment in self._telling.timeline(staff=True):
            if moment.get("inject") in waited and moment["state"] not in WAITING and moment["kind"] == "inject":
                frame = frames.inject(moment)
                yield from ((sight, frame) for sight in self.views if sight.kind == "staff")

    def _spoken(self, fresh: list[Said]) -> Iterator[tuple[Sight, Frame]]:
        for said in fresh:
            frame = frames.message(said.shown)
            yield from ((sight, frame) for sight in self.views if said.is_for(sight))

    def _earlier(self, sight: Sight, after: int) -> list[Frame]:
        said = [said for said in self._said.values() if said.id > after and said.is_for(sight)]
        return [frames.message(one.shown) for one in said[-SHOWN_MESSAGES:]]

    def _view(self, sight: Sight) -> View:
        if sight not in self.views:
            seq = self._telling.whole(sight)[-1].number or 0
            self.views[sight] = View(sight, self._telling.epoch(sight), seq)
        return self.views[sight]

    def _advance(self, view: View) -> list[Frame]:
        epoch = self._telling.epoch(view.sight)
        told = self._telling.delta(view.sight, view.seq) if epoch == view.epoch else None
        if told is None:
            told = self._telling.whole(view.sight)
        if told:
            view.epoch, view.seq = epoch, told[-1].number or 0
        return told

    def _catch_up(self, view: View, point: Point) -> tuple[bool, list[Frame]]:
        """Whether the viewer goes on from its point, and the frames that bring it to now."""
        if point.after is not None and point.after <= view.seq and point.epoch == view.epoch:
            told = self._telling.delta(view.sight, point.after)
            if told is not None:
                return True, told
        return False, self._telling.whole(view.sight)
