"""Reads a scenario's directory whole and says everything that is wrong with it at once."""

from collections.abc import Mapping
from pathlib import Path

from ncr.errors import ScenarioInvalid
from ncr.scenario import rules, texts, yamlfile
from ncr.scenario.compose.composefile import read_topology
from ncr.scenario.compose.fields import Context
from ncr.scenario.compose.service import NO_ROOT, lies_in_root
from ncr.scenario.digest import digest
from ncr.scenario.expressions import check_expressions
from ncr.scenario.files import Directory
from ncr.scenario.interpolation import EXERCISE, TEAMS, flag_name, known_names
from ncr.scenario.maxima import Maxima
from ncr.scenario.model import LANGUAGES, Definition
from ncr.scenario.modelwords import validate
from ncr.scenario.play import Play
from ncr.scenario.scripts import check_scripts
from ncr.scenario.topology import Scenario, Topology
from ncr.scenario.tree import Findings, Mark, Node, find

DEFINITION, PLAY = "scenario.yml", "play.yml"
MAXIMA = Maxima()


def load(path: Path, maxima: Maxima = MAXIMA) -> Scenario:
    """The scenario in a directory. Raises ScenarioInvalid with every problem as FILE:LINE:COLUMN and what is right.

    FILE is relative to the directory. `maxima` are the site's; limits above them are problems.
    """
    findings = Findings()
    try:
        scenario = _load(path, maxima, findings)
    except OSError as error:
        findings.add(Mark(DEFINITION), f"cannot be read ({error.strerror}: {error.filename}); see to the permissions")
        scenario = None
    if scenario is None or findings.problems:
        count = len(findings.problems)
        raise ScenarioInvalid(f"{path.name} has {count} problem{'s'[: count > 1]}", findings.sorted_problems())
    return scenario


def _load(path: Path, maxima: Maxima, findings: Findings) -> Scenario | None:
    directory = Directory(path, findings)
    if not path.is_dir():
        findings.add(Mark(DEFINITION), f"{path} is not a directory; name the directory that holds {DEFINITION}")
        return None
    directory.survey()
    if DEFINITION not in directory.files:
        findings.add(Mark(DEFINITION), f"is missing in {path}; write one, or name the directory that holds it")
        return None
    root = _read(directory, DEFINITION)
    if root is None:
        return None
    definition = validate(Definition, root, findings)
    topologies = _topologies(root, directory, maxima)
    topology = topologies.get("compose")
    names = _known(root, topologies)
    rules.check_definition(root, names, findings)
    _check_deliveries(root, topology, findings)
    play = _play(directory, names)
    briefing = _briefing(directory)
    texts.check_texts(root, briefing, used_in_compose(topologies), findings)
    check_expressions(root, definition.variables if definition else {}, findings)
    texts.check_files(root, directory)
    _check_id(root, path, findings)
    check_scripts(directory)
    if definition is None or topology is None or findings.problems:
        return None
    return Scenario(
        path=path,
        digest=digest(path),
        definition=definition,
        topology=topology,
        shared=topologies.get("shared"),
        briefing=briefing,
        play=play,
        notes=findings.sorted_notes(),
    )


def _read(directory: Directory, name: str) -> Node | None:
    return yamlfile.read(directory.read(name, yamlfile.LARGEST_BYTES), name, directory.findings)


def _topologies(root: Node, directory: Directory, maxima: Maxima) -> dict[str, Topology]:
    internet = any(node.value is True for node in find(root, "environment.internet"))
    names, common = names_in(root), common_names(root)
    contexts = {
        "compose": Context(directory.findings, directory, names, maxima, internet),
        "shared": Context(directory.findings, directory, common, maxima, internet, own=names - common),
    }
    found = {}
    for key, context in contexts.items():
        node = next(find(root, f"environment.{key}"), None)
        if node is None and key == "shared":
            continue
        written = (node.text if node else None) or "compose.yml"
        name = directory.resolve_file(written, node.mark if node else Mark(DEFINITION))
        tree = _read(directory, name) if name else None
        if tree is not None:
            found[key] = read_topology(tree, context)
    _refuse_shared_names(found, directory.findings)
    return found


