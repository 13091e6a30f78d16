"""Reads ctfcli's challenges into a scenario, one or a whole event: the door of this room."""

from pathlib import Path
from typing import Any

from ncr.scenario.importers.ctfcli import accounts, services, tasks
from ncr.scenario.importers.ctfcli.event import looks_right, read_event
from ncr.scenario.importers.ctfcli.making import Making
from ncr.scenario.importers.frame import Draft, refusal
from ncr.scenario.importers.naming import slug, span
from ncr.scenario.importers.report import Report

NAME = "ctfcli"
SHORTEST_S, AFTER_S = 4 * 3600, 3600


def recognises(path: Path) -> bool:
    """Whether this is a challenge.yml, a folder with one, or an event's folder."""
    return looks_right(path)


def read(path: Path) -> tuple[Draft, Report]:
    """The scenario made of the challenges and the account. Raises ScenarioInvalid with every problem of every one."""
    event = read_event(path)
    name = event.challenges[0].challenge.name if not event.is_event else path.resolve().name
    compose: dict[str, Any] = {}
    making = Making(event, Draft(slug(name, "event"), {}, compose), compose, Report(path.name, NAME))
    making.draft.definition |= {"title": name, "summary": _summary(making, name), "duration": span(_duration_s(making))}
    services.make(making)
    tasks.make(making)
    accounts.make(making)
    if making.findings.problems:
        raise refusal(making.findings)
    return making.draft, making.report


def _summary(making: Making, name: str) -> str:
    if not making.event.is_event:
        lines = (making.event.challenges[0].challenge.description or name).strip().splitlines()
        return lines[0] if lines else name
    categories = list(dict.fromkeys(found.challenge.category for found in making.event.challenges))
    return f"{len(making.event.challenges)} × {', '.join(categories)}"


def _duration_s(making: Making) -> int:
    opened = [found.opens_at for found in making.event.challenges if found.opens_at]
    last = int((max(opened) - min(opened)).total_seconds()) if opened else 0
    return max(SHORTEST_S, last + AFTER_S)
