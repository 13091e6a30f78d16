"""Finds and reads the challenges of a directory: one challenge, or an event with `.ctf/config` and a folder each."""

import configparser
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ncr.scenario import yamlfile
from ncr.scenario.files import is_unseen
from ncr.scenario.importers import sources
from ncr.scenario.importers.ctfcli import answers
from ncr.scenario.importers.ctfcli.model import TEXTS, Challenge
from ncr.scenario.importers.frame import refusal, refuse
from ncr.scenario.importers.loose import worded
from ncr.scenario.modelwords import validate
from ncr.scenario.tree import Findings, Mark, Node, branch

NAMES = ("challenge.yml", "challenge.yaml")
CONFIG = ".ctf/config"
DEEPEST = 4
MOST_CHALLENGES = 300
MOST_FOLDERS = 2000
_OF_KCTF = frozenset({"apiversion", "kind"})


@dataclass(frozen=True, slots=True)
class Found:
    """A challenge: its folder, how the report and complaints call it (empty for one alone), and what it says."""

    folder: Path
    name: str
    file: str
    root: Node
    challenge: Challenge

    @property
    def opens_at(self) -> datetime | None:
        """When it is made visible."""
        written = self.challenge.scheduled_at
        return moment(written) if written else None


@dataclass(frozen=True, slots=True)
class Event:
    """All that was found: `config` is the event's own file by section, `missing` what it lists that is not there.

    `foreign` are files of the same name that are of another system.
    """

    path: Path
    challenges: tuple[Found, ...]
    config: dict[str, dict[str, str]]
    missing: tuple[str, ...] = ()
    unreadable: Mark | None = None
    foreign: tuple[str, ...] = ()

    @property
    def is_all_hidden(self) -> bool:
        """Whether nothing is visible: then hidden means that the event had not begun, not that one is held back."""
        return all(found.challenge.state == "hidden" for found in self.challenges)

    @property
    def is_event(self) -> bool:
        """Whether it is more than one challenge's own folder."""
        return bool(self.config) or self.unreadable is not None or len(self.challenges) > 1


def looks_right(path: Path) -> bool:
    """Whether this is a challenge's file or folder, or an event's folder."""
    if path.is_dir():
        return (path / CONFIG).is_file() or any((path / name).is_file() for name in NAMES) or bool(_folders(path))
    return path.name in NAMES and {"name", "category"} <= sources.keys(path)


def read_event(path: Path) -> Event:
    """The challenges, in the order of their folders. Raises ScenarioInvalid with every problem of every one."""
    folder = path if path.is_dir() else path.parent
    alone = path if path.is_file() else next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if alone is not None and not (folder / CONFIG).is_file():
        return Event(path, (_read_all([alone], alone.parent)), {})
    config, unreadable = _config(folder / CONFIG)
    every = _folders(folder)
    files = [file for file in every if not sources.keys(file) >= _OF_KCTF]
    if not files:
        raise refuse(Mark(path.name), "holds no challenge.yml; name a challenge's folder, or an event's with them in")
    if len(files) > MOST_CHALLENGES:
        raise refuse(Mark(path.name), f"holds over {MOST_CHALLENGES} challenges; import fewer at a time")
    there = {str(file.parent.relative_to(folder)) for file in files}
    missing = tuple(key for key in config.get("challenges", {}) if str(Path(key)) not in there)
    foreign = tuple(str(file.relative_to(folder)) for file in every if file not in files)
    return Event(path, _read_all(files, folder), config, missing, unreadable, foreign)


def moment(written: str) -> datetime:
    """An aware moment. Raises ValueError for one without an offset, or for no moment at all."""
    found = datetime.fromisoformat(written.strip().replace(" +", "+").replace(" -", "-"))
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found


def _folders(folder: Path) -> list[Path]:
    """The challenges' files below an event's folder, in order; never through links, and not without end."""
    found, waiting, seen = [], [(folder, 0)], 0
    while waiting and seen < MOST_FOLDERS:
        here, depth = waiting.pop()
        seen += 1
        file = next((here / name for name in NAMES if (here / name).is_file()), None)
        if file is not None and depth:
            found.append(file)
        elif depth < DEEPEST:
            with suppress(OSError):
                waiting += [(one, depth + 1) for one in here.iterdir() if _is_folder(one)]
    return sorted(found)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and not is_unseen(path.name)


def _read_all(files: list[Path], base: Path) -> tuple[Found, ...]:
    findings = Findings()
    found = [one for one in (_read(file, base, findings) for file in files) if one is not None]
    names: dict[str, str] = {}
    for one in found:
        if one.challenge.name in names:
            message = f"`{one.challenge.name}` is the name of {names[one.challenge.name]} too; rename one"
            findings.add(one.root.mapping["name"].mark, message)
        names[one.challenge.name] = one.file
    if findings.problems:
        raise refusal(findings)
    return tuple(found)


def _read(file: Path, base: Path, findings: Findings) -> Found | None:
    relative = file.relative_to(base)
    name = "" if len(relative.parts) == 1 else str(relative.parent)
    tree = yamlfile.read(sources.content(file), str(relative), findings)
    if tree is None:
        return None
    root = worded(tree, TEXTS)
    challenge = validate(Challenge, _without_empty(root), findings)
    if challenge is None:
        return None
    _check(root, challenge, findings)
    if challenge.flags:
        answers.check(root, challenge, findings)
    return Found(file.parent, name, str(relative), root, challenge)


def _without_empty(root: Node) -> Node:
    """The tree without keys that stand there with nothing: ctfcli's own template leaves them so."""
    if not isinstance(root.value, dict):
        return root
    kept = {key: child for key, child in root.mapping.items() if child.value is not None}
    return branch(kept, root.mark, root.keys)


def _check(root: Node, challenge: Challenge, findings: Findings) -> None:
    if challenge.scheduled_at:
        try:
            moment(challenge.scheduled_at)
        except ValueError:
            message = f"`{challenge.scheduled_at[:40]}` is no moment with an offset; write 2026-03-01T18:00:00+01:00"
            findings.add(root.mapping["scheduled_at"].mark, message)
    extra = challenge.extra
    if extra and extra.minimum is not None and extra.initial is not None and extra.minimum > extra.initial:
        at = root.mapping["extra"].mapping["minimum"].mark
        findings.add(at, f"`minimum` is above `initial`; write at most {extra.initial}")


def _config(path: Path) -> tuple[dict[str, dict[str, str]], Mark | None]:
    """The event's own file by section, and where it cannot be read: nothing in it is needed, and some encrypt it."""
    if not path.is_file():
        return {}, None
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(sources.content(path).decode(), CONFIG)
    except UnicodeDecodeError:
        return {}, Mark(CONFIG)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [])), (1,))[0]
        return {}, Mark(CONFIG, line)
    return {section: {key: value or "" for key, value in parser.items(section)} for section in parser.sections()}, None
