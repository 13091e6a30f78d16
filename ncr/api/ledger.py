"""The scoreboard, the ledger behind it, and points given or taken by people."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from ncr import access
from ncr.access import Action
from ncr.api.caller import AtSite, Caller, ExerciseId, Key, Somebody, find, find_to, text_id
from ncr.api.people import Strict
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import Forbidden, Invalid, NotFound, Problem
from ncr.exercise.tables import Participant
from ncr.people.once import once
from ncr.scoring import interventions, ledger
from ncr.scoring.facts import Fact
from ncr.site import Site

router = APIRouter(prefix="/exercises/{id}", tags=["score"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422)
NDJSON = "application/x-ndjson"
# The largest number that the ledger's column holds.
LARGEST = 2**31 - 1


class FactOut(BaseModel):
    """A row of the ledger."""

    seq: int
    at: datetime
    t: float
    kind: str
    team: str | None
    payload: dict[str, Any]
    key: str
    hash: str


class Facts(BaseModel):
    """Facts in order; `head` is the last number there is."""

    facts: list[FactOut]
    head: int


class Adjustment(Strict):
    """Points given (or, below 0, taken) with a reason."""

    participant: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    points: Annotated[int, Field(ge=-100_000, le=100_000)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Adjusted(BaseModel):
    """The ledger's number after it."""

    seq: int


@router.get("/scoreboard", responses=READ, response_class=Response)
def scoreboard(
    id: ExerciseId, at: AtSite, viewer: Caller, seq: Annotated[int | None, Query(alias="at", ge=0, le=LARGEST)] = None
) -> Response:
    """The standings the caller may see, now or as of a fact."""
    with reading(at.sessions) as session:
        exercise, audience = find(session, viewer, id)
        if not access.sees_board(audience, exercise):
            raise Forbidden("The scoreboard of this exercise is not shown.")
    board = at.boards.of(id)
    headers = {"Cache-Control": "no-store"}
    if seq is None and audience.participant is None:
        return Response(board.encoded(audience.kind), media_type="application/json", headers=headers)
    found = board.snapshot(audience.kind, audience.participant, seq)
    return Response(orjson.dumps(found), media_type="application/json", headers=headers)


@router.get("/facts", responses=READ)
def facts(
    id: ExerciseId,
    at: AtSite,
    viewer: Somebody,
    request: Request,
    after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Facts:
    """The ledger after a number; as NDJSON, all of it, when asked for with Accept."""
    with reading(at.sessions) as session:
        find_to(session, viewer, id, Action.INSPECT)
        if NDJSON in request.headers.get("accept", ""):
            stream = StreamingResponse(_lines(at, id, after), media_type=NDJSON)
            return stream  # type: ignore[return-value]
        found = ledger.read(session, id, after, limit)
        return Facts(facts=[_fact(fact) for fact in found], head=ledger.head(session, id).seq)


@router.post("/adjustments", status_code=201, responses=WRITE)
def adjust(id: ExerciseId, wanted: Adjustment, at: AtSite, viewer: Somebody, key: Key = None) -> Adjusted:
    """Give or take points; undone only by another adjustment."""
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)
        player = session.get(Participant, wanted.participant)
        if player is None or player.exercise_id != id:
            raise NotFound("There is no such participant in this exercise.")
        if wanted.points == 0 or not wanted.reason.strip():
            raise Invalid(problems=[Problem("points", "points other than 0 and a reason are needed")])

        def work() -> Adjusted:
            by = viewer.pseudonym or ""
            interventions.adjust(session, player.id, wanted.points, wanted.reason, by, at.clock(), key=key)
            return Adjusted(seq=ledger.head(session, id).seq)

        request = f"{id}/adjust {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, at.clock(), Adjusted, work)


def _lines(at: Site, id: str, after: int) -> Iterator[bytes]:
    with reading(at.sessions) as session:
        yield from ledger.export(ledger.every(session, id, after))


def _fact(fact: Fact) -> FactOut:
    return FactOut.model_validate(fact, from_attributes=True)
