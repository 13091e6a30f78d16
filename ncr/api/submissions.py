"""Answers to tasks: the busiest route. It holds no thread while it waits and asks the database nothing twice."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from ncr.api.caller import AtSite, ExerciseId, Key
from ncr.api.people import Strict
from ncr.api.play import WRITE, TaskId
from ncr.api.players import player
from ncr.people.once import once
from ncr.scoring import submission
from ncr.scoring.board import Board
from ncr.scoring.submission import Outcome

router = APIRouter(prefix="/exercises/{id}/tasks/{task}/submissions", tags=["play"])
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


@router.post("", response_model=Verdict, responses=WRITE)
async def submit(
    id: ExerciseId, task: TaskId, wanted: AnswerIn, at: AtSite, request: Request, key: Key = None
) -> Response:
    """Judge an answer and count it once, however often it is sent."""
    member, now = await player(request, at, id), at.clock()
    board = at.boards.of(id)

    def judge(session: Session) -> Outcome:
        return submission.submit(session, id, member, board.rules, task, wanted.answer, now)

    def judge_once(session: Session) -> Judged:
        def work() -> Judged:
            done = judge(session)
            return Judged(correct=done.correct, seq=done.seq, attempts_left=done.attempts_left)

        return once(session, member.user, key, f"{id}/{task} {wanted.answer}", now, Judged, work)

    done: Outcome | Judged = await asyncio.wrap_future(at.writer.submit(judge if key is None else judge_once))
    points = await _points(board, member.participant, done.seq)
    verdict = Verdict(correct=done.correct, seq=done.seq, points_now=points, attempts_left=done.attempts_left)
    return Response(verdict.model_dump_json(), media_type="application/json")


async def _points(board: Board, participant: str, until: int) -> float:
    if until - board.head("staff") > AT_ONCE:
        return await run_in_threadpool(board.points, participant, until)
    return board.points(participant, until)
