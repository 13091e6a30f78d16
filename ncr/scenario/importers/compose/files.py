"""What a Compose file says about files: each is copied into the scenario, or it is said why not."""

import re
from typing import Any

from ruamel.yaml.scalarstring import ScalarString

from ncr.errors import Invalid
from ncr.scenario.importers.compose.interpolating import rewritten
from ncr.scenario.importers.compose.labfiles import Lab
from ncr.scenario.importers.compose.sheet import Path
from ncr.scenario.importers.compose.trim import KNOWN, Editing
from ncr.scenario.interpolation import interpolate, settled

COPIED = "copied in and read-only: each container has a copy of its own"
EMPTY = "is not in the lab: a folder for what the service writes, so a volume"
_ENV = 256 * 1024
_ENV_LINE = re.compile(r"\s*(#.*|(export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=.*)?")


def interpolate_all(editing: Editing, values: dict[str, str]) -> None:
    """Give every variable that is not ours its value or default."""
    for path, text in list(editing.sheet.scalars()):
        if "$" not in text:
            continue
        told: dict[str, str] = {}
        try:
            new = rewritten(text, values, KNOWN, told.__setitem__)
        except Invalid as error:
            editing.wrong(path, error.detail)
            continue
        for name, why in told.items():
            editing.decide(path, "mapped", f"${{{name}}} {why}")
        if new != text:
            editing.sheet.put(path, _like(text, new))


def take_files(editing: Editing, lab: Lab) -> None:
    """Copy what services build from, mount and read their environment from, and write the paths as they now are."""
    services = editing.sheet.doc.get("services")
    for name in list(services) if isinstance(services, dict) else []:
        here: Path = ("services", name)
        if not isinstance(services[name], dict):
            continue
        _take_build(editing, lab, (*here, "build"), str(name))
        _take_mounts(editing, lab, (*here, "volumes"), str(name))
        for path in _paths(editing, (*here, "env_file"), "path"):
            _take_environment(editing, lab, path)
        _take_one(editing, lab, (*here, "extends", "file"), "extends")
    for key in ("configs", "secrets"):
        declared = editing.sheet.doc.get(key)
        for name in list(declared) if isinstance(declared, dict) else []:
            _take_one(editing, lab, (key, name, "file"), key)


def _like(old: Any, new: str) -> str:
    return type(old)(new) if isinstance(old, ScalarString) else new


def _at(editing: Editing, path: Path) -> Any:
    try:
        return editing.sheet.get(path)
    except (KeyError, IndexError, TypeError):
        return None


def _text(editing: Editing, path: Path) -> str | None:
    value = _at(editing, path)
    try:
        return interpolate(settled(value, KNOWN), {}) if isinstance(value, str) else None
    except Invalid:
        return None


def _paths(editing: Editing, path: Path, key: str) -> list[Path]:
    """The places of a path that may stand alone, in a list, or under `key` in either."""
    value = _at(editing, path)
    places = [(*path, at) for at in range(len(value))] if isinstance(value, list) else [path]
    return [(*place, key) if isinstance(_at(editing, place), dict) else place for place in places]


def _take_one(editing: Editing, lab: Lab, path: Path, apart: str) -> None:
    written = _text(editing, path)
    inside = lab.resolve(written) if written is not None else None
    if inside is not None and lab.has(inside):
        _moved(editing, path, inside, lab.take(inside, apart))


def _moved(editing: Editing, path: Path, inside: str, place: str) -> None:
    if place != inside:
        editing.decide(path, "mapped", f"copied to {place}")
        editing.sheet.put(path, f"./{place}")


def _take_build(editing: Editing, lab: Lab, path: Path, service: str) -> None:
    if isinstance(_at(editing, path), dict):
        if "context" not in editing.sheet.get(path):
            editing.sheet.get(path)["context"] = "."
        path = (*path, "context")
    _take_one(editing, lab, path, f"images/{service}")


def _take_environment(editing: Editing, lab: Lab, path: Path) -> None:
    written = _text(editing, path)
    inside = lab.resolve(written) if written is not None else None
    if inside is None or inside not in lab.found.files:
        return
    place = lab.take(inside, "env")
    lines = lab.text(inside, _ENV).lstrip("\ufeff").splitlines()
    if any(not _ENV_LINE.fullmatch(line) for line in lines):
        lab.taken[place] = ("\n".join(map(_env_line, lines)) + "\n").encode()
        editing.warn(
            "env_file", path, f"NAME: VALUE is NAME=VALUE in {inside} now, and lines that set nothing comments"
        )
    _moved(editing, path, inside, place)


def _env_line(line: str) -> str:
    pair = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*:\s+(.*)", line)
    if pair:
        return f"{pair[1]}={pair[2]}"
    return line if _ENV_LINE.fullmatch(line) else f"# {line}"


def _take_mounts(editing: Editing, lab: Lab, path: Path, service: str) -> None:
    value = _at(editing, path)
    for at in range(len(value)) if isinstance(value, list) else ():
        if isinstance(value[at], dict):
            _take_long(editing, lab, (*path, at), service)
        else:
            _take_short(editing, lab, (*path, at), service)


def _take_short(editing: Editing, lab: Lab, path: Path, service: str) -> None:
    source, *rest = (_text(editing, path) or "").split(":")
    if not rest or not source.startswith("."):
        return
    options = [option for option in ",".join(rest[1:]).split(",") if option and option != "rw"]
    place = _bound(editing, lab, path, source, service)
    if place is None:
        return
    if place == "":
        editing.sheet.put(path, rest[0])
    else:
        options = options if "ro" in options else ["ro", *options]
        editing.sheet.put(path, f"./{place}:{rest[0]}:{','.join(options)}")


def _take_long(editing: Editing, lab: Lab, path: Path, service: str) -> None:
    source = _text(editing, (*path, "source"))
    if _at(editing, (*path, "type")) != "bind" or source is None:
        return
    place = _bound(editing, lab, path, source, service)
    if place == "":
        editing.sheet.put(path, str(_at(editing, (*path, "target"))))
    elif place is not None:
        editing.sheet.put((*path, "source"), f"./{place}")
        editing.sheet.get(path)["read_only"] = True


def _bound(editing: Editing, lab: Lab, path: Path, source: str, service: str) -> str | None:
    """Where a bound file or folder is in the scenario; empty for a folder not there, None when it stays as written."""
    inside = lab.resolve(source)
    if inside is None:
        return None
    if lab.has(inside):
        place = lab.take(inside, f"mounts/{service}")
        editing.decide(path, "mapped", COPIED + (f", from {place}" if place != inside else ""))
        return place
    if inside in lab.found.folders or "." not in inside.split("/")[-1]:
        editing.decide(path, "mapped", f"`{source}` {EMPTY}")
        editing.warn("empty-folder", path, f"`{source}` {EMPTY}")
        return ""
    return None
