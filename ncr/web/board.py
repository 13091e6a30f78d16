"""The scoreboard's page: the standings as this viewer may see them; the island makes them move."""

from fastapi import APIRouter
from fastapi.responses import Response

from ncr import access
from ncr.db import reading
from ncr.errors import Forbidden
from ncr.exercise.lifecycle import State
from ncr.web.render import page
from ncr.web.visit import Visiting, find

router = APIRouter(include_in_schema=False)


@router.get("/exercises/{exercise_id}/board")
def show(visit: Visiting, exercise_id: str, projector: bool = False) -> Response:
    """The scoreboard, for the public too where the exercise is public."""
    with reading(visit.site.sessions) as session:
        exercise, audience = find(session, visit, exercise_id)
    if not access.sees_board(audience, exercise):
        raise Forbidden(visit.told("Poengtavla vises ikke i denne øvelsen."))
    seen = visit.site.boards.of(exercise_id).snapshot(audience.kind, audience.participant)
    runs = exercise.state in (State.RUNNING, State.PAUSED)
    values = {
        "exercise": exercise,
        "exercise_runs": runs,
        "standings": seen["standings"],
        "frozen": seen["frozen"],
        "projector": projector,
    }
    theme = "projector" if projector else None
    return page(visit.request, "board.html", visit.viewer, visit.told, theme=theme, **values)
