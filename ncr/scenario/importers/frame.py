"""The scenario that an import makes, and writing it: whole, proven by the loader's check, or not at all."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ncr.errors import Refused, ScenarioInvalid
from ncr.scenario.importers.report import Report
from ncr.scenario.importers.yamltext import yaml_text
from ncr.scenario.loader import DEFINITION, MAXIMA, PLAY, load
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario
from ncr.scenario.tree import Findings, Mark
from ncr.scenario.values import ID

_FIRST = ("ncr", "id", "version", "title", "summary")


@dataclass(slots=True)
class Draft:
    """The scenario being made.

    `definition` is scenario.yml without `ncr` and `id` (version, title and summary have defaults); `compose` is
    compose.yml, as data or as text; `files` are contents, or the files to copy, by path in the scenario; `comments`
    stand above the top-level keys of scenario.yml that an author must see to.
    """

    id: str
    definition: dict[str, Any]
    compose: dict[str, Any] | str
    play: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes | Path] = field(default_factory=dict)
    briefing: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    def texts(self, header: str = "") -> dict[str, str]:
        """The scenario's own files by name."""
        first = {"ncr": 1, "id": self.id, "version": "0.1.0", "title": self.id, "summary": self.id}
        definition = {**first, **self.definition}
        compose = self.compose if isinstance(self.compose, str) else yaml_text(self.compose)
        return {
            DEFINITION: yaml_text(definition, self.comments, header),
            "compose.yml": compose,
            **({PLAY: yaml_text(self.play)} if self.play else {}),
            **{f"briefing.{language}.md": text for language, text in self.briefing.items()},
        }


def refuse(mark: Mark, message: str) -> ScenarioInvalid:
    """The error for one thing in the source without which there is no scenario; raise it."""
    findings = Findings()
    findings.add(mark, message)
    return refusal(findings)


def refusal(findings: Findings) -> ScenarioInvalid:
    """The error for all that was found wrong with the source; raise it."""
    return ScenarioInvalid("This cannot be imported", findings.sorted_problems())


def write(draft: Draft, report: Report, into: Path, maxima: Maxima = MAXIMA) -> Scenario:
    """Write the scenario to `into`/ID and its report to `into`/ID.import-report.md and .json.

    Raises Refused when ID is no id or is there already, ScenarioInvalid when the result does not pass the check;
    then nothing has been written.
    """
    if not re.fullmatch(ID, draft.id):
        raise Refused(f"`{draft.id}` is no id; choose small letters, digits and - with --id")
    target = into / draft.id
    if os.path.lexists(target):
        raise Refused(f"{target} is there already; choose another --id, or move it away")
    made = _make(into)
    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=into) as place:
            _fill(Path(place) / draft.id, draft, report)
            scenario = load(Path(place) / draft.id, maxima)
            _write_report(Path(place), draft.id, report)
            # The scenario comes last: where it is, all of it is, and its report too.
            for name in _report_names(draft.id):
                (Path(place) / name).replace(into / name)
            (Path(place) / draft.id).rename(target)
    except BaseException:
        _unmake(made)
        raise
    return replace(scenario, path=target)


def _make(folder: Path) -> list[Path]:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _unmake(folders: list[Path]) -> None:
    for folder in folders:
        if not any(folder.iterdir()):
            folder.rmdir()


def _fill(place: Path, draft: Draft, report: Report) -> None:
    header = f"Imported from {report.source} ({report.format}); {draft.id}.import-report.md says what became of what."
    texts: Mapping[str, bytes] = {name: text.encode() for name, text in draft.texts(header).items()}
    contents: dict[str, bytes | Path] = {**draft.files, **texts}
    for name, content in contents.items():
        path = place / _inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copy(content, path)


def _inside(name: str) -> str:
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise Refused(f"`{name}` would be written outside the scenario")
    return name


def _report_names(ident: str) -> tuple[str, str]:
    return f"{ident}.import-report.md", f"{ident}.import-report.json"


def _write_report(place: Path, ident: str, report: Report) -> None:
    words, data = (place / name for name in _report_names(ident))
    words.write_text(report.markdown())
    data.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n")
