"""The team's page: what a member sees of the exercise, before, during and after."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi.responses import Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Audience
from ncr.exercise.addressees import room_of
from ncr.exercise.lifecycle import State, is_open
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.scenario.model import Task
from ncr.scenario.topology import Scenario
from ncr.scoring.desk import TaskSeen, desk
from ncr.scoring.values import own_words
from ncr.web import entries, environments, handouts, seating, views
from ncr.web.catalogue import Words
from ncr.web.render import page
from ncr.web.tasks import Verdict, categories
from ncr.web.visit import Visit


def plays(exercise: Exercise, visit: Visit) -> bool:
    """Whether the exercise is open now."""
    clock, now = clock_of(exercise), visit.site.clock()
    return is_open(State(exercise.state), exercise.starts_at, clock, exercise.duration_s, now)


def files(visit: Visit, session: Session, exercise: Exercise, audience: Audience, scenario: Scenario) -> Sequence[str]:
    """The hand-outs this audience may have now, by name."""
    if audience.participant is None or not (exercise.started_at or plays(exercise, visit)):
        return ()
    seen = desk_of(visit, session, exercise, audience.participant, scenario)
    bound = _names(scenario.definition.tasks)
    shown = _names(task.task for task in seen if not task.is_locked)
    return [name for name in handouts.names(scenario) if name not in bound or name in shown]


def _names(tasks: Iterable[Task]) -> set[str]:
    """The hand-outs of these tasks."""
    return {handouts.called(name) for task in tasks for name in task.files}


def desk_of(visit: Visit, session: Session, exercise: Exercise, participant: str, scenario: Scenario) -> list[TaskSeen]:
    """The tasks as the participant sees them."""
    board = visit.site.boards.of(exercise.id)
    clock = (clock_of(exercise).t(visit.site.clock()), exercise.duration_s, exercise.scale)
    seen = board.snapshot("team", participant)
    words = _words(session, exercise, participant, scenario)
    return desk(session, exercise.id, participant, scenario.definition, board.rules, seen, clock, words)


def _words(session: Session, exercise: Exercise, participant: str, scenario: Scenario) -> dict[str, str]:
    player = session.get_one(Participant, participant)
    team = player.team_id or player.id
    return own_words(scenario.definition.variables, exercise.id, exercise.secret, player.id, team, player.name)


def show(
    visit: Visit, session: Session, exercise: Exercise, audience: Audience, verdict: Verdict = None, status: int = 200
) -> Response:
    """The page for a member of a team; `verdict` is what an answer just got: tone, task and text."""
    values = seen_by(visit, session, exercise, audience, verdict)
    return page(visit.request, "team.html", visit.viewer, visit.told, status=status, **values)


def seen_by(visit: Visit, session: Session, exercise: Exercise, audience: Audience, verdict: Verdict) -> dict[str, Any]:
    """What the page is filled in with."""
    told = visit.told
    scenario = visit.site.shelf.get(exercise.digest)
    participant = session.get_one(Participant, audience.participant)
    environment = views.environment(session, exercise.id, participant.id)
    playing = plays(exercise, visit)
    opened = exercise.started_at is not None or playing
    seen = desk_of(visit, session, exercise, participant.id, scenario) if opened else []
    row = own_row(visit, exercise.id, participant.id)
    handed = files(visit, session, exercise, audience, scenario)
    bound = _names(scenario.definition.tasks)
    rooms = scenario.definition.rooms
    room = room_of(session, visit.viewer.user_id, participant.id, rooms)
    return {
        "exercise": exercise,
        "exercise_runs": exercise.state in (State.RUNNING, State.PAUSED),
        "participant": participant,
        "room": seating.own(room, told) if rooms and exercise.mode == "exercise" else "",
        "members": views.members(session, participant.team_id),
        "environment": environment,
        "environment_words": _environment_words(environment, told),
        "clock": views.clock(exercise, visit.site.clock(), told),
        "opened": opened,
        "playing": playing,
        "seen_before": any(task.tried for task in seen),
        "alone": exercise.mode == "practice",
        "board_visible": access.sees_board(audience, exercise),
        "objectives": [text.get(told.language) for text in scenario.definition.objectives],
        "briefing": views.briefing(scenario.briefing, _words(session, exercise, participant.id, scenario), told),
        "files": [name for name in handed if name not in bound],
        "categories": categories(seen, told, verdict),
        "current": verdict[1] if verdict else visit.request.query_params.get("task"),
        "place": {"rank": row.get("rank", "–"), "points": row.get("points", 0), "services": row.get("services", {})},
        "messages": views.messages(session, exercise.id, participant.id, room, told),
        "entries": entries.shown(visit, session, exercise, participant.id),
        "said": environments.said(visit, session, exercise.id),
        **environments.losses(session, environment, scenario, playing, told),
    }


def own_row(visit: Visit, exercise_id: str, participant: str) -> dict[str, Any]:
    """The participant's own standing; empty before the first fact."""
    seen = visit.site.boards.of(exercise_id).snapshot("team", participant)
    own = seen.get("own") or next((row for row in seen["standings"] if row["team"] == participant), None)
    return own or {}


def _environment_words(environment: Environment, told: Words) -> str:
    if environment.state in ("ready", "open"):
        return told("Miljøet deres er bygd og prøvd. Det åpner når øvelsen starter.")
    if environment.state == "failed":
        return told("Noe gikk galt da miljøet deres ble bygd. Øvingsledelsen ser på det.")
    return told("Miljøet deres bygges i god tid før start.")
