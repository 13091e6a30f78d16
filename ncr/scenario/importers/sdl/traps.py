"""The traps that SDL's parser lets through and Ranger falls into: each refused or warned about by its name."""

from collections import Counter
from collections.abc import Iterator

from ncr.scenario.importers.loose import extras, under
from ncr.scenario.importers.sdl.model import Sdl
from ncr.scenario.importers.sdl.rules import Source
from ncr.scenario.tree import nearest

_SECTIONS = tuple(field.alias or name for name, field in Sdl.model_fields.items())


def check(source: Source) -> None:
    """Problems and warnings for what would have gone wrong, or been lost without a word, on the source's own system."""
    for one in (_speed_zero, _never_runs, _runs_twice, _shared_conditions, _undeployed_conditions, _early,
                _scattered_injects, _absolute, _unknown, _no_addresses):  # fmt: skip
        one(source)


def _speed_zero(source: Source) -> None:
    for key, script in source.sdl.scripts.items():
        if script.speed == 0:
            source.refuse(
                under("scripts", key, "speed"), "speed-zero: time divided by 0 is no time; write 1, or another speed"
            )


def _never_runs(source: Source) -> None:
    told = {event for script in source.sdl.scripts.values() for event in script.events}
    for key in source.sdl.events:
        if key not in told:
            message = "is in no script, so it never happens there; here staff may set it off by hand"
            source.warn("event-in-no-script", under("events", key), message)
    played = {script for story in source.sdl.stories.values() for script in story.scripts}
    for key in source.sdl.scripts:
        if key not in played:
            message = "script-in-no-story: Ranger cannot deploy it; put it in a story, or remove it"
            source.refuse(under("scripts", key), message)


def _runs_twice(source: Source) -> None:
    of_events = Counter(event for script in source.sdl.scripts.values() for event in script.events)
    of_scripts = Counter(script for story in source.sdl.stories.values() for script in story.scripts)
    once = "runs once, at whichever time Ranger meets first; make it two, each with its own name"
    for event, count in of_events.items():
        if count > 1:
            source.refuse(under("events", event), f"event-in-two-scripts: it is in {count} scripts, but {once}")
    for script, count in of_scripts.items():
        if count > 1:
            source.refuse(under("scripts", script), f"script-in-two-stories: it is in {count} stories, but {once}")


def _shared_conditions(source: Source) -> None:
    used = Counter(condition for event in source.sdl.events.values() for condition in set(event.conditions))
    for condition, count in used.items():
        if count > 1:
            source.warn(
                "condition-in-two-events",
                under("conditions", condition),
                f"{count} events wait for it; in Ranger all but one of them happen at once, unasked; here each waits",
            )


def _undeployed_conditions(source: Source) -> None:
    sdl = source.sdl
    asked = {condition for key in sdl.infrastructure if key in sdl.nodes for condition in sdl.nodes[key].conditions}
    for key, event in sdl.events.items():
        for number, condition in enumerate(event.conditions):
            if condition not in asked:
                message = f"condition-on-no-node: no deployed node asks `{condition}`, so Ranger would not wait for it"
                source.refuse(under("events", key, "conditions", number), f"{message}; list it on a node, or remove it")


def _early(source: Source) -> None:
    for script, event in _timed(source):
        conditions = source.sdl.events[event].conditions if event in source.sdl.events else ()
        if conditions and source.sdl.scripts[script].events[event] == 0:
            message = "waits for conditions from the very start, which Ranger may not have set up by then; here it has"
            source.warn("conditional-event-at-zero", under("scripts", script, "events", event), message)


def _timed(source: Source) -> Iterator[tuple[str, str]]:
    for key, script in source.sdl.scripts.items():
        for event in script.events:
            yield key, event


def _scattered_injects(source: Source) -> None:
    sdl = source.sdl
    for key, event in sdl.events.items():
        wanted = set(event.injects)
        for name, node in sdl.nodes.items():
            missing = sorted(wanted - node.injects.keys())
            if name in sdl.infrastructure and missing and wanted & node.injects.keys():
                message = f"inject-not-on-every-node: `{name}` has others of its injects but not `{missing[0]}`"
                source.refuse(under("events", key, "injects"), f"{message}; list it there, or make it two events")
        for number, inject in enumerate(event.injects):
            if not any(inject in sdl.nodes[name].injects for name in sdl.infrastructure if name in sdl.nodes):
                message = f"inject-on-no-node: no deployed node lists `{inject}`, so nothing would be done"
                source.refuse(under("events", key, "injects", number), f"{message}; list it on a vm")


def _absolute(source: Source) -> None:
    for key, evaluation in source.sdl.evaluations.items():
        if evaluation.min_score.absolute is not None:
            message = "Ranger compares it with the sum of every metric in the file; here it is read as of its own only"
            source.warn("absolute-min-score", under("evaluations", key, "min-score", "absolute"), message)


def _unknown(source: Source) -> None:
    for path in extras(source.sdl):
        key = path.rpartition(".")[2]
        known = _SECTIONS if path == key else ()
        right = f"; {nearest(key, known)}" if known else ""
        is_mixed = key != key.lower() and key.lower() in _SECTIONS
        why = f"is in mixed case; write `{key.lower()}`" if is_mixed else f"is no key here and is passed over{right}"
        source.warn("unknown-key", path, f"`{key}` {why}")


def _no_addresses(source: Source) -> None:
    message = "an SDL file says no addresses, ports, images, volumes, time zone or number of teams; NCR chose them"
    source.warn("no-addresses", "infrastructure" if source.sdl.infrastructure else "name", message)
