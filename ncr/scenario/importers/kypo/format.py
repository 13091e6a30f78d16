"""Reads KYPO's topologies and linear trainings into a scenario: the door of this room."""

from pathlib import Path
from typing import Any

from ncr.scenario.importers.frame import Draft, refusal
from ncr.scenario.importers.imagetable import NO_TABLE, ImageTable
from ncr.scenario.importers.kypo import containers, drawn, machines, rules, sources, watched
from ncr.scenario.importers.kypo.levels import Levels
from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.kypo.sources import Found
from ncr.scenario.importers.loose import extras
from ncr.scenario.importers.naming import as_text, slug, span
from ncr.scenario.importers.report import UNKNOWN, Report

NAME = "KYPO / CyberRangeCZ"
USUAL_MIN = 120


def recognises(path: Path) -> bool:
    """Whether this is a topology or a training, or a directory with one."""
    return bool(sources.files_of(path))


def read(path: Path, table: ImageTable = NO_TABLE) -> tuple[Draft, Report]:
    """The scenario made of what is there and the account. Raises ScenarioInvalid with every problem of every file."""
    found = sources.read(path)
    rules.check(found)
    if found.findings.problems:
        raise refusal(found.findings)
    compose: dict[str, Any] = {}
    name = found.topology.name if found.topology else found.training.title if found.training else path.stem
    making = Making(found, table, Draft(slug(name, "sandbox"), {}, compose), compose, Report(path.name, NAME))
    _make(making, name)
    if found.findings.problems:
        raise refusal(found.findings)
    return making.draft, making.report


def _make(making: Making, name: str) -> None:
    found, definition = making.found, making.draft.definition
    training = found.training
    title = training.title if training else name
    definition |= {"title": title, "summary": (training.description if training else None) or title}
    definition["duration"] = span(_minutes(found) * 60)
    machines.make(making)
    watched.make(making)
    containers.make(making)
    levels = Levels(making, drawn.make(making))
    levels.play()
    if levels.tasks:
        definition["tasks"] = levels.tasks
    if training:
        definition["objectives"] = list(training.outcomes)
        _tell_training(making)
    _write_texts(making, title, levels.briefing)
    for part, model in (("topology", found.topology), ("containers", found.containers), ("training", training)):
        for path in extras(model, making.path(part)) if part in found.roots and model is not None else ():
            making.report.left(path, UNKNOWN)
    for part, root in found.roots.items():
        making.report.finish(root, making.path(part))


def _minutes(found: Found) -> int:
    training = found.training
    if training is None:
        return USUAL_MIN
    together = sum(level.estimated_duration or 0 for level in training.levels)
    return training.estimated_duration or together or USUAL_MIN


def _tell_training(making: Making) -> None:
    report = making.report
    told = {
        "title": ("title", ""), "description": ("summary", ""), "outcomes": ("objectives", ""),
        "prerequisites": ("briefing.en.md", ""), "estimated_duration": ("duration", "minutes"),
    }  # fmt: skip
    left = {
        "state": "a scenario is released by planning it",
        "show_stepper_bar": "every task is shown here, with what it waits for",
        "variant_sandboxes": "every team has its own variables here anyway",
    }
    for key in making.found.roots["training"].mapping:
        if key in told:
            report.mapped(making.path("training", key), *told[key])
        elif key in left:
            report.left(making.path("training", key), left[key])


def _write_texts(making: Making, title: str, read: list[str]) -> None:
    training = making.found.training
    words = {"nb": ("Dette bør du kunne", "for dem som leder øvelsen"),
             "en": ("What you should know", "for those who lead the exercise")}  # fmt: skip
    for language, (known, lead) in words.items():
        lines = [f"# {title}", "", *([training.description, ""] if training and training.description else [])]
        if training and training.prerequisites:
            lines += [f"## {known}", "", *(f"* {one}" for one in training.prerequisites), ""]
        making.draft.briefing[language] = as_text("\n".join([*lines, *(f"{one}\n" for one in read)]).rstrip() + "\n")
        guide = "\n".join([f"# {title}: {lead}", *making.guide])
        making.draft.files[f"GUIDE.{language}.md"] = f"{guide.rstrip()}\n".encode()
