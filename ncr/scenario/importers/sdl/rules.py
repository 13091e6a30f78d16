"""What one section of an SDL file demands of another: references, counts, circles, names; all at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from ncr.scenario.importers.loose import Places, Suggestions, under
from ncr.scenario.importers.sdl.model import Machine, Sdl, entity_path, everybody
from ncr.scenario.tree import Findings, Node

LONGEST_NAME = 35
MOST_DEPLOYED = 500


@dataclass(frozen=True, slots=True)
class Source:
    """An SDL file that could be read: its tree, what it says, and what was found wrong with it."""

    root: Node
    sdl: Sdl
    findings: Findings
    places: Places
    suggestions: Suggestions = field(default_factory=Suggestions)
    # Traps that are no mistake: (name, path, what to know).
    warnings: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, path: str, message: str) -> None:
        """A problem at a dotted path of the file."""
        self.findings.add(self.places.of(path), message)

    def warn(self, trap: str, path: str, message: str) -> None:
        """A trap that the import goes past, and what becomes of it here."""
        self.warnings.append((trap, path, message))


@dataclass(frozen=True, slots=True)
class Reference:
    """A name written somewhere, and what kind of thing it must be the name of."""

    path: str
    kind: str
    name: str


def check(source: Source) -> None:
    """Problems for everything that does not fit the rest of the file."""
    _check_references(source)
    for one in (_check_nodes, _check_infrastructure, _check_conditions, _check_metrics, _check_evaluations,
                _check_injects, _check_vulnerabilities, _check_events):  # fmt: skip
        one(source)
    features = {name: feature.dependencies for name, feature in source.sdl.features.items()}
    _check_circle(source, "features", features)
    placed = {name: (*there.links, *there.dependencies) for name, there in source.sdl.infrastructure.items()}
    _check_circle(source, "infrastructure", placed)


def _check_references(source: Source) -> None:
    sdl = source.sdl
    known: Mapping[str, Iterable[str]] = {
        "node": sdl.nodes, "deployed node": sdl.infrastructure, "feature": sdl.features, "condition": sdl.conditions,
        "vulnerability": sdl.vulnerabilities, "metric": sdl.metrics, "evaluation": sdl.evaluations, "tlo": sdl.tlos,
        "inject": sdl.injects, "event": sdl.events, "script": sdl.scripts, "entity": everybody(sdl.entities),
        "switch": [name for name, node in sdl.nodes.items() if node.type == "switch"],
    }  # fmt: skip
    for reference in (*_of_world(sdl), *_of_score(sdl), *_of_story(sdl)):
        if reference.name not in known[reference.kind]:
            right = source.suggestions.nearest(reference.name, known[reference.kind])
            source.refuse(reference.path, f"the {reference.kind} `{reference.name}` does not exist; {right}")


def _listed(path: str, kind: str, names: Iterable[str]) -> Iterator[Reference]:
    for number, name in enumerate(names):
        yield Reference(under(path, number), kind, name)


def _keyed(path: str, kind: str, names: Iterable[str]) -> Iterator[Reference]:
    for name in names:
        yield Reference(under(path, name), kind, name)


def _of_world(sdl: Sdl) -> Iterator[Reference]:
    yield from _keyed("infrastructure", "node", sdl.infrastructure)
    for key, there in sdl.infrastructure.items():
        yield from _listed(under("infrastructure", key, "links"), "switch", there.links)
        yield from _listed(under("infrastructure", key, "links"), "deployed node", there.links)
        yield from _listed(under("infrastructure", key, "dependencies"), "deployed node", there.dependencies)
    for key, node in sdl.nodes.items():
        yield from _keyed(under("nodes", key, "features"), "feature", node.features)
        yield from _keyed(under("nodes", key, "conditions"), "condition", node.conditions)
        yield from _keyed(under("nodes", key, "injects"), "inject", node.injects)
        yield from _listed(under("nodes", key, "vulnerabilities"), "vulnerability", node.vulnerabilities)
        for role, one in node.roles.items():
            yield from _listed(under("nodes", key, "roles", role, "entities"), "entity", one.entities)
    for key, feature in sdl.features.items():
        yield from _listed(under("features", key, "dependencies"), "feature", feature.dependencies)
        yield from _listed(under("features", key, "vulnerabilities"), "vulnerability", feature.vulnerabilities)


def _of_score(sdl: Sdl) -> Iterator[Reference]:
    for key, metric in sdl.metrics.items():
        if metric.condition is not None:
            yield Reference(under("metrics", key, "condition"), "condition", metric.condition)
    for key, evaluation in sdl.evaluations.items():
        yield from _listed(under("evaluations", key, "metrics"), "metric", evaluation.metrics)
    for key, tlo in sdl.tlos.items():
        yield Reference(under("tlos", key, "evaluation"), "evaluation", tlo.evaluation)
    for key, goal in sdl.goals.items():
        yield from _listed(under("goals", key, "tlos"), "tlo", goal.tlos)
    for place, entity in everybody(sdl.entities).items():
        path = entity_path(place)
        yield from _listed(under(path, "vulnerabilities"), "vulnerability", entity.vulnerabilities)
        yield from _listed(under(path, "tlos"), "tlo", entity.tlos)
        yield from _listed(under(path, "events"), "event", entity.events)


def _of_story(sdl: Sdl) -> Iterator[Reference]:
    for key, inject in sdl.injects.items():
        people = [*([inject.from_entity] if inject.from_entity else []), *inject.to_entities]
        for name in people:
            yield Reference(under("injects", key), "entity", name)
        yield from _listed(under("injects", key, "tlos"), "tlo", inject.tlos)
    for key, event in sdl.events.items():
        yield from _listed(under("events", key, "conditions"), "condition", event.conditions)
        yield from _listed(under("events", key, "injects"), "inject", event.injects)
    for key, script in sdl.scripts.items():
        yield from _keyed(under("scripts", key, "events"), "event", script.events)
    for key, story in sdl.stories.items():
        yield from _listed(under("stories", key, "scripts"), "script", story.scripts)


def _check_nodes(source: Source) -> None:
    for key, node in source.sdl.nodes.items():
        path = under("nodes", key)
        if len(key) > LONGEST_NAME:
            source.refuse(path, f"`{key[:60]}` has {len(key)} characters; write at most {LONGEST_NAME}")
        if node.type == "switch":
            for field_ in sorted(node.model_fields_set - {"type", "description"}):
                source.refuse(under(path, field_), f"a switch has no `{field_}`; remove it, or write type: vm")
            continue
        for needed in ("source", "resources"):
            if getattr(node, needed) is None:
                source.refuse(path, f"the vm `{key}` has no `{needed}`; add it")
        _check_roles(source, path, node)


def _check_roles(source: Source, path: str, node: Machine) -> None:
    names = [role.username for role in node.roles.values()]
    for role, one in node.roles.items():
        if names.count(one.username) > 1:
            source.refuse(
                under(path, "roles", role), f"the user `{one.username}` has two roles here; give each its own"
            )
    for part in ("features", "conditions"):
        for name, role in getattr(node, part).items():
            if role not in node.roles:
                source.refuse(
                    under(path, part, name),
                    f"the role `{role}` does not exist; {source.suggestions.nearest(role, node.roles)}",
                )
    for name, role in node.injects.items():
        if role not in node.roles:
            right = source.suggestions.nearest(role, node.roles)
            message = f"inject-role: the role `{role}` does not exist, which SDL's own parser does not see; {right}"
            source.refuse(under(path, "injects", name), message)


def _check_infrastructure(source: Source) -> None:
    if len(source.sdl.infrastructure) > MOST_DEPLOYED:
        source.refuse("infrastructure", f"deploys over {MOST_DEPLOYED} nodes; make it smaller")
    for key, there in source.sdl.infrastructure.items():
        node = source.sdl.nodes.get(key)
        if node is None or there.count == 1:
            continue
        path = under("infrastructure", key)
        if node.type == "switch":
            source.refuse(path, f"a switch has count 1, not {there.count}; correct it")
        elif node.conditions or node.injects:
            source.refuse(path, f"has conditions or injects, so its count must be 1, not {there.count}; correct it")


def _check_circle(source: Source, section: str, wanted: Mapping[str, Iterable[str]]) -> None:
    try:
        TopologicalSorter(wanted).prepare()
    except CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        source.refuse(under(section, circle[0]), f"depend on each other: {' → '.join(circle)}; remove one of these")


def _check_conditions(source: Source) -> None:
    for key, one in source.sdl.conditions.items():
        path = under("conditions", key)
        if (one.command is None) == (one.source is None):
            source.refuse(path, "must have exactly one of `command` (with `interval`) and `source`; keep one")
        if (one.command is None) != (one.interval is None):
            source.refuse(path, "`command` and `interval` go together; write both, or only `source`")


def _check_metrics(source: Source) -> None:
    taken: dict[str, str] = {}
    for key, metric in source.sdl.metrics.items():
        path = under("metrics", key)
        if (metric.type == "conditional") != (metric.condition is not None):
            source.refuse(path, "a conditional metric, and no other, has a `condition`; correct it")
        if metric.type == "conditional" and metric.artifact is not None:
            source.refuse(under(path, "artifact"), "belongs to a manual metric only; remove it")
        if metric.condition in taken:
            source.refuse(path, f"`{metric.condition}` is in the metric `{taken[metric.condition]}` already; use one")
        elif metric.condition is not None:
            taken[metric.condition] = key


def _check_evaluations(source: Source) -> None:
    whole = sum(metric.max_score for metric in source.sdl.metrics.values())
    for key, evaluation in source.sdl.evaluations.items():
        least = evaluation.min_score
        if least.absolute is not None and least.absolute > whole:
            message = f"is {least.absolute}, more than all metrics give together ({whole}); write less"
            source.refuse(under("evaluations", key, "min-score", "absolute"), message)
        if (least.absolute is None) == (least.percentage is None):
            source.refuse(under("evaluations", key, "min-score"), "must have one of absolute and percentage; keep one")


def _check_injects(source: Source) -> None:
    for key, inject in source.sdl.injects.items():
        if (inject.from_entity is None) != (not inject.to_entities):
            source.refuse(under("injects", key), "`from-entity` and `to-entities` go together; write both or neither")


def _check_vulnerabilities(source: Source) -> None:
    for key, one in source.sdl.vulnerabilities.items():
        if not re.search(r"CWE-\d+", one.class_):
            source.refuse(
                under("vulnerabilities", key, "class"), f"`{one.class_[:60]}` names no weakness; write CWE-79"
            )


def _check_events(source: Source) -> None:
    for key, script in source.sdl.scripts.items():
        if script.end_time < script.start_time:
            source.refuse(under("scripts", key, "end-time"), "is before `start-time`; write a later one")
        for name, offset in script.events.items():
            if not script.start_time <= offset <= script.end_time:
                source.refuse(under("scripts", key, "events", name), "is outside the script's start-time and end-time")
