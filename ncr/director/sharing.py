"""Sharing: what the teams of an exercise share is put on the networks of every team, as often as it is looked after."""

import structlog
from sqlalchemy import select

from ncr.db import reading
from ncr.director import cases
from ncr.director.cases import Case
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.tables import Environment
from ncr.runtime import environment as runtime
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.objects import EXERCISE, INSTANCE, MANAGED, Observed

log = structlog.get_logger()
MADE = (EnvironmentState.BUILDING, EnvironmentState.READY, EnvironmentState.OPEN, EnvironmentState.DEGRADED)


def visit(means: Means, case: Case) -> None:
    """Put the shared containers on all networks of teams that are there.

    A team's network may go or be made anew meanwhile: whoever makes it welcomes what is shared by itself.
    """
    labels = {MANAGED: "1", INSTANCE: means.instance, EXERCISE: case.exercise.id}
    seen = means.engine.observe(labels)
    for environment_id in _of_teams(means, case.exercise.id):
        blueprint = cases.drawn(means, cases.read_case(means, environment_id))
        if blueprint is None or not _is_missed(seen, blueprint):
            continue
        try:
            runtime.welcome(means.engine, blueprint)
        except EngineUnavailable:
            raise
        except EngineError as error:
            log.warning("not yet on a team's network", environment=environment_id, error=str(error)[:300])


def _of_teams(means: Means, exercise_id: str) -> list[str]:
    mine = (Environment.exercise_id == exercise_id, Environment.participant_id.is_not(None))
    with reading(means.sessions) as session:
        return list(session.scalars(select(Environment.id).where(*mine, Environment.state.in_(MADE))))


def _is_missed(seen: Observed, blueprint: Blueprint) -> bool:
    """Whether a shared container is not on a network of the team's that is there."""
    for guest in blueprint.guests:
        host = seen.containers.get(guest.container)
        if host is not None and guest.place.network in seen.networks and guest.place.network not in host.addresses:
            return True
    return False
