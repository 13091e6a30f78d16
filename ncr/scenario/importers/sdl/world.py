"""Nodes, infrastructure, features and roles of an SDL file as services, networks, images and entries."""

import json
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import slug
from ncr.scenario.importers.placeholders import FILL_IN, dockerfile, script
from ncr.scenario.importers.sdl.making import Making, listed, shown
from ncr.scenario.importers.sdl.model import Feature, Machine, Placement
from ncr.scenario.loader import MAXIMA

PLACE = "/opt/ncr"


def make(making: Making) -> None:
    """Fill the Compose file, the images and the entries."""
    sdl, report = making.source.sdl, making.report
    _switches(making)
    for key, node in making.machines():
        _service(making, key, node, sdl.infrastructure[key])
        _entries(making, key, node)
        if node.features:
            report.mapped(under("nodes", key, "features"), f"images/{making.services.of(key)}", "as the role's user")
    for key in sdl.nodes.keys() - sdl.infrastructure.keys():
        report.left(under("nodes", key), "is not in `infrastructure`, so it is deployed there no more than here")
    _features(making)


def _switches(making: Making) -> None:
    sdl, report = making.source.sdl, making.report
    networks: dict[str, Any] = {}
    for key, there in sdl.infrastructure.items():
        if sdl.nodes[key].type != "switch":
            continue
        name = making.networks.of(key)
        networks[name] = {"internal": True}
        report.mapped(under("nodes", key), f"networks.{name}", "a network of each team's own, closed to the outside")
        report.mapped(under("infrastructure", key), f"networks.{name}", "addresses are NCR's to choose")
        if there.dependencies:
            report.left(under("infrastructure", key, "dependencies"), "networks are there before any service")
    if networks:
        making.compose["networks"] = networks


def _service(making: Making, key: str, node: Machine, there: Placement) -> None:
    name, report = making.services.of(key), making.report
    service: dict[str, Any] = _program(making, key, node, name)
    nodes = making.source.sdl.nodes
    links = [making.networks.of(link) for link in there.links]
    service |= {"networks": links} if links else {"network_mode": "none"}
    if not links:
        report.mapped(
            under("infrastructure", key), f"services.{name}.network_mode", "has no links: it is on no network"
        )
    waits = [making.services.of(other) for other in there.dependencies if nodes[other].type == "vm"]
    if waits:
        service["depends_on"] = waits
    service |= _limits(making, key, node, name)
    if there.count > 1:
        service["deploy"] = {"replicas": there.count}
        why = f"{there.count} replicas; there they were named {key}-0 to {key}-{there.count - 1}, here NCR names them"
        report.mapped(under("infrastructure", key, "count"), f"services.{name}.deploy.replicas", why)
    report.carried(under("infrastructure", key), f"services.{name}")
    report.carried(under("nodes", key, "type"), f"services.{name}")
    making.compose.setdefault("services", {})[name] = service


def _limits(making: Making, key: str, node: Machine, name: str) -> dict[str, Any]:
    if node.resources is None:
        return {}
    memory, cpus = min(node.resources.ram, MAXIMA.memory_mib), min(node.resources.cpu, int(MAXIMA.cpus))
    for field, given, kept in (("ram", node.resources.ram, memory), ("cpu", node.resources.cpu, cpus)):
        to = f"services.{name}.{'mem_limit' if field == 'ram' else 'cpus'}"
        if given == kept:
            making.report.carried(under("nodes", key, "resources", field), to)
        else:
            why = f"{given} is a machine's; a container needs less and gets at most {kept}"
            making.report.mapped(under("nodes", key, "resources", field), to, why)
    return {"mem_limit": f"{max(memory, 6)}m", "cpus": cpus}


def _program(making: Making, key: str, node: Machine, name: str) -> dict[str, Any]:
    source = node.source
    row = making.row(under("nodes", key, "source"), source) if source else None
    image = row.image if row else None
    lines = [*_feature_lines(making, node), *_script_lines(making, key, node, name)]
    users = [role.username for role in node.roles.values()]
    environment = [pair for feature in node.features for pair in making.source.sdl.features[feature].environment]
    found: dict[str, Any] = {"environment": environment} if environment else {}
    path, to = under("nodes", key, "source"), f"services.{name}"
    if image and not lines:
        making.report.mapped(path, f"{to}.image", f"the site's table says {image} for {shown(source)}")
        return {"image": image, **found}
    folder = f"images/{name}"
    making.draft.files[f"{folder}/Dockerfile"] = dockerfile(image, shown(source), users, lines)
    if image:
        making.report.mapped(
            path, f"{to}.build", f"built from {image}, which the site's table says for {shown(source)}"
        )
    else:
        why = f"{shown(source)} is in no table of images: a placeholder, to be filled in at {folder}/Dockerfile"
        making.report.mapped(path, f"{to}.build", why)
        making.report.warn("placeholder", path, why)
    return {"build": folder, **found}


