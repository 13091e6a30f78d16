"""The timeline: what happened, what comes and when, why an inject has not happened yet; and having one happen now."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ncr.access import Action
from ncr.api.caller import AtSite, ExerciseId, Key, Somebody, find_to, text_id
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise.tables import Exercise
from ncr.people.once import once
from ncr.scoring import interventions
from ncr.scoring.agenda import Item, Lasting, Reason, agenda
from ncr.site import Site

router = APIRouter(prefix="/exercises/{id}", tags=["exercises"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422)
FEW = 3
InjectId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class CameOut(BaseModel):
    """What came of an inject for one participant: met (it is due), begun, done, failed, unknown, or null so far.

    `t` is the exercise second at which it happened; `until_t` and `back_t` when a network cut is to end and ended;
    `undone` why it is no longer as the inject left it.
    """

    participant: str
    name: str
    state: str | None
    t: float | None = None
    until_t: float | None = None
    back_t: float | None = None
    exit_code: int | None = None
    output: str | None = None
    why: str | None = None
    undone: str | None = None


class MomentOut(BaseModel):
    """A timeline row.

    `offset_s` counts wall seconds from the start or exercise seconds, null waits for a word or a condition; `due_at` is
    its wall time as far as it can be known. `reason` says why an inject has not happened, or not to everybody.
    """

    kind: str
    ref: str
    title: dict[str, str] | None
    clock: Literal["wall", "exercise"]
    offset_s: float | None
    due_at: datetime | None
    state: str
    done_at: datetime | None
    participants: list[CameOut]
    reason: str | None
    may_fire: bool


@router.get("/timeline", responses=READ)
def get_timeline(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[MomentOut]:
    """Everything that happened or will, as planned, in the order it falls."""
    with reading(at.sessions) as session:
        return list(_shown(session, at, find_to(session, viewer, id, Action.INSPECT)).values())


@router.post("/injects/{inject}/fire", status_code=202, responses=WRITE)
def fire_inject(id: ExerciseId, inject: InjectId, at: AtSite, viewer: Somebody, key: Key = None) -> MomentOut:
    """Have a waiting inject happen now, to all it has not happened to; each happens once."""
    with at.sessions.begin() as session:
        exercise = find_to(session, viewer, id, Action.RUN)

        def work() -> MomentOut:
            interventions.fire(session, id, inject, at.clock(), who=viewer.login)
            session.refresh(exercise)
            found = _shown(session, at, exercise).get(("inject", inject))
            if found is None:
                raise NotFound(f"the exercise has no inject {inject}")
            return found

        return once(session, text_id(viewer), key, f"{id}/injects/{inject}/fire", at.clock(), MomentOut, work)


def _shown(session: Session, at: Site, exercise: Exercise) -> dict[tuple[str, str], MomentOut]:
    definition = at.shelf.get(exercise.digest).definition
    titles = {inject.id: inject.title for inject in definition.injects}
    shown = {}
    for item in agenda(session, exercise, definition):
        title = titles.get(item.ref) if item.kind == "inject" else None
        shown[item.kind, item.ref] = _moment(item, {str(k): v for k, v in title.root.items()} if title else None)
    return shown


def _moment(item: Item, title: dict[str, str] | None) -> MomentOut:
    own: dict[str, Any] = {name: getattr(item, name) for name in MomentOut.model_fields if hasattr(item, name)}
    participants = [
        CameOut(participant=one.participant, name=one.name, state=one.state, **_known(one.outcome)) for one in item.came
    ]
    reason = _WORDS[item.reason.why](item.reason) if item.reason else None
    return MomentOut(**own | {"title": title, "participants": participants, "reason": reason})


def _known(outcome: Mapping[str, Any]) -> dict[str, Any]:
    known = {"t": outcome.get("met_t"), **outcome}
    return {name: value for name, value in known.items() if name in CameOut.model_fields and name != "state"}


def _solved(reason: Reason) -> str:
    if not reason.teams:
        return f"waits: no team has solved {reason.what}"
    if len(reason.teams) > FEW:
        return f"waits: {len(reason.teams)} teams have not solved {reason.what}"
    return f"waits: {' and '.join(reason.teams)} {'has' if len(reason.teams) == 1 else 'have'} not solved {reason.what}"


def _check(reason: Reason) -> str:
    near = [one for one in reason.lasting if one.state == reason.state]
    if not reason.lasting:
        return f"waits: {reason.what} has not been judged yet"
    if not near:
        return f"waits: {reason.what} is not {reason.state} in any team left"
    return f"waits: {reason.what} has been {reason.state} for {_lasted(near, reason.for_s)}"


def _lasted(near: Sequence[Lasting], for_s: float) -> str:
    return ", ".join(f"{_short(one.lasted_s)} of {_short(for_s)} in {one.name}" for one in near)


def _short(seconds: float) -> str:
    """A duration as scenarios write it, or in seconds: 40 s, 2m, 1h30m, 1m15s."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


_WORDS: Mapping[str, Callable[[Reason], str]] = {
    "time": lambda _: "waits: its time has not come",
    "paused": lambda _: "waits: the exercise is paused",
    "manual": lambda _: "by hand: fire it from the timeline",
    "solved": _solved,
    "check": _check,
    "environment": lambda reason: f"waits: the environment of {', '.join(reason.teams)} is not open",
    "running": lambda _: "is happening now",
    "ended": lambda _: "the exercise ended first",
    "skipped": lambda _: "skipped by exercise control",
}
