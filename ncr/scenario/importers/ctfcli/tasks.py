"""Challenges as tasks: texts, points, answers, hints, what is required, hand-outs, and how they are solved."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath
from typing import Any

from ncr.scenario.files import LARGEST_HANDOUT, Directory
from ncr.scenario.importers.ctfcli import answers, scripts
from ncr.scenario.importers.ctfcli.event import Found
from ncr.scenario.importers.ctfcli.making import DESK, Making
from ncr.scenario.importers.ctfcli.model import HintFields
from ncr.scenario.importers.naming import as_text, span

MOST_ATTEMPTS, LONGEST_EXPLANATION = 1000, 32 * 1024
_RUNS = {".py": "python3", ".sh": "sh"}


def make(making: Making) -> None:
    """Fill the tasks and play.yml."""
    _refuse_circles(making)
    opened = [found.opens_at for found in making.event.challenges if found.opens_at]
    first = min(opened) if opened else None
    made: list[dict[str, Any]] = []
    for found in making.event.challenges:
        made += _tasks(making, found, first)
    making.draft.definition["tasks"] = made


def _tasks(making: Making, found: Found, first: datetime | None) -> Iterator[dict[str, Any]]:
    challenge, name = found.challenge, making.id(found)
    shared = {
        "title": challenge.name,
        "text": _text(making, found),
        "category": challenge.category,
        **_opens(making, found, first),
    }
    right = answers.answers(challenge) if challenge.flags else [_judged(making, found)]
    parts = [name if number == len(right) else f"{name}-{number}" for number in range(1, len(right) + 1)]
    # All flags are wanted, so the points wait for the last; the others stand for what is found on the way.
    for part, answer in zip(parts[:-1], right[:-1], strict=True):
        yield {"id": part, **shared, "points": 0, **answer}
    last = {"id": name, **shared, "points": _points(making, found), **right[-1]}
    requires = [*parts[:-1], *_required(making, found)]
    yield {
        **last,
        **({"requires": requires} if requires else {}),
        **({"hints": [_hint(hint) for hint in challenge.hints]} if challenge.hints else {}),
        **_attempts(making, found),
        **_files(making, found),
        **_solution(making, found, parts),
    }


def _text(making: Making, found: Found) -> str:
    challenge = found.challenge
    text = challenge.description or challenge.name
    if challenge.attribution:
        text += f"\n\n{challenge.attribution}"
    if reached := making.reached.get(challenge.name):
        text += f"\n\n`{reached}`"
    elif challenge.connection_info:
        text += f"\n\n{challenge.connection_info}"
    return as_text(text)


def _judged(making: Making, found: Found) -> dict[str, Any]:
    worth = max(1, found.challenge.value or 1)
    where = str(found.root.mapping["name"].mark)
    making.report.warn("no-flags", where, "no flag is told, so a person has to judge it here")
    return {"graded": {"rubric": [{"id": "solved", "max": worth, "text": found.challenge.name}]}}


def _points(making: Making, found: Found) -> int | dict[str, Any]:
    challenge, extra = found.challenge, found.challenge.extra
    path = making.path(found, "extra")
    initial = extra.initial if extra and extra.initial is not None else challenge.value
    if extra is None or initial is None or extra.minimum is None or extra.decay is None:
        if extra is not None:
            making.report.left(path, "a value that falls needs initial, minimum and decay")
        if challenge.value is None and initial is None:
            where = str(found.root.mapping["name"].mark)
            making.report.warn("no-value", where, "no value is told, so it gives 100 points here")
        return challenge.value if challenge.value is not None else initial if initial is not None else 100
    curve = {"linear": "linear", "logarithmic": "parabolic"}[extra.function]
    making.report.mapped(path, f"tasks.{making.id(found)}.points", f"the curve {curve}, the same values solve by solve")
    decay: float = int(extra.decay) if extra.decay == int(extra.decay) else extra.decay
    return {"curve": curve, "initial": initial, "minimum": min(extra.minimum, initial), "decay": decay}


def _hint(hint: HintFields) -> dict[str, Any]:
    text = f"**{hint.title}**\n\n{hint.content}" if hint.title else hint.content
    return {"text": as_text(text), "cost": hint.cost}


def _attempts(making: Making, found: Found) -> dict[str, Any]:
    attempts = found.challenge.attempts
    return {"attempts": attempts} if 0 < attempts <= MOST_ATTEMPTS else {}


def _opens(making: Making, found: Found, first: datetime | None) -> dict[str, Any]:
    if found.opens_at and first:
        return {"opens": f"T+{span(int((found.opens_at - first).total_seconds()))}"}
    is_held_back = found.challenge.state == "hidden" and not making.event.is_all_hidden
    return {"opens": "T-0s"} if is_held_back else {}


def _required(making: Making, found: Found) -> list[str]:
    wanted = found.challenge.requirements
    known = {other.challenge.name: making.id(other) for other in making.event.challenges}
    found_ids = []
    for number, one in enumerate(wanted.prerequisites if wanted else ()):
        if isinstance(one, str) and one in known:
            found_ids.append(known[one])
            continue
        what = "a number in the installation it came from" if isinstance(one, int) else "not among what is imported"
        where = str(found.root.mapping["requirements"].mark)
        making.report.warn("unknown-requirement", where, f"`{one}` is {what}; write it under `requires` by hand")
        making.report.left(making.path(found, "requirements", *_way(found), number), f"`{one}` is {what}")
    return list(dict.fromkeys(found_ids))


def _way(found: Found) -> tuple[str, ...]:
    return ("prerequisites",) if found.root.mapping["requirements"].mapping else ()


def _refuse_circles(making: Making) -> None:
    by_name = {found.challenge.name: found for found in making.event.challenges}
    wanted: dict[str, list[str]] = {}
    for name, found in by_name.items():
        needed: Iterable[str | int] = found.challenge.requirements.prerequisites if found.challenge.requirements else ()
        wanted[name] = [one for one in needed if isinstance(one, str) and one in by_name]
    try:
        TopologicalSorter(wanted).prepare()
    except CycleError as error:
        circle = [str(name) for name in reversed(error.args[1])]
        message = f"challenges require each other: {' → '.join(circle)}; remove one of these"
        making.refuse(by_name[circle[0]], "requirements", message)


def _files(making: Making, found: Found) -> dict[str, Any]:
    directory = Directory(found.folder, making.findings)
    if found.challenge.files:
        directory.survey()
    made: dict[str, None] = {}
    nodes = found.root.mapping["files"].items if found.challenge.files else []
    told = [node for node in nodes if node.value is not None]
    for node, written in zip(told, found.challenge.files, strict=True):
        # Some events name their hand-outs from the event's folder on.
        own = written.removeprefix(f"{found.name}/")
        name = directory.resolve_file(own, node.mark, largest=LARGEST_HANDOUT)
        if name is None:
            continue
        to = f"files/{making.id(found)}/{PurePosixPath(name).name}"
        if to in made:
            making.findings.add(node.mark, f"`{PurePosixPath(name).name}` is the name of two hand-outs; rename one")
        making.draft.files[to] = found.folder / name
        made[to] = None
    return {"files": list(made)} if made else {}


def _solution(making: Making, found: Found, parts: list[str]) -> dict[str, Any]:
    _play_known(making, found, parts)
    solution = found.challenge.solution
    if solution is None:
        return {}
    path, name = making.path(found, "solution"), making.id(found)
    source = scripts.read(making, found, "solution", solution.path)
    if source is None:
        return {}
    suffix = PurePosixPath(solution.path).suffix
    if suffix in _RUNS and not (suffix == ".py" and "parse" in scripts.unfit(source, solution.path)):
        file = f"play/{name}{suffix}"
        making.draft.files[file] = source.encode()
        told = (
            ["--connection-info", making.reached[found.challenge.name]]
            if name in making.compose["services"] and found.challenge.name in making.reached
            else []
        )
        run = {"entry": DESK, "command": [_RUNS[suffix], f"/{file}", *told]}
        making.draft.play.setdefault("solve", {})[name] = {"run": run, "answer_from": "stdout"}
        making.report.mapped(path, f"play.solve.{name}", "run at the desk; the last line it prints is the answer")
        return {}
    if solution.state == "hidden" or len(source) > LONGEST_EXPLANATION:
        making.tell(found, source)
        making.report.mapped(path, "GUIDE.en.md", "for those who lead the exercise only")
        return {}
    making.report.mapped(path, f"tasks.{name}.explanation", "read when it is solved, or the exercise has ended")
    return {"explanation": as_text(source)}


def _play_known(making: Making, found: Found, parts: list[str]) -> None:
    if not found.challenge.flags:
        return
    solve, wrong = making.draft.play.setdefault("solve", {}), making.draft.play.setdefault("wrong", {})
    for part, answer in zip(parts, answers.known(found.challenge), strict=True):
        if answer is not None:
            solve[part] = {"answer": answer}
        if (refused := answers.wrong(found.challenge)) is not None:
            wrong[part] = refused