def _feature_lines(making: Making, node: Machine) -> Iterator[str]:
    features = making.source.sdl.features
    for name in _in_order(features, node.features):
        feature = features[name]
        row = making.row(under("features", name, "source"), feature.source)
        role = node.roles.get(node.features.get(name, ""))
        user = role.username if role else "root"
        if row is not None and row.image:
            yield f"COPY --from={row.image} {json.dumps(['/', feature.destination or '/'])}"
        else:
            place = f" to {feature.destination}" if feature.destination else ""
            text = f"# {FILL_IN}: the {feature.type} {name} ({shown(feature.source)}), as {user}{place}."
            yield " ".join(text.split())


def _in_order(features: Mapping[str, Feature], wanted: Iterable[str]) -> list[str]:
    """The features and all that they depend on, dependencies first."""
    waiting, found = list(wanted), dict[str, tuple[str, ...]]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = features[name].dependencies
            waiting += features[name].dependencies
    return list(TopologicalSorter(found).static_order())


def _script_lines(making: Making, key: str, node: Machine, name: str) -> Iterator[str]:
    sdl = making.source.sdl
    for inject in node.injects:
        yield from _scripted(making, under("injects", inject), sdl.injects[inject].source, name, "exit 1")
    for condition in node.conditions:
        command = sdl.conditions[condition].command
        if command is not None and node.source and making.row(under("nodes", key, "source"), node.source) is None:
            yield f"# {FILL_IN}: the check {condition} runs {' '.join(command.split())}"
        if sdl.conditions[condition].source is not None:
            yield from _scripted(
                making, under("conditions", condition), sdl.conditions[condition].source, name, "echo 0"
            )


def _scripted(making: Making, path: str, package: Any, service: str, ending: str) -> Iterator[str]:
    part, _, name = path.partition(".")
    row = making.row(under(path, "source"), package) if package else None
    if row is not None and row.image:
        yield f"COPY --from={row.image} / /"
    if row is None or not row.command:
        file = slug(name, "script")
        making.draft.files[f"images/{service}/{part}/{file}"] = script(f"{part} {name}, {shown(package)}", ending)
        yield f"COPY {part}/{file} {PLACE}/{part}/{file}"
        yield f"RUN chmod 0755 {PLACE}/{part}/{file}"


def _features(making: Making) -> None:
    used = {name for _, node in making.machines() for name in _in_order(making.source.sdl.features, node.features)}
    for key, feature in making.source.sdl.features.items():
        path = under("features", key)
        if key not in used:
            making.report.left(path, "no deployed machine has it")
            continue
        row = making.table.find(feature.source.name, feature.source.version)
        if row is not None and row.image and not row.is_placeholder:
            making.report.mapped(path, "images/", f"a layer from {row.image}, in the order of the dependencies")
        else:
            why = f"{shown(feature.source)} is in no table of images; the Dockerfile says where it is to be installed"
            making.report.mapped(path, "images/", why)
            making.report.warn("placeholder", under(path, "source"), why)
        if feature.environment:
            making.report.carried(under(path, "environment"), "services.*.environment")


def _entries(making: Making, key: str, node: Machine) -> None:
    people, report = making.people(), making.report
    for role, one in node.roles.items():
        path = under("nodes", key, "roles", role)
        players = [name for name in one.entities if people[name].role in ("Blue", None)]
        if not players:
            why = "a user of the image; nobody who plays may be it, so no terminal leads there"
            report.mapped(path, f"images/{making.services.of(key)}", why)
            continue
        entry = making.entries.new(f"{key} {role}")
        listed(making.draft.definition, "entries").append(
            {"id": entry, "terminal": making.services.of(key), "user": one.username, "title": f"{key} ({role})"}
        )
        report.mapped(path, f"entries.{entry}", f"a terminal as {one.username} for the teams ({', '.join(players)})")
