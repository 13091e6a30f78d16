"""Hand-outs: the files in a scenario's folder `files`, called by their path inside it."""

from os.path import normpath
from pathlib import Path, PurePosixPath

from ncr.scenario.files import is_unseen
from ncr.scenario.topology import Scenario

FOLDER = "files"


def names(scenario: Scenario) -> list[str]:
    """Every hand-out of the scenario."""
    folder = scenario.path / FOLDER
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path.as_posix() for path in found if not any(map(_is_hidden, path.parts)))


def called(written: str) -> str:
    """What a hand-out is called that a task writes as files/NAME."""
    return PurePosixPath(normpath(written)).relative_to(FOLDER).as_posix()


def place(scenario: Scenario, name: str) -> Path:
    """Where one of `names` lies."""
    return scenario.path / FOLDER / name


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or is_unseen(part)
