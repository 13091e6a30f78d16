"""The team's page: briefing, tasks, answers, hints, own services, messages; and the exercise's front door for all."""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Audience
from ncr.db import reading
from ncr.errors import NcrError, NotFound, SignedOut, TooMany
from ncr.exercise.lifecycle import State, is_open
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.scenario.topology import Scenario
from ncr.scoring import submission
from ncr.scoring.conduct import clock_of
from ncr.scoring.desk import TaskSeen, desk
from ncr.scoring.submission import Member
from ncr.scoring.values import own_words
from ncr.web import control, views
from ncr.web.catalogue import Words
from ncr.web.render import markdown, page, span
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
Verdict = tuple[str, str, str] | None


@router.get("/")
def front(visit: Visiting) -> Response:
    """The front page; strangers are asked to sign in."""
    return control.front(visit) if visit.viewer.user_id else RedirectResponse("/sign-in", 303)


@router.get("/exercises/{exercise_id}")
def show(visit: Visiting, exercise_id: str) -> Response:
    """Exercise control for staff, the team's page for its members, the scoreboard for everybody else."""
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
        if audience.kind == "staff":
            return control.show(visit, session, exercise)
        if audience.participant is None:
            return RedirectResponse(f"/exercises/{exercise_id}/board", 303)
        return _team_page(visit, session, exercise, audience, None)


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
        return _team_page(visit, session, exercise, audience, verdict, status)


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
    visit.site.writer.run(lambda writing: submission.take_hint(writing, exercise_id, member, rules, task, hint, now))
    return RedirectResponse(f"/exercises/{exercise_id}?task={task}#task-{task}", 303)


@router.get("/exercises/{exercise_id}/files/{name}")
def hand_out(visit: Visiting, exercise_id: str, name: str) -> Response:
    """A hand-out, from the start on for teams; a task's own only once the task shows."""
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
        scenario = visit.site.shelf.get(exercise.digest)
        if audience.kind != "staff" and name not in _files(visit, session, exercise, audience, scenario):
            raise NotFound(visit.told("Dette vedlegget finnes ikke."))
    place = scenario.path / "files" / name
    if "/" in name or name.startswith(".") or not place.is_file() or place.is_symlink():
        raise NotFound(visit.told("Dette vedlegget finnes ikke."))
    return FileResponse(place, filename=name, headers={"Cache-Control": "no-store"})


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


def _plays(exercise: Exercise, visit: Visit) -> bool:
    clock, now = clock_of(exercise), visit.site.clock()
    return is_open(State(exercise.state), exercise.starts_at, clock, exercise.duration_s, now)


def _files(visit: Visit, session: Session, exercise: Exercise, audience: Audience, scenario: Scenario) -> Sequence[str]:
    if audience.participant is None or not (exercise.started_at or _plays(exercise, visit)):
        return ()
    seen = _desk(visit, session, exercise, audience.participant, scenario)
    bound = {name for task in scenario.definition.tasks for name in task.files}
    shown = {name for task in seen if not task.is_locked for name in task.task.files}
    folder = scenario.path / "files"
    everywhere = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return [name for name in everywhere if name not in bound or name in shown]


def _desk(visit: Visit, session: Session, exercise: Exercise, participant: str, scenario: Scenario) -> list[TaskSeen]:
    board = visit.site.boards.of(exercise.id)
    clock = (clock_of(exercise).t(visit.site.clock()), exercise.duration_s, exercise.scale)
    seen = board.snapshot("team", participant)
    words = _words(session, exercise, participant, scenario)
    return desk(session, exercise.id, participant, scenario.definition, board.rules, seen, clock, words)


def _words(session: Session, exercise: Exercise, participant: str, scenario: Scenario) -> dict[str, str]:
    player = session.get_one(Participant, participant)
    team = player.team_id or player.id
    return own_words(scenario.definition.variables, exercise.id, exercise.secret, player.id, team, player.name)


