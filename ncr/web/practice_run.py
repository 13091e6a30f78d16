"""A practice run's page: while it waits and is built, while it runs (a team's page for one), and when it is over."""

from datetime import datetime
from typing import Any

from fastapi.responses import Response
from sqlalchemy.orm import Session

from ncr.access import Audience
from ncr.exercise import practice, queueing
from ncr.exercise.practice import Run
from ncr.exercise.tables import Environment, Exercise
from ncr.scenario.model import Definition
from ncr.scenario.topology import Scenario
from ncr.scoring.progress import Made, progress
from ncr.scoring.solutions import solution
from ncr.web import environments, practice_offers, practice_over, practice_words, team_page, views
from ncr.web.catalogue import Words
from ncr.web.durations import length
from ncr.web.render import date_and_time, page, span
from ncr.web.tasks import Verdict
from ncr.web.visit import Visit


def show(
    visit: Visit,
    session: Session,
    exercise: Exercise,
    audience: Audience,
    verdict: Verdict = None,
    status: int = 200,
    refused: str | None = None,
) -> Response:
    """The page for the student whose run it is; `verdict` is what an answer just got: tone, task and text.

    `refused` says why what was asked for was not done.
    """
    site, now = visit.site, visit.site.clock()
    run = practice.run_of(session, site.shelf, site.settings, exercise.id, now)
    if run.state == "running":
        values = _running(visit, session, exercise, audience, run, verdict)
        name = "practice-run.html"
    elif run.state in ("queued", "preparing", "ready"):
        values = _waiting(views.environment(session, exercise.id, run.participant), run, now, visit.told)
        name = "practice-waiting.html"
    else:
        values = practice_over.seen(visit, session, exercise, run)
        name = "practice-over.html"
    if refused:
        values["said"] = {"tone": "bad", "text": refused}
    title = practice_words.title(run, visit.told)
    return page(visit.request, name, visit.viewer, visit.told, status=status, heading=title, **values)


def _waiting(environment: Environment, run: Run, now: datetime, told: Words) -> dict[str, Any]:
    # The director notes the services once all are made; what is left then is the proof.
    at = practice_words.step(run, is_proving=bool(environment.health))
    elapsed_s = max(0.0, (now - run.asked_at).total_seconds())
    return {"run": run, "phase": at, "exercise_runs": True, **practice_words.waiting(run, at, elapsed_s, told)}


def _running(
    visit: Visit, session: Session, exercise: Exercise, audience: Audience, run: Run, verdict: Verdict
) -> dict[str, Any]:
    values = team_page.seen_by(visit, session, exercise, audience, verdict)
    scenario = visit.site.shelf.get(exercise.digest)
    tasks = [task for _, group in values["categories"] for task in group]
    for task in tasks:
        if task["given_up"] and not task["solved"]:
            task["answer"] = _answer(session, exercise, run.participant, scenario.definition, task["id"], visit.told)
    solved = {task["id"] for task in tasks if task["solved"]}
    reached = progress(scenario.definition, [Made(run.id, run.asked_at, True, solved)])
    return {
        **values,
        # What resets the environment stands beside the clock, in words for one.
        "may_reset": False,
        "no_more_resets": False,
        "run": _steering(visit, run, exercise.time_zone) | _reset_words(session, run, scenario, visit.told),
        "solved": visit.told("%(n)s av %(m)s", n=len(solved), m=len(tasks)),
        "objectives_seen": practice_offers.objectives(reached.objectives, visit.told),
    }


def _answer(
    session: Session, exercise: Exercise, participant: str, definition: Definition, task: str, told: Words
) -> str | None:
    """What to answer, where one answer can be told; of a choice the options' texts."""
    choice = next(each.choice for each in definition.tasks if each.id == task)
    if choice:
        return "; ".join(each.text.get(told.language) for each in choice.options if each.id in choice.correct)
    return solution(session, exercise, participant, definition, task).answer


def _steering(visit: Visit, run: Run, zone: str) -> dict[str, Any]:
    """Time left, and what can be done about the run, with what it costs said first."""
    told, settings, now = visit.told, visit.site.settings, visit.site.clock()
    idle_s = (run.idle_closes_at - now).total_seconds() if run.idle_closes_at else None
    warning_s = queueing.warning_s(settings.practice_idle_s)
    more = length(settings.practice_extension_s, told)
    ends = date_and_time(run.ends_at, zone, told.language) if run.ends_at else ""
    return {
        "left_s": round(run.left_s or 0, 1),
        "idle_s": "" if idle_s is None else round(idle_s, 1),
        "warning_s": warning_s,
        "is_idle": idle_s is not None and idle_s <= warning_s,
        "idle": span(max(0.0, idle_s or 0.0)),
        "left": span(run.left_s or 0),
        "ends_at": run.ends_at,
        "until": told("Økten varer til %(time)s.", time=ends) if ends else told("Klokka står mens økten er på pause."),
        "extensions_left": run.extensions_left,
        "extend_label": told("Forleng med %(time)s", time=more),
        "extend_words": _extend_words(run.extensions_left, more, told),
        "finish_words": told(
            "Øvingsmiljøet ditt fjernes, og alt du har gjort inne i det går tapt. Det du har løst, blir stående i "
            "framdriften din."
        ),
        "leave_words": told(
            "Du kan gå fra siden og komme tilbake: alt står slik du forlot det. Økten avsluttes hvis du ikke gjør noe "
            "på %(time)s; du får et varsel her først.",
            time=length(settings.practice_idle_s, told),
        ),
    }


def _extend_words(left: int, more: str, told: Words) -> str:
    if not left:
        return told("Økten er forlenget så mange ganger som det er lov.")
    times = told("Du kan forlenge én gang til.") if left == 1 else told("Du kan forlenge %(n)s ganger til.", n=left)
    return told("Du får %(time)s mer.", time=more) + " " + times


def _reset_words(session: Session, run: Run, scenario: Scenario, told: Words) -> dict[str, Any]:
    rule = scenario.definition.environment.reset
    left = max(0, rule.limit - run.resets)
    if not left:
        return {"resets_left": 0, "reset_words": told("Miljøet er tilbakestilt så mange ganger som det er lov.")}
    lost = environments.reset_words(
        environments.open_terminals(session, [run.participant]).get(run.participant, 0), told
    )
    cost = told("Det koster %(cost)s poeng.", cost=rule.cost) if rule.cost else told("Det koster ingen poeng.")
    times = told("Du kan gjøre det én gang til.") if left == 1 else told("Du kan gjøre det %(n)s ganger til.", n=left)
    return {"resets_left": left, "reset_words": " ".join([lost, cost, times])}
