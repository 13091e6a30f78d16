"""What one part of scenario.yml or play.yml demands of another: references, ids, times; all at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ncr.scenario.tree import Findings, Node, find, nearest
from ncr.scenario.values import parse_duration, parse_moment

IDS = ("entries.*", "tasks.*", "checks.*", "injects.*")
_INNER_IDS = (
    ("tasks.*.choice", "options"),
    ("tasks.*.graded", "rubric"),
    ("injects.*.reply", "expects"),
)
_EXACTLY_ONE = (
    ("tasks.*", ("flag", "answer", "choice", "graded")),
    ("entries.*", ("terminal", "web")),
    ("tasks.*.flag.deliver", ("file", "env")),
    ("tasks.*.answer", ("exact", "regex", "number")),
    ("checks.*.probe", ("http", "tcp", "exec", "script")),
    ("injects.*", ("at", "when")),
    ("injects.*", ("say", "exec", "network", "stop", "start", "restart")),
    ("injects.*.when", ("solved", "check", "manual")),
)
_REFERENCES = (
    ("entries.*.terminal", "service"),
    ("entries.*.web", "service"),
    ("tasks.*.requires.*", "task"),
    ("tasks.*.flag.deliver.service", "service"),
    ("checks.*.service", "service"),
    ("injects.*.exec.service", "service"),
    ("injects.*.network.service", "service"),
    ("injects.*.network.disconnect", "network"),
    ("injects.*.stop", "service"),
    ("injects.*.start", "service"),
    ("injects.*.restart", "service"),
    ("injects.*.when.solved", "task"),
    ("injects.*.when.check", "check"),
    ("duel.services.*", "service"),
    ("duel.between_teams.*", "service"),
)
_MOMENTS = ("tasks.*.opens", "injects.*.at", "scoring.freeze")
_PERIODS = (
    *("checks.*.every", "checks.*.timeout", "duel.tick"),
    *("injects.*.network.for", "injects.*.when.for", "injects.*.reply.within"),
)
_NEEDED_BY_CURVE = {"linear": "decay", "parabolic": "decay", "exponential": "difficulty", "tanh": "solves"}
_PLAY_PARTS = (
    ("solve", "task"), ("wrong", "task"), ("checks", "check"), ("entries", "web entry"), ("after", "inject"),
)  # fmt: skip
# Who may also be a service of shared.yml; of the others, why not.
_SHARABLE = frozenset(
    {
        *("checks.*.service", "injects.*.exec.service", "injects.*.stop", "injects.*.start", "injects.*.restart"),
        *("checks.*.break.service", "checks.*.repair.service", "entries.*.open.service", "after.*.repair.service"),
    }
)
_NOT_SHARABLE = {
    "entries.*.terminal": "all teams would meet in it; let an entry lead to a team's own service",
    "entries.*.web": "an entry leads into a team's own environment; let it lead to a service there",
    "tasks.*.flag.deliver.service": "all teams would find each other's flags there; deliver it to a team's own service",
    "injects.*.network.service": "it is on every team's network at once; stop it, or cut a team's own service off",
    "duel.services.*": "a duel is between teams' own services; name one of them",
    "duel.between_teams.*": "a duel is between teams' own services; name one of them",
}
_PLAY_REFERENCES = (
    ("solve.*.run.entry", "entry"),
    ("checks.*.break.service", "service"),
    ("checks.*.repair.service", "service"),
    ("entries.*.open.service", "service"),
    ("after.*.repair.service", "service"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """The names that may be referred to, by what they name; what could not be read is None and not checked.

    `shared` are the services that all teams share, which only some may refer to.
    """

    names: Mapping[str, Iterable[str] | None]
    shared: frozenset[str] = frozenset()

    def check(self, kind: str, name: str, node: Node, findings: Findings) -> None:
        """A finding unless `name` is a known `kind`."""
        known = self.names.get(kind)
        if known is not None and name not in known:
            findings.add(node.mark, f"the {kind} `{name}` does not exist; {nearest(name, known)}")

    def check_at(self, pattern: str, kind: str, name: str, node: Node, findings: Findings) -> None:
        """The same for what stands at `pattern`, where a service may be one that all teams share, or must not."""
        if kind != "service" or name not in self.shared:
            self.check(kind, name, node, findings)
        elif pattern not in _SHARABLE:
            findings.add(node.mark, f"`{name}` is in shared.yml: {_NOT_SHARABLE[pattern]}")


def known(
    root: Node, services: Iterable[str] | None, networks: Iterable[str] | None, shared: Iterable[str] = ()
) -> Known:
    """What a definition may refer to: its own parts, and the services and networks of its environment."""
    own = {kind: set(ids(root, f"{many}.*")) for kind, many in
           (("task", "tasks"), ("check", "checks"), ("entry", "entries"), ("inject", "injects"))}  # fmt: skip
    pages = {node.mapping["id"].text for node in find(root, "entries.*") if {"id", "web"} <= node.mapping.keys()}
    known = {**own, "web entry": {id for id in pages if id}, "service": services, "network": networks}
    return Known(known, frozenset(shared))


def ids(root: Node, pattern: str) -> list[str]:
    """The ids of the parts at a pattern."""
    return [node.text for node in find(root, f"{pattern}.id") if node.text is not None]


def check_definition(root: Node, names: Known, findings: Findings) -> None:
    """Findings for everything in scenario.yml that does not fit the rest of it."""
    for pattern, kind in _REFERENCES:
        for node in find(root, pattern):
            if node.text is not None:
                names.check_at(pattern, kind, _service_of(pattern, node, findings), node, findings)
    for pattern in IDS:
        _check_unique(find(root, pattern), findings)
    for pattern, inner in _INNER_IDS:
        for owner in find(root, pattern):
            _check_unique(find(owner, f"{inner}.*"), findings)
    for pattern, keys in _EXACTLY_ONE:
        for node in find(root, pattern):
            check_exactly_one(node, keys, findings)
    _check_requires(root, findings)
    _check_times(root, findings)
    for one in (_check_choice, _check_curve, _check_inject, _check_variable, _check_availability, _check_objectives):
        one(root, findings)


def _service_of(pattern: str, node: Node, findings: Findings) -> str:
    name = node.text or ""
    if pattern not in ("entries.*.web", "duel.between_teams.*"):
        return name
    service, _, port = name.rpartition(":")
    if port.isdigit() and not 1 <= int(port) <= 65535:
        findings.add(node.mark, f"`{port}` is not a port; write a number from 1 to 65535")
    return service or name


def check_exactly_one(node: Node, keys: tuple[str, ...], findings: Findings) -> None:
    """A finding unless the mapping has exactly one of the keys."""
    given = [key for key in keys if key in node.mapping]
    if isinstance(node.value, dict) and len(given) != 1:
        what = f"has {' and '.join(given)}" if given else "has none of them"
        findings.add(node.mark, f"must have exactly one of {', '.join(keys)}, and {what}; keep one")


def _check_unique(nodes: Iterator[Node], findings: Findings) -> None:
    seen: dict[str, int] = {}
    for node in nodes:
        own = node.mapping.get("id")
        if own is None or own.text is None:
            continue
        if own.text in seen:
            findings.add(own.mark, f"the id `{own.text}` stands twice (first on line {seen[own.text]}); rename one")
        seen.setdefault(own.text, own.mark.line)


def _check_requires(root: Node, findings: Findings) -> None:
    nodes = {node.mapping["id"].text: node for node in find(root, "tasks.*") if "id" in node.mapping}
    wanted = {name: [item.text for item in find(node, "requires.*")] for name, node in nodes.items()}
    try:
        TopologicalSorter(wanted).prepare()
    except CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        mark = nodes[circle[0]].mapping["requires"].mark
        findings.add(mark, f"tasks require each other: {' → '.join(circle)}; remove one of these")


def _check_times(root: Node, findings: Findings) -> None:
    whole = next((_seconds(node) for node in find(root, "duration")), None)
    for pattern in (*_MOMENTS, *_PERIODS):
        for node in find(root, pattern):
            seconds = _seconds(node)
            if whole is not None and seconds is not None and seconds > whole:
                findings.add(node.mark, f"`{node.text}` is outside the duration of {whole} s; write an earlier time")
    for node in find(root, "checks.*"):
        every, timeout = (node.mapping.get(key) for key in ("every", "timeout"))
        if timeout and (_seconds(timeout) or 0) > ((_seconds(every) if every else None) or 15):
            findings.note(timeout.mark, "is longer than `every`; a check is judged before the next begins")


def _seconds(node: Node) -> int | None:
    try:
        if node.text and node.text.startswith("T"):
            moment = parse_moment(node.text)
            seconds = moment["seconds"] if isinstance(moment, dict) else None
        else:
            seconds = parse_duration(node.value)
    except ValueError:
        return None  # the model says so
    return seconds if isinstance(seconds, int) else None


def _check_choice(root: Node, findings: Findings) -> None:
    for choice in find(root, "tasks.*.choice"):
        options = ids(choice, "options.*")
        for node in find(choice, "correct.*"):
            if node.text is not None and node.text not in options:
                findings.add(node.mark, f"the option `{node.text}` does not exist; {nearest(node.text, options)}")


def _check_curve(root: Node, findings: Findings) -> None:
    for node in find(root, "tasks.*.points"):
        curve, initial, minimum = (node.mapping.get(key) for key in ("curve", "initial", "minimum"))
        needed = _NEEDED_BY_CURVE.get(curve.text or "") if curve else None
        if curve and needed and needed not in node.mapping:
            findings.add(curve.mark, f"the curve `{curve.text}` needs `{needed}`; add it")
        if initial and minimum and isinstance(initial.value, int) and isinstance(minimum.value, int):
            if minimum.value > initial.value:
                findings.add(minimum.mark, f"`minimum` is above `initial`; write at most {initial.value}")
            if initial.value == 0 and needed == "difficulty":
                findings.add(initial.mark, "`initial` is 0; write at least 1")


def _check_inject(root: Node, findings: Findings) -> None:
    rooms = [node.text for node in find(root, "rooms.*") if node.text]
    for node in find(root, "injects.*.to.*"):
        if node.text is not None and node.text not in ("teams", "staff", *rooms):
            findings.add(node.mark, f"nobody is `{node.text}`; {nearest(node.text, ['teams', 'staff', *rooms])}")
    for when in find(root, "injects.*.when"):
        if "check" in when.mapping and "is" not in when.mapping:
            findings.add(when.mark, "`check` needs `is`; write is: down, up, degraded or recovering")
        for key in ("is", "for"):
            if key in when.mapping and "check" not in when.mapping:
                findings.add(when.keys[key], f"`{key}` goes with `check` only; remove it")
        if (manual := when.mapping.get("manual")) and manual.value is False:
            findings.add(manual.mark, "`manual` can only be true; remove it or write true")


def _check_variable(root: Node, findings: Findings) -> None:
    for node in find(root, "variables.*"):
        kind = node.mapping["kind"].text if "kind" in node.mapping else None
        for key, mark in node.keys.items():
            unfit = ("min", "max") if kind in ("password", "text", "name") else ("length",)
            if kind in ("password", "text", "name", "number", "port") and key in unfit:
                findings.add(mark, f"`{key}` means nothing for a {kind}; remove it")
        low, high = (node.mapping[key].value if key in node.mapping else None for key in ("min", "max"))
        least, most = (1, 65535) if kind == "port" else (0, 2**31 - 1)
        low, high = (low if isinstance(low, int) else None), (high if isinstance(high, int) else None)
        if (low if low is not None else 1024 if kind == "port" else 0) > (high if high is not None else most):
            findings.add(node.mark, "`min` is above `max`; write a lower one")
        if kind == "port" and not (least <= (low or 1024) <= most and (high or most) <= most):
            findings.add(node.mark, "a port is from 1 to 65535; write numbers within")


def _check_availability(root: Node, findings: Findings) -> None:
    for node in find(root, "scoring"):
        model = node.mapping["availability"].text if "availability" in node.mapping else "plain"
        if (model == "penalty") != ("penalty" in node.mapping):
            findings.add(node.mark, "`availability: penalty` and `penalty: {…}` go together; write both or neither")


def _check_objectives(root: Node, findings: Findings) -> None:
    there = len(list(find(root, "objectives.*")))
    for node in find(root, "tasks.*.objectives.*"):
        if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value > there:
            findings.add(node.mark, f"the objective {node.value} does not exist; there are {there}, numbered from 1")


def check_play(root: Node, names: Known, findings: Findings) -> None:
    """Findings for everything in play.yml that refers to what is not there."""
    for part, kind in _PLAY_PARTS:
        for name, node in (root.mapping[part].mapping if part in root.mapping else {}).items():
            names.check(kind, name, Node(None, root.mapping[part].keys.get(name, node.mark)), findings)
    for pattern, kind in _PLAY_REFERENCES:
        for node in find(root, pattern):
            if node.text is not None:
                names.check_at(pattern, kind, node.text, node, findings)
    for node in find(root, "solve.*"):
        check_exactly_one(node, ("answer", "answer_from"), findings)
        if "run" in node.mapping and "script" in node.mapping:
            findings.add(node.mark, "has both run and script; keep one")
        if "answer_from" in node.mapping and not {"run", "script"} & node.mapping.keys():
            findings.add(node.mark, "takes its answer from a command, but runs none; add run or script")
