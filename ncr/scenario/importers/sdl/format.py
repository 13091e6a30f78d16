"""Reads an Open Cyber Range SDL file into a scenario: the door of this room."""

from pathlib import Path
from typing import Any

from ncr.scenario.importers import sources
from ncr.scenario.importers.frame import Draft, refusal
from ncr.scenario.importers.imagetable import NO_TABLE, ImageTable
from ncr.scenario.importers.loose import Places, extras, lowered
from ncr.scenario.importers.naming import as_text, slug, span
from ncr.scenario.importers.report import UNKNOWN, Report
from ncr.scenario.importers.sdl import guide, rules, score, story, traps, world
from ncr.scenario.importers.sdl.making import Making
from ncr.scenario.importers.sdl.model import Sdl
from ncr.scenario.modelwords import validate
from ncr.scenario.tree import Findings

NAME = "Open Cyber Range SDL"
_SUFFIXES = frozenset({".yml", ".yaml", ".sdl"})
# Keys that no other format has at the top.
_OWN = frozenset({"infrastructure", "tlos", "stories", "evaluations"})


def recognises(path: Path) -> bool:
    """Whether this is an SDL file: a name, and a section that only SDL has."""
    keys = sources.keys(path) if path.suffix in _SUFFIXES else frozenset()
    return "name" in keys and (bool(keys & _OWN) or {"nodes", "conditions"} <= keys)


def read(path: Path, table: ImageTable = NO_TABLE) -> tuple[Draft, Report]:
    """The scenario made of the file and the account. Raises ScenarioInvalid with every problem and trap refused."""
    findings = Findings()
    root = lowered(sources.tree(path), Sdl)
    sdl = validate(Sdl, root, findings)
    if sdl is None:
        raise refusal(findings)
    source = rules.Source(root, sdl, findings, Places(root))
    rules.check(source)
    if not findings.problems:
        traps.check(source)
    if findings.problems:
        raise refusal(findings)
    compose: dict[str, Any] = {}
    draft = Draft(slug(sdl.name, "scenario"), {}, compose)
    making = Making(source, table, draft, compose, Report(path.name, NAME))
    _make(making)
    if findings.problems:
        raise refusal(findings)
    return making.draft, making.report


def _make(making: Making) -> None:
    source, report, definition = making.source, making.report, making.draft.definition
    seconds = story.duration_s(source.sdl)
    definition |= {
        "title": source.sdl.name,
        "summary": as_text(source.sdl.description or source.sdl.name),
        "duration": span(seconds),
    }
    world.make(making)
    score.make(making, seconds)
    story.make(making)
    guide.make(making)
    _make_sure_of_a_service(making)
    for trap, path, message in source.warnings:
        report.warn(trap, _place(making, path), message)
    for path in extras(source.sdl):
        report.left(path, UNKNOWN)
    report.finish(source.root)


def _make_sure_of_a_service(making: Making) -> None:
    if "services" in making.compose:
        return
    why = "no machine is deployed, and a scenario has at least one service: an empty one stands in"
    making.compose["services"] = {"nothing": {"image": "ncr/base:bookworm", "command": ["sleep", "infinity"]}}
    making.report.warn("nothing-deployed", "infrastructure", why)


def _place(making: Making, path: str) -> str:
    return f"{making.source.places.of(path)} ({path})"