def _team_page(
    visit: Visit, session: Session, exercise: Exercise, audience: Audience, verdict: Verdict, status: int = 200
) -> Response:
    told = visit.told
    scenario = visit.site.shelf.get(exercise.digest)
    participant = session.get_one(Participant, audience.participant)
    environment = views.environment(session, exercise.id, participant.id)
    plays, opened = _plays(exercise, visit), exercise.started_at is not None or _plays(exercise, visit)
    seen = _desk(visit, session, exercise, participant.id, scenario) if opened else []
    row = _own_row(visit, exercise.id, participant.id)
    files = _files(visit, session, exercise, audience, scenario)
    bound = {name for task in scenario.definition.tasks for name in task.files}
    values: dict[str, Any] = {
        "exercise": exercise,
        "exercise_runs": exercise.state in (State.RUNNING, State.PAUSED),
        "participant": participant,
        "members": views.members(session, participant.team_id),
        "environment": environment,
        "environment_words": _environment_words(environment, told),
        "clock": views.clock(exercise, visit.site.clock(), told),
        "opened": opened,
        "playing": plays,
        "seen_before": any(task.tried for task in seen),
        "board_visible": access.sees_board(audience, exercise),
        "briefing": views.briefing(scenario.briefing, _words(session, exercise, participant.id, scenario), told),
        "files": [name for name in files if name not in bound],
        "categories": _categories(seen, told, verdict),
        "current": verdict[1] if verdict else visit.request.query_params.get("task"),
        "place": {"rank": row.get("rank", "–"), "points": row.get("points", 0), "services": row.get("services", {})},
        "messages": views.messages(session, exercise.id, participant.id, told),
        **_reset(environment, scenario, plays, told),
    }
    return page(visit.request, "team.html", visit.viewer, told, status=status, **values)


def _own_row(visit: Visit, exercise_id: str, participant: str) -> dict[str, Any]:
    seen = visit.site.boards.of(exercise_id).snapshot("team", participant)
    own = seen.get("own") or next((row for row in seen["standings"] if row["team"] == participant), None)
    return own or {}


def _reset(environment: Environment, scenario: Scenario, plays: bool, told: Words) -> dict[str, Any]:
    rule = scenario.definition.environment.reset
    left = rule.limit - environment.resets
    text = told(
        "Alt dere har gjort inne i miljøet går tapt, og det tar litt tid før det er klart igjen. "
        "Det koster %(cost)s poeng. %(left)s ganger igjen.",
        cost=rule.cost,
        left=left,
    )
    return {"may_reset": plays and left > 0 and environment.state != "building", "reset_words": text}


def _environment_words(environment: Environment, told: Words) -> str:
    if environment.state in ("ready", "open"):
        return told("Miljøet deres er bygd og prøvd. Det åpner når øvelsen starter.")
    if environment.state == "failed":
        return told("Noe gikk galt da miljøet deres ble bygd. Øvingsledelsen ser på det.")
    return told("Miljøet deres bygges i god tid før start.")


def _categories(seen: Sequence[TaskSeen], told: Words, verdict: Verdict) -> list[tuple[str, list[dict[str, Any]]]]:
    titles = {task.task.id: task.task.title.get(told.language) for task in seen}
    groups: dict[str, list[dict[str, Any]]] = {}
    for task in seen:
        groups.setdefault(task.task.category, []).append(_task(task, titles, told, verdict))
    return list(groups.items())


def _task(seen: TaskSeen, titles: dict[str, str], told: Words, verdict: Verdict) -> dict[str, Any]:
    task, language = seen.task, told.language
    options = task.choice.options if task.choice else ()
    mine = verdict is not None and verdict[1] == task.id
    return {
        "id": task.id,
        "key": secrets.token_hex(8),
        "title": task.title.get(language),
        "text": markdown(task.text.get(language)),
        "value": f"{seen.value:g}",
        "tried": seen.tried,
        "attempts_left": seen.attempts_left,
        "solved": told("Løst: %(p)s poeng.", p=f"{seen.points:g}") if seen.points is not None else None,
        "explanation": markdown(task.explanation.get(language)) if task.explanation else None,
        "locked": _locked(seen, titles, told) if seen.is_locked else None,
        "files": task.files,
        "options": [{"id": option.id, "text": option.text.get(language)} for option in options],
        "several": task.choice is not None and len(task.choice.correct) > 1,
        "verdict": {"tone": verdict[0], "text": verdict[2]} if mine and verdict else None,
        "hints": [
            {"text": markdown(hint.text.get(language)) if hint.text else None, "cost": hint.cost, "next": hint.next}
            for hint in seen.hints
        ],
    }


def _locked(seen: TaskSeen, titles: dict[str, str], told: Words) -> str:
    if seen.requires:
        return told("Løs først: %(tasks)s.", tasks=", ".join(titles[required] for required in seen.requires))
    return told("Åpner om %(time)s spilltid.", time=span(seen.opens_in_s))
