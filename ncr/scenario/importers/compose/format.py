"""Compose files and the labs around them: our own environment, kept as near the original as our rules allow."""

import re
from pathlib import Path

from ncr.scenario.importers import sources
from ncr.scenario.importers.compose.files import interpolate_all, take_files
from ncr.scenario.importers.compose.interpolating import dotenv
from ncr.scenario.importers.compose.labfiles import Lab, Planned, lab_of
from ncr.scenario.importers.compose.sheet import Sheet
from ncr.scenario.importers.compose.trim import COMPOSE, Editing, trim
from ncr.scenario.importers.frame import Draft, refuse
from ncr.scenario.importers.furnishing import furnish
from ncr.scenario.importers.naming import slug
from ncr.scenario.importers.report import Report
from ncr.scenario.topology import Topology
from ncr.scenario.tree import Findings, Mark

NAME = "Compose"
FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = frozenset(name.replace(".y", ".override.y") for name in FILES)
_README = re.compile(r"readme(\.[\w-]+)*", re.IGNORECASE)


def recognises(path: Path) -> bool:
    """A directory with a Compose file, or a file that has `services`."""
    file = _file(path)
    return file is not None and (path.is_dir() or file.name in FILES or "services" in sources.keys(file))


def read(path: Path) -> tuple[Draft, Report]:
    """The scenario made of a lab, and the account. Raises ScenarioInvalid with FILE:LINE:COLUMN problems."""
    file = _file(path)
    if file is None:
        raise refuse(Mark(path.name), f"holds no {', '.join(FILES)}")
    root = sources.topology(file)
    services = root.mapping.get("services")
    if services is None or not services.mapping:
        raise refuse(root.mark, "has no services; write at least one under `services`")
    lab, unfit = lab_of(file.parent)
    report = Report(path.resolve().name, NAME)
    text = sources.content(file).decode()
    editing = Editing(file.name, Sheet(text, file.name), root, report)
    interpolate_all(editing, dotenv(lab.text(".env", 65536)) if ".env" in lab.found.files else {})
    _drop_old(editing)
    take_files(editing, lab)
    topology = trim(editing, Planned(lab.taken, Findings()))
    editing.tell()
    _tell_files(lab, unfit, file.name, report)
    return _draft(path, file, editing, lab, topology), report


def _file(path: Path) -> Path | None:
    if path.is_dir():
        return next((path / name for name in FILES if (path / name).is_file()), None)
    return path if path.suffix in (".yml", ".yaml") and path.is_file() else None


def _drop_old(editing: Editing) -> None:
    if "version" in editing.sheet.doc:
        editing.drop(("version",), "is obsolete: every version reads the same")
    for name, service in editing.sheet.doc["services"].items():
        if isinstance(service, dict):
            if service.get("network_mode") in ("bridge", "default") and "network_mode" in service:
                editing.drop(("services", name, "network_mode"), "services are on a network together anyway")
            if "ports" in service:
                editing.decide(("services", name, "ports"), "mapped", "offered inside; nothing on the machine")


def _tell_files(lab: Lab, unfit: list[tuple[Mark, str]], own: str, report: Report) -> None:
    copied = {source: name for name, source in lab.taken.items() if isinstance(source, Path)}
    for name in lab.found.files:
        if name == own:
            continue
        if _README.fullmatch(name) and lab.path / name not in copied:
            lab.taken[name] = lab.path / name
            report.carried(f"file {name}", name, "for the author; participants do not see it")
        elif name in _OVERRIDES:
            report.warn("override", name, "is not merged in; Compose would have: put what it says in the file itself")
            report.left(f"file {name}", "override files are not merged")
        elif lab.path / name in copied or name in lab.taken:
            report.carried(f"file {name}", copied.get(lab.path / name, name))
        elif name == ".env":
            report.mapped(f"file {name}", COMPOSE, "its values stand where they are used")
        else:
            report.left(f"file {name}", "no service refers to it")
    for mark, why in unfit:
        report.warn("not-a-file", mark.file, why)


def _draft(path: Path, file: Path, editing: Editing, lab: Lab, topology: Topology) -> Draft:
    name = file.resolve().parent.name if path.is_dir() or path.name in FILES else path.stem
    about = {"title": _title(lab) or name, "summary": f"Imported from {path.resolve().name}."}
    draft = Draft(slug(name, "lab"), about, editing.sheet.text, files=lab.taken)
    furnish(draft, topology, editing.report)
    return draft


def _title(lab: Lab) -> str | None:
    for name in ("README.md", "readme.md", "README.en.md"):
        if name in lab.found.files:
            heading = re.search(r"^#[ \t]+(\S.{0,150})$", lab.text(name, 65536), re.MULTILINE)
            if heading and "${" not in heading[1] and heading[1].isprintable():
                return heading[1].strip()
    return None
