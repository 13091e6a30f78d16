"""What a service finds in its file system: named volumes, memory, and files of the scenario copied in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ncr.scenario.compose.fields import Context, Fields, base_of, check_keys
from ncr.scenario.compose.keys import GRANT, MOUNT, SOURCE_FILE, VOLUME
from ncr.scenario.compose.networks import NAME, refuse_external
from ncr.scenario.files import LARGEST_COPIED
from ncr.scenario.topology import FileMount, VolumeMount
from ncr.scenario.tree import Node, nearest

_TMPFS_OPTION = re.compile(r"(size|mode|uid|gid|nr_inodes)=\w+|(no)?(exec|suid|dev|atime)|r[ow]")
_BIND_OPTIONS = frozenset(str.split("ro rw z Z cached delegated consistent nocopy"))


@dataclass(slots=True)
class Mounts:
    """Everything mounted in one service, as it is being read."""

    volumes: dict[str, VolumeMount] = field(default_factory=dict)
    files: dict[str, FileMount] = field(default_factory=dict)
    tmpfs: dict[str, str] = field(default_factory=dict)


def declared_volumes(root: Fields) -> tuple[str, ...]:
    """The file's named volumes."""
    node = root.get("volumes")
    members = node.mapping if node else {}
    for name, child in members.items():
        if not re.fullmatch(NAME, name):
            root.context.findings.add(child.mark, f"`{name[:80]}` is no volume name; write letters, digits, - _ .")
        if child.value is not None:
            check_keys(child, VOLUME, root.context)
            fields = Fields(child, root.context)
            refuse_external(fields)
            if (driver := fields.text("driver")) not in (None, "local"):
                fields.add("driver", f"the volume driver `{driver}` is refused; write local, or remove it")
    return tuple(members)


def declared_files(root: Fields, key: str) -> dict[str, str]:
    """The file's configs or secrets: paths inside the scenario by name."""
    found = {}
    node = root.get(key)
    for name, child in node.mapping.items() if node else ():
        check_keys(child, SOURCE_FILE, root.context)
        fields = Fields(child, root.context)
        refuse_external(fields)
        written = fields.text("file")
        if written is None:
            root.context.findings.add(child.mark, f"`{name}` names no file; write `file: ./…`")
        elif path := root.context.directory.resolve_file(written, child.mapping["file"].mark, base_of(child)):
            found[name] = path
    return found


def mounts(fields: Fields, volumes: tuple[str, ...], sources: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """volumes, files and tmpfs of a service."""
    found = Mounts()
    for item in fields.items("volumes"):
        _mount(item, fields.context, volumes, found)
    for item in fields.items("tmpfs"):
        path, _, options = fields.context.fixed(item).partition(":")
        _tmpfs(item, path, options, fields.context, found)
    for key, place in (("configs", "/"), ("secrets", "/run/secrets/")):
        for item in fields.items(key):
            _grant(item, fields.context, sources[key], place, found)
    return {
        "volumes": tuple(found.volumes.values()),
        "files": tuple(found.files.values()),
        "tmpfs": found.tmpfs,
    }


def _mount(node: Node, context: Context, volumes: tuple[str, ...], found: Mounts) -> None:
    if not node.mapping:
        _short(node, context, volumes, found)
        return
    check_keys(node, MOUNT, context)
    fields = Fields(node, context)
    kind, source, target = fields.text("type") or "volume", fields.text("source") or "", fields.text("target") or ""
    if kind == "tmpfs":
        child = fields.get("tmpfs")
        size = Fields(child, context).mib("size", 1, context.maxima.memory_mib) if child else None
        _tmpfs(node, target, f"size={size}m" if size else "", context, found)
    elif kind == "bind":
        _bind(node, source, target, fields.boolean("read_only"), context, found)
    elif kind == "volume":
        _volume(node, source, target, fields.boolean("read_only"), context, volumes, found)
    else:
        fields.add("type", f"the type `{kind}` is refused; write volume, bind or tmpfs")


def _short(node: Node, context: Context, volumes: tuple[str, ...], found: Mounts) -> None:
    source, *rest = context.fixed(node).split(":")
    target, options = (rest[0], ",".join(rest[1:])) if rest else ("", "")
    wrong = set(options.split(",")) - _BIND_OPTIONS if options else set()
    if wrong:
        context.findings.add(node.mark, f"`{sorted(wrong)[0]}` is not an option of a mount here; write ro or rw")
    read_only = "ro" in options.split(",")
    if not rest:
        _volume(node, "", source, False, context, volumes, found)
    elif source.startswith((".", "/", "~")):
        _bind(node, source, target, read_only, context, found)
    else:
        _volume(node, source, target, read_only, context, volumes, found)


def _bind(node: Node, source: str, target: str, read_only: bool, context: Context, found: Mounts) -> None:
    if source.endswith((".sock", "/run", "/run/docker")) and source.startswith("/"):
        context.findings.add(node.mark, f"`{source}` is refused: the engine's socket is root on the machine; remove it")
        return
    path = context.directory.resolve(source, node.mark, base_of(node))
    if path is None or not _is_target(node, target, context):
        return
    if context.directory.size(path) > LARGEST_COPIED:
        limit = f"{LARGEST_COPIED // 2**20} MiB"
        context.findings.add(node.mark, f"`{source}` is over the size limit of {limit}; put it in the image instead")
    if not read_only:
        context.findings.note(node.mark, f"`{source}` is copied in; what the service changes stays in it. Write `:ro`")
    found.files[target] = FileMount(path, target)


def _volume(
    node: Node, source: str, target: str, read_only: bool, context: Context, volumes: tuple[str, ...], found: Mounts
) -> None:
    if source and source not in volumes:
        context.findings.add(node.mark, f"the volume `{source}` is not declared; {nearest(source, volumes)}")
    elif _is_target(node, target, context):
        found.volumes[target] = VolumeMount(source, target, read_only)


def _tmpfs(node: Node, path: str, options: str, context: Context, found: Mounts) -> None:
    for option in filter(None, options.split(",")):
        if not _TMPFS_OPTION.fullmatch(option):
            context.findings.add(
                node.mark, f"`{option}` is not an option of tmpfs; write for instance size=64m,mode=1777"
            )
    if _is_target(node, path, context):
        found.tmpfs[path] = options


def _grant(node: Node, context: Context, sources: Mapping[str, str], place: str, found: Mounts) -> None:
    fields = Fields(node if node.mapping else Node({"source": node}, node.mark), context)
    if node.mapping:
        check_keys(node, GRANT, context)
    source = fields.text("source") or ""
    if source not in sources:
        context.findings.add(node.mark, f"`{source}` is not declared; {nearest(source, sources)}")
        return
    target = fields.text("target") or source
    target = target if target.startswith("/") else place + target
    if any(fields.text(key) not in (None, "0") for key in ("uid", "gid")):
        context.findings.note(
            node.mark, "belongs to root; `uid` and `gid` are dropped, so write a `mode` others can read"
        )
    mode = fields.matching("mode", r"0?o?[0-7]{3,4}", 'write it in quotes, as "0440"')
    found.files[target] = FileMount(sources[source], target, int(mode.replace("o", ""), 8) if mode else None)


def _is_target(node: Node, path: str, context: Context) -> bool:
    right = path.startswith("/") and path.rstrip("/") != "" and ".." not in path.split("/")
    if not right:
        context.findings.add(
            node.mark, f"`{path}` is no place in the service; write an absolute path such as /srv/data"
        )
    return right
