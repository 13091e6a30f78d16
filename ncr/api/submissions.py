"""Answers to tasks: the busiest route. It holds no thread while it waits and asks the database nothing twice."""

import asyncio
from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from ncr.api.caller import SHOWN, ExerciseId, Key, credentials, require_own_page
from ncr.api.direct import Direct
from ncr.api.people import Strict
from ncr.api.play import WRITE, TaskId
from ncr.api.players import player
from ncr.errors import NotFound, SignedOut
from ncr.people.once import once
from ncr.scoring import submission
from ncr.scoring.board import Board, Boards
from ncr.scoring.submission import Member
from ncr.site import Site

router = APIRouter(prefix="/exercises/{id}/tasks/{task}/submissions", tags=["play"], route_class=Direct)
# Facts that are counted while the event loop waits; more than these are counted in a thread.
AT_ONCE = 500


class AnswerIn(Strict):
    """An answer; of a choice, the ids of the options with commas between."""

    answer: Annotated[str, Field(min_length=1, max_length=1000)]


class Verdict(BaseModel):
    """What came of an answer; `points_now` are the team's points after it."""

    correct: bool
    seq: int
    points_now: float
    attempts_left: int | None


class Judged(BaseModel):
    """What is kept with an Idempotency-Key."""

    correct: bool
    seq: int
    attempts_left: int | None


@router.post("", response_model=Verdict, responses=WRITE, dependencies=[*SHOWN])
async def submit(id: ExerciseId, task: TaskId, wanted: AnswerIn, request: Request, key: Key = None) -> Response:
    """Judge an answer and count it once, however often it is sent."""
    at: Site = request.app.state.site
    cookie, bearer = credentials(request, at)
    if not (cookie or bearer):
        raise SignedOut
    if bearer is None:
        require_own_page(request, at)
    if id not in at.boards:
        await run_in_threadpool(_count, at.boards, id)
    now = at.clock()

    def judge(session: Session) -> tuple[Member, Judged]:
        member = player(session, cookie, bearer, id, now)
        rules = at.boards.of(id).rules

        def work() -> Judged:
            done = submission.submit(session, id, member, rules, task, wanted.answer, now)
            return Judged(correct=done.correct, seq=done.seq, attempts_left=done.attempts_left)

        return member, once(session, member.user, key, f"{id}/{task} {wanted.answer}", now, Judged, work)

    member, done = await asyncio.wrap_future(at.writer.submit(judge))
    points = await _points(at.boards.of(id), member.participant, done.seq)
    told = {"correct": done.correct, "seq": done.seq, "points_now": points, "attempts_left": done.attempts_left}
    return Response(orjson.dumps(told), media_type="application/json")


def _count(boards: Boards, id: str) -> None:
    # Here, in a thread, nobody else waits for a scenario to be read and its facts to be counted.
    with suppress(NotFound):
        boards.of(id).advance()


async def _points(board: Board, participant: str, until: int) -> float:
    if until - board.head("staff") > AT_ONCE:
        return await run_in_threadpool(board.points, participant, until)
    return board.points(participant, until)
