"""What a team does from its page: answers, hints, hand-outs; and the exercise's front door for all."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr.access import Audience
from ncr.db import reading
from ncr.errors import NcrError, NotFound, SignedOut, TooMany
from ncr.exercise import practice
from ncr.exercise.tables import Exercise
from ncr.scoring import submission
from ncr.scoring.submission import Member
from ncr.web import control, handouts, practice_run, team_page
from ncr.web.catalogue import Words
from ncr.web.render import sees_exercises
from ncr.web.tasks import Verdict
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)


@router.get("/")
def front(visit: Visiting) -> Response:
    """The front page: a student's is the practice catalogue; strangers are asked to sign in."""
    if visit.viewer.user_id is None:
        return RedirectResponse("/sign-in", 303)
    return control.front(visit) if sees_exercises(visit.viewer) else RedirectResponse("/practice", 303)


@router.get("/exercises/{exercise_id}")
def show(visit: Visiting, exercise_id: str) -> Response:
    """Exercise control for staff, the team's page for its members, the scoreboard for everybody else."""
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
        if audience.kind == "staff":
            return control.show(visit, session, exercise)
        if audience.participant is None:
            return RedirectResponse(f"/exercises/{exercise_id}/board", 303)
        return _own_page(visit, session, exercise, audience)


@router.post("/exercises/{exercise_id}/tasks/{task}/submit")
def submit(
    visit: Visiting,
    exercise_id: str,
    task: str,
    form_token: Annotated[str, Form()] = "",
    answer: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Judge an answer and show the page again with the verdict beside the task."""
    require_form(visit, form_token)
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
    member = _member(visit, audience)
    rules, now = visit.site.boards.of(exercise_id).rules, visit.site.clock()
    text = ",".join(answer or [])
    _touch(visit, exercise_id)
    try:
        outcome = visit.site.writer.run(
            lambda writing: submission.submit(writing, exercise_id, member, rules, task, text, now)
        )
    except NcrError as error:
        verdict, status = ("bad", task, _refusal(error, visit.told)), error.status
    else:
        right, told = outcome.correct, visit.told
        verdict, status = ("good" if right else "bad", task, told("Riktig!") if right else told("Ikke riktig.")), 200
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
        return _own_page(visit, session, exercise, audience, verdict, status)


@router.post("/exercises/{exercise_id}/tasks/{task}/hints/{hint}")
def take_hint(
    visit: Visiting, exercise_id: str, task: str, hint: int, form_token: Annotated[str, Form()] = ""
) -> Response:
    """Buy a hint; the page then shows it."""
    require_form(visit, form_token)
    with reading(visit.site.sessions) as session:
        _, audience = find(session, visit, exercise_id)
    member = _member(visit, audience)
    rules, now = visit.site.boards.of(exercise_id).rules, visit.site.clock()
    _touch(visit, exercise_id)
    visit.site.writer.run(lambda writing: submission.take_hint(writing, exercise_id, member, rules, task, hint, now))
    return RedirectResponse(f"/exercises/{exercise_id}?task={task}#task-{task}", 303)


@router.get("/exercises/{exercise_id}/files/{name:path}")
def hand_out(visit: Visiting, exercise_id: str, name: str) -> Response:
    """A hand-out, from the start on for teams; a task's own only once the task shows."""
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
        scenario = visit.site.shelf.get(exercise.digest)
        if audience.kind != "staff" and name not in team_page.files(visit, session, exercise, audience, scenario):
            raise NotFound(visit.told("Dette vedlegget finnes ikke."))
    if name not in handouts.names(scenario):
        raise NotFound(visit.told("Dette vedlegget finnes ikke."))
    place = handouts.place(scenario, name)
    return FileResponse(place, filename=place.name, headers={"Cache-Control": "no-store"})


def _own_page(
    visit: Visit, session: Session, exercise: Exercise, audience: Audience, verdict: Verdict = None, status: int = 200
) -> Response:
    """What a member sees of the exercise: a team's page, or a student's own run."""
    shows = practice_run.show if exercise.mode == "practice" else team_page.show
    return shows(visit, session, exercise, audience, verdict, status)


def _touch(visit: Visit, exercise_id: str) -> None:
    """Somebody is active; only a practice run keeps note of it."""
    with visit.site.sessions.begin() as session:
        practice.touch(session, exercise_id, visit.site.clock())


def _member(visit: Visit, audience: Audience) -> Member:
    viewer = visit.viewer
    if viewer.user_id is None:
        raise SignedOut
    if audience.participant is None or viewer.pseudonym is None:
        raise NotFound(visit.told("Du er ikke med på noe lag i denne øvelsen."))
    return Member(audience.participant, viewer.user_id, viewer.pseudonym)


def _refusal(error: NcrError, told: Words) -> str:
    if isinstance(error, TooMany):
        return told("For mange forsøk. Vent %(s)s sekunder og prøv igjen.", s=int(error.retry_after_s) + 1)
    said = {
        "not-open": told("Øvelsen er ikke åpen nå. Svaret ble ikke levert."),
        "refused": told("Svaret ble ikke tatt imot: oppgaven er låst eller forsøkene er brukt opp."),
        "invalid": told("Skriv et svar først."),
    }
    return said.get(error.slug, told("Svaret ble ikke levert. Prøv igjen."))