def names_in(root: Node) -> frozenset[str]:
    """The names that `${…}` may use, read off the tree so that they are known in a definition with errors too."""
    variables = [name for node in find(root, "variables") for name in node.mapping]
    tasks = [node for node in find(root, "tasks.*") if "flag" in node.mapping and "id" in node.mapping]
    return known_names(variables, [task.mapping["id"].text or "" for task in tasks])


def common_names(root: Node) -> frozenset[str]:
    """The names that `${…}` may use in what the teams share: those that are the same for all of them."""
    flags = [node.mapping for node in find(root, "tasks.*") if {"flag", "id"} <= node.mapping.keys()]
    fixed = [task["id"].text or "" for task in flags if task["flag"].text and "${" not in task["flag"].raw]
    return frozenset({EXERCISE, TEAMS, *map(flag_name, fixed)})


def _refuse_shared_names(topologies: Mapping[str, Topology], findings: Findings) -> None:
    if len(topologies) == 2:
        for name in topologies["compose"].services.keys() & topologies["shared"].services.keys():
            findings.add(Mark("shared.yml"), f"the service `{name}` is in the environment too; rename one of them")
        for service in topologies["shared"].services.values():
            for network, place in service.networks.items():
                if place.ipv4 and network in topologies["compose"].networks:
                    why = f"has the address {place.ipv4} on `{network}`, which every team has its own of; remove it"
                    findings.add(Mark("shared.yml"), f"the service `{service.name}` {why}")


def _known(root: Node, topologies: Mapping[str, Topology]) -> rules.Known:
    own, shared = topologies.get("compose"), topologies.get("shared")
    if own is None:
        return rules.known(root, None, None)
    # One that is in both is told of once, as that.
    only_shared = shared.services.keys() - own.services.keys() if shared else ()
    return rules.known(root, own.services, own.networks, only_shared)


def _check_deliveries(root: Node, topology: Topology | None, findings: Findings) -> None:
    for deliver in find(root, "tasks.*.flag.deliver"):
        service, file = (deliver.mapping[key].text if key in deliver.mapping else None for key in ("service", "file"))
        found = topology.services.get(service or "") if topology else None
        if found is not None and found.read_only and lies_in_root(file or ""):
            findings.add(deliver.mapping["file"].mark, f"`{service}` is read_only, and `{file}` {NO_ROOT}")


def _play(directory: Directory, names: rules.Known) -> Play | None:
    root = _read(directory, PLAY) if PLAY in directory.files else None
    if root is None:
        return None
    rules.check_play(root, names, directory.findings)
    for node in find(root, "solve.*.script"):
        directory.resolve_file(node.text or "", node.mark)
    return validate(Play, root, directory.findings)


def _briefing(directory: Directory) -> dict[str, str]:
    found: dict[str, str] = {}
    for language in LANGUAGES:
        name = f"briefing.{language}.md"
        if name not in directory.files:
            directory.findings.note(Mark(name), "is missing; participants read the other language, or none")
            continue
        content = directory.read(name)
        if directory.resolve_file(name, Mark(name), largest=yamlfile.LARGEST_BYTES) is None:
            continue
        try:
            found[language] = content.decode()
        except UnicodeDecodeError:
            directory.findings.add(Mark(name), "is not UTF-8 text; save the file as UTF-8")
    return found


def used_in_compose(topologies: Mapping[str, Topology]) -> frozenset[str]:
    """Every name that a Compose file's templates refer to."""
    services = [service for topology in topologies.values() for service in topology.services.values()]
    return frozenset().union(*(texts.names_of(service) for service in services))


def _check_id(root: Node, path: Path, findings: Findings) -> None:
    for node in find(root, "id"):
        if node.text is not None and node.text != path.resolve().name:
            findings.add(node.mark, f"the id `{node.text}` is not the directory's name; write `{path.resolve().name}`")
