"""Events, scripts and stories of an SDL file as injects, at the moments Ranger would have come to."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import as_text, slug, span
from ncr.scenario.importers.sdl.making import Making, assigned, exact, listed, shown
from ncr.scenario.importers.sdl.model import Event, Sdl
from ncr.scenario.importers.sdl.score import TIMEOUT_S, command_of
from ncr.scenario.importers.sdl.world import PLACE

UNTOLD_S = 3600


@dataclass(frozen=True, slots=True)
class Window:
    """When an event may happen: seconds after the start of the exercise."""

    script: str
    start: Fraction
    end: Fraction


def windows(sdl: Sdl) -> dict[str, Window]:
    """When each event happens: offset ÷ (the story's speed x the script's), counted from the start of it all."""
    found = {}
    for story in sdl.stories.values():
        for script in story.scripts:
            told = sdl.scripts[script]
            speed = exact(story.speed) * exact(told.speed)
            for event, offset in told.events.items():
                found[event] = Window(script, offset / speed, told.end_time / speed)
    return found


def duration_s(sdl: Sdl) -> int:
    """How long the exercise is: to the end of the last script; an hour where nothing is told."""
    ends = [window.end for window in windows(sdl).values()]
    return max(60, math.ceil(max(ends))) if ends else UNTOLD_S


def make(making: Making) -> None:
    """Fill the injects."""
    sdl, report = making.source.sdl, making.report
    planned = windows(sdl)
    for key, event in sdl.events.items():
        _event(making, key, event, planned.get(key))
    for key in sdl.scripts:
        why = "its times are in the injects, speeds reckoned in; the last end-time is the exercise's duration"
        report.mapped(under("scripts", key), "injects.*.at", why)
    for key in sdl.stories:
        report.mapped(under("stories", key), "injects.*.at", "its speed is reckoned into the injects' times")
    used = {name for event in sdl.events.values() for name in event.injects}
    for key in sdl.injects:
        if key in used:
            why = "from whom, to whom and for which objectives: in the guide"
            report.mapped(under("injects", key), "injects.*.exec", why)
        else:
            report.left(under("injects", key), "no event has it, so it never happens there either")


def _event(making: Making, key: str, event: Event, window: Window | None) -> None:
    path = under("events", key)
    when, why = _when(making, key, event, window)
    acts = list(_acts(making, event))
    if not acts:
        acts = [("", {"to": _readers(making, key), "say": as_text(_words(key, event))})]
    made = []
    for name, act in acts:
        inject = making.injects.new(f"{key} {name}" if len(acts) > 1 else key)
        listed(making.draft.definition, "injects").append({"id": inject, "title": event.name or key, **when, **act})
        made.append(inject)
    making.report.mapped(path, f"injects.{made[0]}", f"{why}{f'; {len(made)} injects, one for each' * (len(made) > 1)}")
    if window:
        making.report.mapped(under("scripts", window.script, "events", key), f"injects.{made[0]}", why)
    if event.source:
        page = f"{shown(event.source)} is not fetched: write its page in `say`, or in the guide"
        making.report.left(under(path, "source"), page)


def _when(making: Making, key: str, event: Event, window: Window | None) -> tuple[dict[str, Any], str]:
    if window is None:
        return {"when": {"manual": True}}, "in no script: set off by hand"
    start = math.floor(window.start)
    if not event.conditions:
        rounded = "" if start == window.start else ", rounded down to a second"
        return {"at": f"T+{span(start)}"}, f"at T+{span(start)}{rounded}"
    check = _check_of(making, key, event)
    if check is None:
        why = "its conditions are on several machines, which one `when` cannot ask at once: set off by hand"
        making.report.warn("conditions-on-several-nodes", under("events", key, "conditions"), why)
        return {"when": {"manual": True}}, why
    when: dict[str, Any] = {"check": check, "is": "up"}
    if start:
        when["for"] = span(start)
    opens, closes = f"T+{span(start)}", f"T+{span(math.ceil(window.end))}"
    again = f"; a team whose check fails has it {span(start)} after it is up again" if start else ""
    why = f"when the check {check} is up, never before {opens}{again}; that its window closes at {closes} is not kept"
    message = f"may come after {closes} too, when it could no longer there: a `when` here has no end; staff see it wait"
    making.report.warn("window-end-not-kept", under("events", key, "conditions"), message)
    return {"when": when}, why


def _check_of(making: Making, key: str, event: Event) -> str | None:
    """The check that is up when all the event's conditions are met; None when no one check can ask them."""
    asked = [making.asked[condition] for condition in event.conditions]
    if len(asked) == 1 and len(asked[0]) == 1:
        return asked[0][0][1]
    shared = set.intersection(*({node for node, _ in places} for places in asked))
    if len(shared) != 1 or any(len(places) > 1 for places in asked):
        return None
    check = making.checks.new(f"{key} conditions")
    commands = [command_of(making, condition) for condition in event.conditions]
    together = " && ".join(shlex.join(command) for command in commands)
    checks = making.draft.definition["checks"]
    every = min(int(one["every"].removesuffix("s")) for one in checks)
    checks.append(
        {
            "id": check,
            "title": event.name or key,
            "service": making.services.of(shared.pop()),
            "every": f"{every}s",
            "timeout": f"{min(TIMEOUT_S, every)}s",
            "probe": {"exec": ["sh", "-c", together]},
        }
    )
    return check


def _acts(making: Making, event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in event.injects:
        inject = making.source.sdl.injects[name]
        row = making.table.find(inject.source.name, inject.source.version) if inject.source else None
        command = list(row.command) if row and row.command else [f"{PLACE}/injects/{slug(name, 'script')}"]
        for node, machine in making.machines():
            if name not in machine.injects:
                continue
            user = machine.roles[machine.injects[name]].username
            act = {"service": making.services.of(node), "command": assigned(inject.environment, command), "user": user}
            making.report.mapped(under("nodes", node, "injects", name), "injects.*.exec", f"run as {user}")
            if inject.source and not (row and row.command):
                what = f"{shown(inject.source)} is a placeholder that fails until images/ is filled in"
                making.report.warn("placeholder", under("injects", name, "source"), what)
            yield f"{name} {node}", {"exec": act}


def _readers(making: Making, key: str) -> list[str]:
    roles = {entity.role for entity in making.people().values() if key in entity.events}
    return ["teams"] if not roles or roles & {"Blue", None} else ["staff"]


def _words(key: str, event: Event) -> str:
    return event.description or event.name or key
