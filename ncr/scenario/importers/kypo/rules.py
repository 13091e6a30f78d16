"""What a topology, its containers and a training demand of themselves; every row is checked, all at once."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from ncr.scenario.importers.imagetable import IMAGE
from ncr.scenario.importers.kypo.model import Topology
from ncr.scenario.importers.kypo.sources import Found
from ncr.scenario.importers.kypo.training import Assessment, Question, Training
from ncr.scenario.importers.loose import under
from ncr.scenario.tree import Mark

Row = tuple[str, str, str, str]
MOST = 500


def check(found: Found) -> None:
    """Problems for everything that does not fit the rest."""
    if found.topology is not None and not _is_too_large(found, found.topology):
        _check_names(found, found.topology)
        _check_networks(found, found.topology)
        _check_rows(found, found.topology)
        _check_groups(found, found.topology)
    _check_containers(found)
    if found.training is not None:
        for number, level in enumerate(found.training.levels):
            if isinstance(level, Training):
                _check_training(found, under("levels", number), level)
            elif isinstance(level, Assessment) and level.assessment_type == "TEST":
                for position, question in enumerate(level.questions):
                    _check_question(found, under("levels", number, "questions", position), question)


def _is_too_large(found: Found, topology: Topology) -> bool:
    parts = [part for part in ("hosts", "routers", "networks") if len(getattr(topology, part)) > MOST]
    for part in parts:
        _refuse(found, "topology", part, f"are over {MOST}; make it smaller")
    return bool(parts)


def place(found: Found, part: str, path: str) -> Mark:
    """Where a path of one of the files is."""
    return found.places[part].of(path)


def network_of(cidr: str) -> IPv4Network | None:
    """The network of a CIDR; None when it is none."""
    try:
        return IPv4Network(cidr)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def _refuse(found: Found, part: str, path: str, message: str) -> None:
    found.findings.add(place(found, part, path), message)


def _check_names(found: Found, topology: Topology) -> None:
    named = []
    for part in ("hosts", "routers", "networks"):
        named += [(under(part, number, "name"), one.name) for number, one in enumerate(getattr(topology, part))]
    named += [("name", topology.name), ("wan", topology.wan.name)]
    counted = Counter(name for _, name in named)
    for path, name in named:
        if counted[name] > 1:
            _refuse(found, "topology", path, f"`{name}` names {counted[name]} things; names are of one thing each")


def _check_networks(found: Found, topology: Topology) -> None:
    taken: dict[str, IPv4Network] = {}
    wan = network_of(topology.wan.cidr)
    for number, one in enumerate(topology.networks):
        path = under("networks", number, "cidr")
        subnet = network_of(one.cidr)
        if subnet is None:
            _refuse(found, "topology", path, f"`{one.cidr}` is no IPv4 network; write for instance 10.1.26.0/24")
            continue
        others = {**taken, **({topology.wan.name: wan} if wan else {})}
        for other, theirs in others.items():
            if subnet.overlaps(theirs):
                _refuse(found, "topology", path, f"`{one.cidr}` overlaps that of `{other}`; give each its own")
        taken[one.name] = subnet


def _rows(topology: Topology) -> Iterator[Row]:
    for number, row in enumerate(topology.net_mappings):
        yield under("net_mappings", number), row.host, row.network, row.ip
    for number, place_ in enumerate(topology.router_mappings):
        yield under("router_mappings", number), place_.router, place_.network, place_.ip


def _check_rows(found: Found, topology: Topology) -> None:
    networks = {one.name: network_of(one.cidr) for one in topology.networks}
    seen: dict[str, str] = {}
    joined: set[tuple[str, str]] = set()
    there = {"host": {one.name for one in topology.hosts}, "router": {one.name for one in topology.routers}}
    for path, node, network, ip in _rows(topology):
        is_host = path.startswith("net_mappings")
        kind = "host" if is_host else "router"
        _check_known(found, under(path, kind), kind, node, there[kind])
        _check_known(found, under(path, "network"), "network", network, networks)
        if (node, network) in joined:
            _refuse(found, "topology", path, f"`{node}` is on `{network}` already; keep one of the two")
        joined.add((node, network))
        subnet = networks.get(network)
        if subnet is not None:
            _check_ip(found, under(path, "ip"), ip, subnet, is_host)
        if ip in seen:
            _refuse(found, "topology", under(path, "ip"), f"`{ip}` is that of `{seen[ip]}` too; give each its own")
        seen[ip] = node


def _check_known(found: Found, path: str, kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        _refuse(
            found, "topology", path, f"the {kind} `{name}` does not exist; {found.suggestions.nearest(name, known)}"
        )


def _check_ip(found: Found, path: str, ip: str, subnet: IPv4Network, is_host: bool) -> None:
    try:
        address = IPv4Address(ip)
    except AddressValueError:
        _refuse(found, "topology", path, f"`{ip}` is no IPv4 address; write one in {subnet}")
        return
    if address not in subnet or address in (subnet[0], subnet[-1]):
        _refuse(found, "topology", path, f"`{ip}` is no host's address in {subnet}; write one that is")
    elif is_host and address == subnet[1]:
        _refuse(found, "topology", path, f"`{ip}` is the gateway's on a container engine; write a later one")


def _check_groups(found: Found, topology: Topology) -> None:
    nodes = {*(one.name for one in topology.hosts), *(one.name for one in topology.routers)}
    for number, group in enumerate(topology.groups):
        for position, name in enumerate(group.nodes):
            _check_known(found, under("groups", number, "nodes", position), "node", name, nodes)
    for number, watched in enumerate(topology.monitoring_targets.tcp):
        path = under("monitoring_targets", "tcp", number, "node")
        _check_known(found, path, "node", watched.node, nodes)


def _check_containers(found: Found) -> None:
    if "containers" not in found.roots:
        return
    hosts = {host.name for host in found.topology.hosts} if found.topology else set[str]()
    names = Counter(one.name for one in found.containers.containers)
    for number, one in enumerate(found.containers.containers):
        path = under("containers", number)
        if (one.image is None) == (one.dockerfile is None):
            _refuse(found, "containers", path, "must have exactly one of image and dockerfile; keep one")
        if one.image is not None and not re.fullmatch(IMAGE, one.image):
            _refuse(found, "containers", under(path, "image"), f"`{one.image[:60]}` is no image; write NAME:TAG")
        if names[one.name] > 1:
            _refuse(found, "containers", path, f"`{one.name}` is the name of two containers; rename one")
    for number, row in enumerate(found.containers.container_mappings):
        for kind, name, known in (("container", row.container, names), ("host", row.host, hosts)):
            if name not in known:
                path = under("container_mappings", number, kind)
                _refuse(
                    found,
                    "containers",
                    path,
                    f"the {kind} `{name}` does not exist; {found.suggestions.nearest(name, known)}",
                )


def _check_training(found: Found, path: str, level: Training) -> None:
    if level.variant_answers and level.answer_variable_name is None:
        _refuse(found, "training", path, "answers by a variable, so it needs `answer_variable_name`; add it")
    elif level.variant_answers and level.answer_variable_name not in found.variables:
        name, known = str(level.answer_variable_name), found.variables
        message = f"the variable `{name}` is not in variables.yml; {found.suggestions.nearest(name, known)}"
        _refuse(found, "training", under(path, "answer_variable_name"), message)
    elif not level.variant_answers and not level.answer:
        _refuse(found, "training", path, "has no `answer`, so nothing would be right; add it")
    if not level.variant_answers and level.answer and level.answer_variable_name:
        message = "goes with `variant_answers` only, and there is an `answer`; keep one of the two"
        _refuse(found, "training", under(path, "answer_variable_name"), message)
    total = sum(hint.hint_penalty for hint in level.hints)
    if total > level.max_score:
        message = f"cost {total} together, more than the level's {level.max_score}; make them cheaper"
        _refuse(found, "training", under(path, "hints"), message)


def _check_question(found: Found, path: str, question: Question) -> None:
    if question.question_type == "MCQ":
        if len(question.choices) < 2:
            _refuse(found, "training", path, "has fewer than two choices; add some")
        elif not any(choice.correct for choice in question.choices):
            _refuse(found, "training", under(path, "choices"), "has no correct choice; mark one")
    if question.question_type != "EMI":
        return
    orders = [option.order for option in question.extended_matching_options]
    if len(orders) < 2:
        _refuse(found, "training", path, "has fewer than two options to match with; add some")
    for number, statement in enumerate(question.extended_matching_statements):
        if statement.correct_option_order not in orders:
            where = under(path, "extended_matching_statements", number)
            _refuse(found, "training", where, "needs the `correct_option_order` of one of the options; write it")
