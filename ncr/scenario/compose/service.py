"""Reads one service of a Compose file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ncr.scenario.compose import security
from ncr.scenario.compose.envfile import environment
from ncr.scenario.compose.fields import Context, Fields, base_of, check_keys
from ncr.scenario.compose.keys import BUILD, DEPENDENCY, HEALTHCHECK, SERVICE
from ncr.scenario.compose.limits import limits
from ncr.scenario.compose.mounts import mounts
from ncr.scenario.compose.networks import dns, extra_hosts, memberships, ports
from ncr.scenario.topology import Build, Healthcheck, Network, Service
from ncr.scenario.tree import Node, nearest

Condition = Literal["started", "healthy", "completed"]
_CONDITIONS: Mapping[str, Condition] = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}
# The director waits for it, at a reset and when all is torn down.
LONGEST_STOP_S = 120.0
NO_ROOT = "lies in the root, where nothing can be put then; give it a place in a folder"
_IMAGE = r"[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}"
_USER = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?"
_HOSTNAME = r"(\$\{\w+\}|[a-zA-Z0-9.-]){1,63}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a Compose file declares beside its services."""

    services: frozenset[str]
    networks: Mapping[str, Network]
    volumes: tuple[str, ...]
    sources: Mapping[str, Mapping[str, str]]


def read_service(name: str, node: Node, declared: Declared, context: Context) -> Service:
    """The service; what is wrong with it becomes findings and reads as if it were left out."""
    check_keys(node, SERVICE, context)
    fields = Fields(node, context)
    security.refuse(fields)
    service = _service(name, fields, declared)
    if service.replicas > 1 and any(there.ipv4 for there in service.networks.values()):
        context.findings.add(node.mark, "has one ipv4_address for several replicas; remove one of the two")
    if service.read_only:
        for file in service.files:
            if lies_in_root(file.path):
                context.findings.add(node.mark, f"is read_only, and `{file.path}` {NO_ROOT}")
    return service


def lies_in_root(path: str) -> bool:
    """Whether a file lies in no folder; the engine cannot put one there in a read-only service."""
    return path.rfind("/") == 0


def _service(name: str, fields: Fields, declared: Declared) -> Service:
    return Service(
        name=name,
        networks=memberships(fields, declared.networks),
        depends_on=_depends_on(fields, declared.services),
        ports=ports(fields),
        extra_hosts=extra_hosts(fields),
        dns=dns(fields),
        cap_add=security.capabilities(fields),
        no_new_privileges=not security.allows_new_privileges(fields),
        sysctls=security.sysctls(fields),
        labels=security.labels(fields),
        runtime=security.runtime(fields),
        healthcheck=_healthcheck(fields),
        **_program(fields),
        **mounts(fields, declared.volumes, declared.sources),
        **limits(fields),
    )


def _program(fields: Fields) -> dict[str, Any]:
    image, build = fields.matching("image", _IMAGE, "write NAME:TAG"), _build(fields)
    if image is None and build is None and fields.get("image") is None and fields.get("build") is None:
        fields.context.findings.add(fields.node.mark, "has neither `image` nor `build`; add one")
    return {
        "image": image,
        "build": build,
        "command": fields.words("command"),
        "entrypoint": fields.words("entrypoint"),
        "environment": environment(fields),
        "working_dir": fields.matching("working_dir", r"/.*", "write an absolute path"),
        "user": fields.matching("user", _USER, "write USER or UID:GID"),
        "hostname": _hostname(fields),
        "read_only": fields.boolean("read_only"),
        "init": fields.boolean("init", default=True),
        "tty": fields.boolean("tty"),
        "stdin_open": fields.boolean("stdin_open"),
        "stop_signal": fields.matching("stop_signal", r"(SIG)?[A-Z0-9+-]{1,12}", "write for instance SIGTERM"),
        "stop_grace_s": fields.seconds("stop_grace_period", 10.0, LONGEST_STOP_S),
    }


def _hostname(fields: Fields) -> str | None:
    # A host name may hold a variable, so its shape is checked on the template.
    written = fields.template("hostname")
    return (
        fields.matching("hostname", _HOSTNAME, "write letters, digits and -")
        if written and "$" not in written
        else written
    )


def _build(fields: Fields) -> Build | None:
    node = fields.get("build")
    if node is None:
        return None
    if node.mapping:
        check_keys(node, BUILD, fields.context)
    inner = Fields(node if node.mapping else Node({"context": node}, node.mark), fields.context)
    directory, mark = fields.context.directory, node.mapping.get("context", node).mark
    context = directory.resolve_folder(inner.text("context") or ".", mark, base_of(node))
    if context is None:
        return None
    dockerfile = inner.text("dockerfile") or "Dockerfile"
    found = directory.resolve_file(dockerfile, node.mapping.get("dockerfile", node).mark, context)
    if found is not None and context != "." and not found.startswith(f"{context}/"):
        inner.add("dockerfile", f"`{dockerfile}` is not inside the build's context; move it there")
    args = {name: fields.context.fixed(where) if value and "$" in value else value or ""
            for name, where, value in inner.pairs("args")}  # fmt: skip
    return Build(context, dockerfile, args, inner.text("target"))


def _depends_on(fields: Fields, services: frozenset[str]) -> dict[str, Condition]:
    node = fields.get("depends_on")
    named = node.mapping if node and node.mapping else {fields.context.fixed(i): i for i in fields.items("depends_on")}
    found: dict[str, Condition] = {}
    for name, child in named.items():
        if child.mapping:
            check_keys(child, DEPENDENCY, fields.context)
        inner = Fields(child, fields.context)
        condition = inner.text("condition") or "service_started"
        if name not in services and not inner.boolean("required", default=True):
            fields.context.findings.note(child.mark, f"`{name}` is not here and is not waited for: it is not required")
        elif name not in services:
            fields.context.findings.add(child.mark, f"the service `{name}` is not here; {nearest(name, services)}")
        elif condition not in _CONDITIONS:
            fields.context.findings.add(child.mark, f"`{condition}`: {nearest(condition, _CONDITIONS)}")
        else:
            found[name] = _CONDITIONS[condition]
    for item in fields.items("links"):
        name = fields.context.fixed(item).partition(":")[0]
        if name not in services:
            fields.context.findings.add(item.mark, f"the service `{name}` is not here; {nearest(name, services)}")
        else:
            found.setdefault(name, "started")
    return found


def _healthcheck(fields: Fields) -> Healthcheck | None:
    node = fields.get("healthcheck")
    if node is None:
        return None
    check_keys(node, HEALTHCHECK, fields.context)
    inner = Fields(node, fields.context)
    if inner.boolean("disable"):
        return Healthcheck(("NONE",))
    test = _test(inner)
    return Healthcheck(
        test,
        interval_s=inner.seconds("interval", 30.0),
        timeout_s=inner.seconds("timeout", 30.0),
        start_period_s=inner.seconds("start_period", 0.0),
        retries=inner.whole("retries", 1, 1000) or 3,
    )


def _test(inner: Fields) -> tuple[str, ...]:
    node = inner.get("test")
    if node is None:
        inner.context.findings.add(inner.node.mark, "has no `test`; write test: [CMD, program, argument]")
        return ()
    if not isinstance(node.value, list):
        return ("CMD-SHELL", inner.context.template(node))
    words = tuple(inner.context.template(item) for item in node.items)
    if not words or words[0] not in ("NONE", "CMD", "CMD-SHELL") or (words[0] != "NONE" and len(words) < 2):
        inner.add("test", "must begin with CMD, CMD-SHELL or NONE; write test: [CMD, program, argument]")
    return words
