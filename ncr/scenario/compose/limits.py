"""What a service may use: memory, processors, processes, open files; above the site's maximum is refused."""

from collections.abc import Mapping
from typing import Any

from ncr.scenario.compose.fields import Fields, check_keys
from ncr.scenario.compose.keys import DEPLOY, LIMITS, RESOURCES, ULIMIT
from ncr.scenario.compose.security import ULIMITS
from ncr.scenario.tree import Node, nearest

LEAST_MEMORY_MIB = 6
MOST_REPLICAS = 20
MOST_ULIMIT = 1_048_576


def limits(fields: Fields) -> dict[str, Any]:
    """memory_mib, cpus, pids, shm_mib, ulimits and replicas, from the service's own keys and from `deploy`."""
    maxima = fields.context.maxima
    deploy = _inside(fields, "deploy", DEPLOY)
    resources = _inside(_inside(deploy, "resources", RESOURCES), "limits", LIMITS)
    if (mode := deploy.text("mode")) not in (None, "replicated"):
        deploy.add("mode", f"`mode: {mode}` is refused; write replicas")
    memory = fields.mib("mem_limit", LEAST_MEMORY_MIB, maxima.memory_mib)
    cpus = fields.real("cpus", 0, maxima.cpus)
    pids = fields.whole("pids_limit", 1, maxima.pids)
    replicas = deploy.whole("replicas", 1, MOST_REPLICAS) or fields.whole("scale", 1, MOST_REPLICAS)
    return {
        "memory_mib": resources.mib("memory", LEAST_MEMORY_MIB, maxima.memory_mib) or memory,
        "cpus": resources.real("cpus", 0, maxima.cpus) or cpus,
        "pids": resources.whole("pids", 1, maxima.pids) or pids,
        "shm_mib": fields.mib("shm_size", 1, maxima.memory_mib) or 16,
        "ulimits": _ulimits(fields),
        "replicas": replicas or 1,
    }


def _inside(fields: Fields, key: str, keys: Any) -> Fields:
    child = fields.get(key)
    if child is None:
        return Fields(Node({}, fields.node.mark), fields.context)
    check_keys(child, keys, fields.context)
    return Fields(child, fields.context)


def _ulimits(fields: Fields) -> Mapping[str, tuple[int, int]]:
    found = {}
    node = fields.get("ulimits")
    for name, child in node.mapping.items() if node else ():
        if name == "nproc":
            fields.context.findings.add(
                child.mark, "`nproc` is refused: it counts all teams together; write pids_limit"
            )
        elif name not in ULIMITS:
            fields.context.findings.add(child.mark, f"the ulimit `{name}` is not known; {nearest(name, ULIMITS)}")
        elif (pair := _ulimit(child, fields)) is not None:
            found[name] = pair
    return found


def _ulimit(node: Node, fields: Fields) -> tuple[int, int] | None:
    if node.mapping:
        check_keys(node, ULIMIT, fields.context)
        both = Fields(node, fields.context)
    else:
        both = Fields(Node({"soft": node, "hard": node}, node.mark), fields.context)
    soft, hard = (both.whole(key, 0, MOST_ULIMIT) for key in ("soft", "hard"))
    if soft is None or hard is None or soft > hard:
        fields.context.findings.add(node.mark, "needs a soft limit and a hard one that is not lower")
        return None
    return soft, hard
