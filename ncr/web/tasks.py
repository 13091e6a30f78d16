"""Tasks on a team's page: by category, with state, worth, hints and the verdict on the last answer."""

import secrets
from collections.abc import Sequence
from typing import Any

from ncr.scoring.desk import TaskSeen
from ncr.web import handouts
from ncr.web.catalogue import Words
from ncr.web.render import markdown, span

Verdict = tuple[str, str, str] | None


def categories(seen: Sequence[TaskSeen], told: Words, verdict: Verdict) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tasks in words, by category; `verdict` is tone, task and text of what an answer just got."""
    titles = {task.task.id: task.task.title.get(told.language) for task in seen}
    groups: dict[str, list[dict[str, Any]]] = {}
    for task in seen:
        groups.setdefault(task.task.category, []).append(_task(task, titles, told, verdict))
    return list(groups.items())


def _task(seen: TaskSeen, titles: dict[str, str], told: Words, verdict: Verdict) -> dict[str, Any]:
    task, language = seen.task, told.language
    options = task.choice.options if task.choice else ()
    mine = verdict is not None and verdict[1] == task.id
    return {
        "id": task.id,
        "key": secrets.token_hex(8),
        "title": task.title.get(language),
        "text": markdown(task.text.get(language)),
        "value": f"{seen.value:g}",
        "tried": seen.tried,
        "attempts_left": seen.attempts_left,
        "solved": told("Løst: %(p)s poeng.", p=f"{seen.points:g}") if seen.points is not None else None,
        "explanation": markdown(task.explanation.get(language)) if task.explanation else None,
        "given_up": seen.given_up,
        "answer": None,
        "locked": _locked(seen, titles, told) if seen.is_locked else None,
        "files": [handouts.called(name) for name in task.files],
        "options": [{"id": option.id, "text": option.text.get(language)} for option in options],
        "several": task.choice is not None and len(task.choice.correct) > 1,
        "verdict": {"tone": verdict[0], "text": verdict[2]} if mine and verdict else None,
        "hints": [
            {"text": markdown(hint.text.get(language)) if hint.text else None, "cost": hint.cost, "next": hint.next}
            for hint in seen.hints
        ],
    }


def _locked(seen: TaskSeen, titles: dict[str, str], told: Words) -> str:
    if seen.requires:
        return told("Løs først: %(tasks)s.", tasks=", ".join(titles[required] for required in seen.requires))
    return told("Åpner om %(time)s spilltid.", time=span(seen.opens_in_s))
