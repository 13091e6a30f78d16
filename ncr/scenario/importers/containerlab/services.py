"""The nodes of a containerlab file as services of a Compose file."""

import math
import re
from typing import Any

from ncr.errors import Invalid
from ncr.scenario.compose.networks import NAME
from ncr.scenario.importers.compose.interpolating import rewritten
from ncr.scenario.importers.compose.labfiles import Lab
from ncr.scenario.importers.containerlab.keys import MAPPED
from ncr.scenario.importers.containerlab.layers import Machine
from ncr.scenario.importers.containerlab.refusals import KINDS
from ncr.scenario.tree import Findings, Node

_MEMORY = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_MIB = {"": 1 / 2**20, "k": 1 / 2**10, "m": 1.0, "g": 2.0**10, "t": 2.0**20}
_SECONDS = {"interval": "interval", "timeout": "timeout", "start-period": "start_period"}


def service(machine: Machine, lab: Lab, findings: Findings) -> dict[str, Any]:
    """A node as a service; what cannot be read is a finding at its place."""
    if not re.fullmatch(NAME, machine.name):
        findings.add(machine.node.mark, f"`{machine.name[:60]}` is no name of a service; write letters, digits and -")
    if "image" not in machine.keys and machine.kind not in KINDS:
        findings.add(machine.node.mark, f"the node `{machine.name[:60]}` has no image, nor inherits one; write `image`")
    reading = _Reading(machine.name, lab, findings)
    made = {MAPPED[key]: getattr(reading, f"read_{key}")(node) for key, node in machine.keys.items() if key in MAPPED}
    return {key: made[key] for key in MAPPED.values() if made.get(key) not in (None, [], {})}


class _Reading:
    """Reads one key after the other; each method is named by its key."""

    def __init__(self, name: str, lab: Lab, findings: Findings) -> None:
        self._name, self._lab, self._findings = name, lab, findings

    def read_image(self, node: Node) -> str:
        return self._text(node)

    def read_cmd(self, node: Node) -> str:
        return self._text(node)

    def read_entrypoint(self, node: Node) -> str:
        return self._text(node)

    def read_env(self, node: Node) -> dict[str, str]:
        if node.value is not None and not isinstance(node.value, dict):
            self._findings.add(node.mark, "`env` must be a mapping NAME: VALUE")
        return {name: self._text(child) for name, child in node.mapping.items() if name != "__IMPORT_ENVS"}

    def read_cpu(self, node: Node) -> float | int | None:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool) and 0 < node.value < 1024:
            return node.value
        self._findings.add(node.mark, "`cpu` must be a number of processors, such as 1.5")
        return None

    def read_memory(self, node: Node) -> str | None:
        match = _MEMORY.fullmatch(node.raw.strip())
        if match is None:
            self._findings.add(node.mark, f"`{node.raw[:40]}` is not a size; write 512mb or 1gb")
            return None
        return f"{max(math.ceil(float(match[1]) * _MIB[match[2].lower()]), 6)}m"

    def read_healthcheck(self, node: Node) -> dict[str, Any]:
        test = node.mapping.get("test")
        if test is None:
            self._findings.add(node.mark, "has no `test`; write test: [CMD, program, argument]")
            return {}
        words = [self._text(item) for item in test.items] if test.items else self._text(test)
        made: dict[str, Any] = {"test": words}
        for key, ours in _SECONDS.items():
            if key in node.mapping:
                made[ours] = f"{self._whole(node.mapping[key], 86_400)}s"
        if "retries" in node.mapping:
            made["retries"] = self._whole(node.mapping["retries"], 1000)
        return made

    def read_ports(self, node: Node) -> list[str]:
        return [item.raw.rpartition(":")[2] for item in node.items if re.search(r"\d", item.raw)]

    def read_binds(self, node: Node) -> list[str]:
        found = []
        for item in node.items:
            source, _, rest = self._text(item).replace("__clabNodeName__", self._name).partition(":")
            inside = self._lab.resolve(source)
            target = rest.partition(":")[0]
            if inside is None or not target:
                continue  # a path of the machine's has been refused
            if self._lab.has(inside):
                found.append(f"./{self._lab.take(inside, 'mounts')}:{target}:ro")
            else:
                self._findings.add(item.mark, f"`{source[:60]}` is not there; add it beside this file or remove it")
        return found

    def _whole(self, node: Node, most: int) -> int:
        if isinstance(node.value, int) and not isinstance(node.value, bool) and 1 <= node.value <= most:
            return node.value
        self._findings.add(node.mark, f"must be a whole number from 1 to {most}")
        return 1

    def _text(self, node: Node) -> str:
        if isinstance(node.value, dict | list):
            self._findings.add(node.mark, "must be a text; put it in quotes")
            return ""
        try:
            return rewritten(node.raw.replace(":=", ":-"), {}, frozenset(), lambda _name, _why: None)
        except Invalid as error:
            self._findings.add(node.mark, error.detail)
            return ""
