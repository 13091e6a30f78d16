"""`extends`: a service written as another one, in this file or one beside it, with changes."""

from ncr.scenario import yamlfile
from ncr.scenario.compose.fields import Context, Fields, base_of, check_keys
from ncr.scenario.compose.keys import EXTENDS
from ncr.scenario.tree import Node, branch, nearest

_REPLACED = frozenset({"command", "entrypoint", "test"})
_BY_NAME = frozenset({"environment", "labels", "args", "sysctls", "extra_hosts"})
DEEPEST = 8


class Extender:
    """Resolves `extends` within one scenario; each file is read once."""

    def __init__(self, root: Node, context: Context) -> None:
        self._context = context
        self._files: dict[str, Node | None] = {root.mark.file: root}

    def resolve(self, name: str, node: Node, seen: tuple[tuple[str, str], ...] = ()) -> Node:
        """The service with all that it extends written out; a circle or a missing service is a finding."""
        extends = node.mapping.get("extends")
        if extends is None or extends.value is None:
            return node
        here = (node.mark.file, name)
        if here in seen or len(seen) > DEEPEST:
            self._context.findings.add(extends.mark, "`extends` goes in a circle or too deep; break it")
            return node
        base = self._base(extends, (*seen, here))
        return node if base is None else merged(base, node)

    def _base(self, extends: Node, seen: tuple[tuple[str, str], ...]) -> Node | None:
        findings = self._context.findings
        if extends.mapping:
            check_keys(extends, EXTENDS, self._context)
        fields = Fields(extends if extends.mapping else Node({"service": extends}, extends.mark), self._context)
        name, file = fields.text("service") or "", fields.text("file")
        root = self._files[extends.mark.file] if file is None else self._file(file, extends)
        if root is None:
            return None
        services = root.mapping["services"].mapping if "services" in root.mapping else {}
        if name not in services:
            findings.add(extends.mark, f"the service `{name}` is not there; {nearest(name, services)}")
            return None
        return self.resolve(name, services[name], seen)

    def _file(self, written: str, extends: Node) -> Node | None:
        name = self._context.directory.resolve_file(written, extends.mapping["file"].mark, base_of(extends))
        if name is not None and name not in self._files:
            content = self._context.directory.read(name, yamlfile.LARGEST_BYTES)
            self._files[name] = yamlfile.read(content, name, self._context.findings)
        return self._files[name] if name else None


def merged(base: Node, own: Node, key: str = "") -> Node:
    """`own` over `base`: mappings member by member, lists one after the other, anything else replaced."""
    if key in _BY_NAME:
        base, own = _by_name(base), _by_name(own)
    if isinstance(base.value, dict) and isinstance(own.value, dict):
        members = dict(base.value)
        for name, child in own.value.items():
            members[name] = merged(members[name], child, name) if name in members else child
        members.pop("extends" if not key else "", None)
        return branch(members, own.mark, {**base.keys, **own.keys})
    if isinstance(base.value, list) and isinstance(own.value, list) and key not in _REPLACED:
        return branch([*base.value, *own.value], own.mark)
    return own


def _by_name(node: Node) -> Node:
    if not isinstance(node.value, list) or any(item.text is None for item in node.value):
        return node
    members, keys = {}, {}
    for item in node.value:
        name, equals, value = str(item.text).partition("=")
        members[name] = Node(value if equals else None, item.mark, value)
        keys[name] = item.mark
    return branch(members, node.mark, keys)
