"""A service's environment: its env_file and its own entries, which win."""

import re
from collections.abc import Mapping

from ncr.scenario.compose.fields import Fields, base_of, check_keys
from ncr.scenario.compose.keys import ENV_FILE
from ncr.scenario.interpolation import literal
from ncr.scenario.tree import Mark, Node

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)")
# Looked for from where spaces begin only: from each of many it would take for ever.
_COMMENT = re.compile(r"(?<!\s)\s+#")
_NAME = re.compile(r"[^\s=\x00-\x1f]{1,200}")


def environment(fields: Fields) -> Mapping[str, str]:
    """Names and templates; a file's values are literal."""
    found: dict[str, str] = {}
    for item in fields.items("env_file") if not _is_single(fields) else [fields.node.mapping["env_file"]]:
        found |= _file(item, fields)
    own = fields.templates("environment")
    for name in own:
        if not _NAME.fullmatch(name):
            fields.add("environment", f"`{name[:80]}` is no name of a variable; write letters, digits and _")
    return found | own


def _is_single(fields: Fields) -> bool:
    child = fields.get("env_file")
    return child is not None and bool(child.mapping)


def _file(node: Node, fields: Fields) -> dict[str, str]:
    if node.mapping:
        check_keys(node, ENV_FILE, fields.context)
        fields = Fields(node, fields.context)
    written = (fields.text("path") or "") if node.mapping else fields.context.fixed(node)
    directory, findings = fields.context.directory, fields.context.findings
    if node.mapping and not fields.boolean("required", default=True) and not directory.has(written, base_of(node)):
        findings.note(node.mark, f"`{written}` is not there and is left out, as it is not required")
        return {}
    name = directory.resolve_file(written, node.mark, base_of(node), largest=256 * 1024)
    if name is None or not directory.spend(name, node.mark):
        return {}
    found = {}
    for number, line in enumerate(directory.read(name).decode(errors="replace").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            findings.add(Mark(name, number), "is not NAME=VALUE; correct the line or begin it with #")
        else:
            found[match[1]] = literal(_unquoted(match[2]))
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return _COMMENT.split(value, maxsplit=1)[0]
