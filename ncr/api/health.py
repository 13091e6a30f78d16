"""Whether the service lives and is ready, and its figures for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from pydantic import BaseModel
from sqlalchemy import func, select, text

from ncr import access
from ncr.access import Action
from ncr.api.caller import AtSite, Somebody
from ncr.api.problems import documented
from ncr.db import reading
from ncr.exercise import practice
from ncr.exercise.tables import Environment, Exercise, Lease

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Well."""

    status: str = "ok"


class Readiness(Health):
    """Ready to serve; `director` says whether one leads now."""

    director: bool


@router.get("/health/live")
def live() -> Health:
    """The process answers."""
    return Health()


@router.get("/health/ready", responses=documented(503))
def ready(at: AtSite) -> Readiness:
    """The database answers too."""
    with reading(at.sessions) as session:
        session.execute(text("SELECT 1"))
        leads = session.scalars(select(Lease.expires_at)).first()
    return Readiness(director=leads is not None and leads > at.clock())


@router.get("/metrics", response_class=Response, responses=documented(401, 403))
def metrics(at: AtSite, viewer: Somebody) -> Response:
    """The process's figures, and how many exercises, environments and practice runs are in which state."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    lines = [_states(at, "ncr_exercises", Exercise), _states(at, "ncr_environments", Environment), _practice(at)]
    return Response(generate_latest() + "".join(lines).encode(), media_type=CONTENT_TYPE_LATEST)


def _states(at: AtSite, name: str, table: type[Exercise] | type[Environment]) -> str:
    family = GaugeMetricFamily(name, f"How many {table.__tablename__}s are in a state", labels=["state"])
    counted = select(table.state, func.count()).group_by(table.state)
    if table is Exercise:
        counted = counted.where(Exercise.mode == "exercise")
    with reading(at.sessions) as session:
        for state, count in session.execute(counted):
            family.add_metric([state], count)
    return _lines(family)


def _practice(at: AtSite) -> str:
    family = GaugeMetricFamily("ncr_practice", "Practice runs in a state, and what the pool holds", labels=["state"])
    with reading(at.sessions) as session:
        for state, count in practice.counts(session).items():
            family.add_metric([state], count)
    return _lines(family)


def _lines(family: GaugeMetricFamily) -> str:
    head = f"# HELP {family.name} {family.documentation}\n# TYPE {family.name} gauge\n"
    return head + "".join(f'{family.name}{{state="{s.labels["state"]}"}} {s.value}\n' for s in family.samples)
