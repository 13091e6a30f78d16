"""An SDL file as data: every section of it, typed; what one part demands of another is in rules.py."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from ncr.scenario.importers.loose import Loose, under
from ncr.scenario.importers.sdl.values import (
    Count,
    FeatureType,
    MetricType,
    NodeType,
    Number,
    Ram,
    Role,
    Source,
    Span,
    TeamRole,
)
from ncr.scenario.values import Whole

Names = tuple[str, ...]


class Resources(Loose):
    """What a virtual machine has."""

    ram: Ram
    cpu: Count


class Machine(Loose):
    """A node: a switch, or a virtual machine with all that is done on it (by the name of a role each)."""

    type: NodeType
    description: str | None = None
    source: Source | None = None
    resources: Resources | None = None
    features: dict[str, str] = Field({})
    conditions: dict[str, str] = Field({})
    injects: dict[str, str] = Field({})
    vulnerabilities: Names = ()
    roles: dict[str, Role] = Field({})


class Placement(Loose):
    """A node that is deployed: how many, on which switches, after which others."""

    count: Count = 1
    links: Names = ()
    dependencies: Names = ()
    name: str | None = None
    description: str | None = None


def _as_placement(value: object) -> object:
    if value is None:
        return {}
    return {"count": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Feature(Loose):
    """Something installed on a machine."""

    type: FeatureType
    source: Source
    dependencies: Names = ()
    vulnerabilities: Names = ()
    destination: str | None = None
    environment: Names = ()
    name: str | None = None
    description: str | None = None


class Condition(Loose):
    """Something asked of a machine again and again; it answers with a number from 0 to 1."""

    command: str | None = None
    interval: Annotated[Whole, Field(ge=1, le=86400)] | None = None
    source: Source | None = None
    environment: Names = ()
    name: str | None = None
    description: str | None = None


class Vulnerability(Loose):
    """A weakness, for people to read about."""

    name: str
    description: str
    technical: bool = False
    class_: str


class Metric(Loose):
    """What points are given for: a condition, or work that a person judges."""

    type: MetricType
    max_score: Annotated[Whole, Field(gt=0, le=100_000)]
    condition: str | None = None
    artifact: bool | None = None
    name: str | None = None
    description: str | None = None


class MinScore(Loose):
    """What it takes to pass."""

    absolute: Annotated[Whole, Field(ge=0)] | None = None
    percentage: Annotated[Whole, Field(ge=0, le=100)] | None = None


class Evaluation(Loose):
    """Metrics that are passed or failed together."""

    metrics: Annotated[Names, Field(min_length=1)]
    min_score: Annotated[
        MinScore,
        BeforeValidator(lambda value: {"percentage": value} if not isinstance(value, dict) else value),
    ]
    name: str | None = None
    description: str | None = None


class Tlo(Loose):
    """A training learning objective, reached by passing one evaluation."""

    evaluation: str
    name: str | None = None
    description: str | None = None


class Goal(Loose):
    """Learning objectives under one heading."""

    tlos: Annotated[Names, Field(min_length=1)]
    name: str | None = None
    description: str | None = None


class Entity(Loose):
    """A team, a person or an organisation, and those inside it."""

    name: str | None = None
    description: str | None = None
    role: TeamRole | None = None
    mission: str | None = None
    categories: Names = ()
    vulnerabilities: Names = ()
    tlos: Names = ()
    events: Names = ()
    entities: dict[str, "Entity"] = Field({})


class Inject(Loose):
    """Something done on the machines that list it."""

    source: Source | None = None
    from_entity: str | None = None
    to_entities: Names = ()
    tlos: Names = ()
    environment: Names = ()
    name: str | None = None
    description: str | None = None


class Event(Loose):
    """Something that happens, at a time and perhaps on conditions."""

    conditions: Names = ()
    injects: Names = ()
    source: Source | None = None
    name: str | None = None
    description: str | None = None


class Script(Loose):
    """Events by when they happen, and how fast its time runs."""

    start_time: Span
    end_time: Span
    speed: Annotated[Number, Field(ge=0)]
    events: Annotated[dict[str, Span], Field(min_length=1)]
    name: str | None = None
    description: str | None = None


class Story(Loose):
    """Scripts that run together."""

    scripts: Annotated[Names, Field(min_length=1)]
    speed: Annotated[Number, Field(ge=1)] = 1.0
    name: str | None = None
    description: str | None = None


class Sdl(Loose):
    """The whole of an SDL file; every map is by a name that the rest refers to."""

    name: str
    description: str | None = None
    nodes: dict[str, Machine] = Field({})
    infrastructure: dict[str, Annotated[Placement, BeforeValidator(_as_placement)]] = Field({})
    features: dict[str, Feature] = Field({})
    conditions: dict[str, Condition] = Field({})
    vulnerabilities: dict[str, Vulnerability] = Field({})
    metrics: dict[str, Metric] = Field({})
    evaluations: dict[str, Evaluation] = Field({})
    tlos: dict[str, Tlo] = Field({})
    entities: dict[str, Entity] = Field({})
    goals: dict[str, Goal] = Field({})
    injects: dict[str, Inject] = Field({})
    events: dict[str, Event] = Field({})
    scripts: dict[str, Script] = Field({})
    stories: dict[str, Story] = Field({})


def everybody(entities: dict[str, Entity], path: str = "", role: TeamRole | None = None) -> dict[str, Entity]:
    """Every entity by its path `parent.child`; one without a role has that of the one it is in."""
    found: dict[str, Entity] = {}
    for key, entity in entities.items():
        own = entity if entity.role else entity.model_copy(update={"role": role})
        found[place := f"{path}.{key}" if path else key] = own
        found |= everybody(entity.entities, place, own.role)
    return found


def entity_path(place: str) -> str:
    """Where an entity known as `parent.child` stands in the file."""
    first, *rest = place.split(".")
    return under("entities", first, *(key for name in rest for key in ("entities", name)))
