"""What came of a practice run: why it ended, what was solved and how, and the way on."""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.practice import Run
from ncr.exercise.tables import Exercise
from ncr.scoring.desk import TaskSeen
from ncr.scoring.facts import Kind
from ncr.scoring.progress import Made, progress
from ncr.scoring.tables import FactRow
from ncr.web import practice_catalogue, practice_offers, practice_words, team_page
from ncr.web.catalogue import Words
from ncr.web.durations import length
from ncr.web.render import markdown, span
from ncr.web.visit import Visit


def seen(visit: Visit, session: Session, exercise: Exercise, run: Run) -> dict[str, Any]:
    """What the page of a run that is over shows."""
    told, scenario = visit.told, visit.site.shelf.get(exercise.digest)
    opened = exercise.started_at is not None
    desk = team_page.desk_of(visit, session, exercise, run.participant, scenario) if opened else []
    solved = {each.task.id for each in desk if each.points is not None}
    given_up = {each.task.id for each in desk if each.given_up}
    reached = progress(scenario.definition, [Made(run.id, run.asked_at, False, solved, given_up)])
    times = _times(session, exercise.id)
    points = team_page.own_row(visit, exercise.id, run.participant).get("points", 0) if opened else 0
    return {
        "run": run,
        "opened": opened,
        "failed": run.state == "failed",
        "result": _heading(run, told),
        "why": _why(run, told),
        "kept": _kept(run, told),
        "scenario": run.scenario,
        "key": secrets.token_hex(16),
        "again": practice_catalogue.again(visit, run.scenario, session),
        "facts": _facts(desk, run, points, told),
        "tasks": [_task(each, times, told) for each in desk],
        "left": [each.task.title.get(told.language) for each in desk if each.points is None and not each.given_up],
        "objectives_seen": practice_offers.objectives(reached.objectives, told) if opened else [],
    }


def _times(session: Session, exercise: str) -> Mapping[str, float]:
    """Exercise seconds at which each task was solved."""
    asked = select(FactRow.payload, FactRow.t).where(FactRow.exercise_id == exercise, FactRow.kind == Kind.SUBMITTED)
    return {payload["task"]: t for payload, t in session.execute(asked) if payload["right"]}


def _heading(run: Run, told: Words) -> str:
    name = practice_words.title(run, told)
    if run.state == "failed":
        return told("%(name)s ble ikke klart", name=name)
    return told("%(name)s: ferdig", name=name) if run.started_at else told("%(name)s: forlatt", name=name)


def _why(run: Run, told: Words) -> str:
    if run.state == "failed":
        return told(
            "Noe gikk galt da øvingsmiljøet ditt ble laget. Det er ikke noe du har gjort, "
            "og den som driver NCR, kan se hva."
        )
    said = {
        "finished": told("Du avsluttet økten."),
        "left": told("Du gikk ut før økten begynte."),
        "idle": told("Økten ble avsluttet fordi det ikke hadde skjedd noe på en stund."),
        "disabled": told("Økten ble avsluttet fordi kontoen din ble sperret."),
        "time": told("Tiden var ute."),
    }
    return said.get(run.ended or "", told("Økten ble avsluttet."))


def _kept(run: Run, told: Words) -> str:
    if run.started_at is None:
        return told("Ingenting er tapt. Du kan prøve igjen når du vil.")
    return told("Det du løste, er tatt vare på i framdriften din. Øvingsmiljøet er fjernet.")


def _facts(desk: list[TaskSeen], run: Run, points: float, told: Words) -> list[dict[str, str]]:
    solved = sum(each.points is not None for each in desk)
    hints = sum(hint.text is not None for each in desk for hint in each.hints)
    took_s = (run.ended_at - run.started_at).total_seconds() if run.started_at and run.ended_at else 0
    facts = [
        (told("Løst"), told("%(n)s av %(m)s", n=solved, m=len(desk))),
        (told("Poeng"), f"{points:g}"),
        (told("Tid brukt"), length(took_s, told)),
        (told("Hint brukt"), str(hints)),
    ]
    return [{"name": name, "value": value} for name, value in facts]


def _task(seen: TaskSeen, times: Mapping[str, float], told: Words) -> dict[str, Any]:
    task, language = seen.task, told.language
    is_solved = seen.points is not None
    look, state = ("done", told("Løst")) if is_solved else ("skipped", told("Gitt opp"))
    return {
        "id": task.id,
        "title": task.title.get(language),
        "text": markdown(task.text.get(language)),
        "solved": is_solved,
        "points": told("%(p)s p", p=f"{seen.points or 0:g}"),
        "look": look,
        "state": state,
        "how": _how(seen, times.get(task.id), told),
        "told": is_solved or seen.given_up,
        "solution": markdown(task.explanation.get(language)) if task.explanation else None,
    }


def _how(seen: TaskSeen, t_s: float | None, told: Words) -> str:
    hints = sum(hint.text is not None for hint in seen.hints)
    parts = [told("Løst %(time)s ut i økten.", time=span(t_s))] if t_s is not None else []
    parts += [told("1 hint brukt.") if hints == 1 else told("%(n)s hint brukt.", n=hints)] if hints else []
    parts += [told("1 forsøk.") if seen.tried == 1 else told("%(n)s forsøk.", n=seen.tried)] if seen.tried else []
    return " ".join(parts)
