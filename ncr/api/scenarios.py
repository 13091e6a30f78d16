"""The scenarios that can be planned with."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from ncr import access
from ncr.access import Action
from ncr.api.caller import AtSite, Somebody
from ncr.api.problems import documented
from ncr.errors import NotFound
from ncr.scenario.topology import Scenario

router = APIRouter(prefix="/scenarios", tags=["scenarios"])


class ScenarioOut(BaseModel):
    """A scenario as an instructor chooses it: no flags, no answers."""

    id: str
    version: str
    digest: str
    title: dict[str, str]
    summary: dict[str, str]
    difficulty: str
    duration_s: int
    modes: list[str]
    objectives: list[dict[str, str]]
    attack: list[str]
    services: list[str]
    tasks: int


@router.get("", responses=documented(401, 403))
def list_scenarios(at: AtSite, viewer: Somebody) -> list[ScenarioOut]:
    """Every scenario of the site."""
    access.require(viewer, Action.INSPECT)
    return [_shown(scenario) for scenario in at.scenarios()]


@router.get("/{id}", responses=documented(401, 403, 404, 422))
def get_scenario(
    id: Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")], at: AtSite, viewer: Somebody
) -> ScenarioOut:
    """One scenario."""
    access.require(viewer, Action.INSPECT)
    for scenario in at.scenarios():
        if scenario.definition.id == id:
            return _shown(scenario)
    raise NotFound("There is no such scenario.")


def _shown(scenario: Scenario) -> ScenarioOut:
    definition = scenario.definition
    return ScenarioOut(
        id=definition.id,
        version=definition.version,
        digest=scenario.digest,
        title={**definition.title.root},
        summary={**definition.summary.root},
        difficulty=definition.difficulty,
        duration_s=definition.duration,
        modes=list(definition.modes),
        objectives=[{**text.root} for text in definition.objectives],
        attack=list(definition.attack),
        services=list(scenario.topology.services),
        tasks=len(definition.tasks),
    )
