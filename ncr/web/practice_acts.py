"""What a student does with a practice run: more time, a fresh environment, a sign of life, a solution, the end."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr.db import reading
from ncr.errors import NotFound, Refused
from ncr.exercise import practice
from ncr.exercise.practice import Limited, Run
from ncr.scoring import practising as acts
from ncr.scoring import submission
from ncr.scoring.submission import Member
from ncr.web import practice_run, practice_words
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False, prefix="/practice/{run}")


@router.post("/extend")
def extend(
    visit: Visiting, run: str, form_token: Annotated[str, Form()] = "", left: Annotated[int, Form(ge=0)] = 0
) -> Response:
    """Give the run more time; `left` is how many extensions the page showed, so that a double click extends once."""

    def act(session: Session, own: Run) -> None:
        if own.extensions_left == left:
            acts.extend(session, visit.site.shelf, visit.site.settings, run, visit.site.clock(), who=visit.viewer.login)

    return _act(visit, run, form_token, act)


@router.post("/reset")
def reset(
    visit: Visiting, run: str, form_token: Annotated[str, Form()] = "", generation: Annotated[int, Form(ge=0)] = 0
) -> Response:
    """Have the environment made anew; `generation` is the making the page showed: one click, one reset."""

    def act(session: Session, own: Run) -> None:
        if own.generation == generation:
            acts.reset(session, visit.site.shelf, run, visit.site.clock(), who=visit.viewer.login)

    return _act(visit, run, form_token, act)


@router.post("/stay")
def stay(visit: Visiting, run: str, form_token: Annotated[str, Form()] = "") -> Response:
    """Say that somebody is still there."""
    return _act(visit, run, form_token, lambda session, own: practice.touch(session, run, visit.site.clock()))


@router.post("/finish")
def finish(visit: Visiting, run: str, form_token: Annotated[str, Form()] = "") -> Response:
    """End the run, or leave the queue."""
    return _act(
        visit,
        run,
        form_token,
        lambda session, own: acts.finish(session, run, visit.site.clock(), who=visit.viewer.login),
    )


@router.post("/tasks/{task}/give-up")
def give_up(visit: Visiting, run: str, task: str, form_token: Annotated[str, Form()] = "") -> Response:
    """Have a task's solution shown, for all the points it is worth."""
    require_form(visit, form_token)
    with reading(visit.site.sessions) as session:
        own = _own(visit, session, run)
    viewer = visit.viewer
    member = Member(own.participant, viewer.user_id or "", viewer.pseudonym or "")
    rules, now = visit.site.boards.of(run).rules, visit.site.clock()

    def work(session: Session) -> None:
        submission.give_up(session, run, member, rules, task, now)
        practice.touch(session, run, now)

    visit.site.writer.run(work)
    return RedirectResponse(f"/exercises/{run}?task={task}#task-{task}", 303)


def _act(visit: Visit, run: str, form_token: str, act: Callable[[Session, Run], None]) -> Response:
    """Do it and show the run; what a limit refuses is said on the run's own page."""
    require_form(visit, form_token)
    try:
        with visit.site.sessions.begin() as session:
            act(session, _own(visit, session, run))
    except Limited as limited:
        return _refused(visit, run, practice_words.refusal(limited, visit.told), limited.status)
    except Refused as refused:
        return _refused(visit, run, visit.told("Det gikk ikke nå, og ingenting ble endret."), refused.status)
    return RedirectResponse(f"/exercises/{run}", 303)


def _refused(visit: Visit, run: str, text: str, status: int) -> Response:
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, run)
        return practice_run.show(visit, session, exercise, audience, status=status, refused=text)


def _own(visit: Visit, session: Session, run: str) -> Run:
    """The visitor's own run; NotFound for anybody else's."""
    exercise, audience = find(session, visit, run)
    if exercise.mode != "practice" or audience.participant is None:
        raise NotFound(visit.told("Denne økten finnes ikke."))
    site = visit.site
    return practice.run_of(session, site.shelf, site.settings, run, site.clock())
