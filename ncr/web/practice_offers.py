"""The practice catalogue in words: cards, choices, a scenario's history and its lab."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ncr.exercise.practice import Run
from ncr.scenario.topology import Scenario
from ncr.scoring.progress import Made, Reached
from ncr.web import practice_words
from ncr.web.catalogue import Words
from ncr.web.durations import length
from ncr.web.practice_choice import Offer
from ncr.web.render import date, date_and_time


def difficulties(told: Words) -> dict[str, str]:
    """The levels, easiest first."""
    return {
        "intro": told("Innføring"),
        "easy": told("Lett"),
        "medium": told("Middels"),
        "hard": told("Krevende"),
        "expert": told("Ekspert"),
    }


def lengths(told: Words) -> dict[str, str]:
    """The lengths one can ask for."""
    return {
        "short": told("Inntil 45 minutter"),
        "medium": told("45 minutter til 2 timer"),
        "long": told("Over 2 timer"),
    }


def sorts(told: Words) -> dict[str, str]:
    """The orders one can ask for."""
    return {
        "difficulty": told("Vanskegrad"),
        "length": told("Varighet"),
        "title": told("Tittel"),
        "latest": told("Sist øvd på"),
    }


def found(count: int, told: Words) -> str:
    """How many scenarios a search found."""
    return told("1 scenario passer.") if count == 1 else told("%(n)s scenarioer passer.", n=count)


def card(offer: Offer, run: Run | None, limit: str | None, zone: str, told: Words) -> dict[str, Any]:
    """A scenario in the catalogue: what it is, how far its reader is, and the button, or why there is none."""
    definition, done = offer.definition, offer.progress
    tasks = len(definition.tasks)
    traits = [difficulties(told)[definition.difficulty], length(definition.duration, told)]
    traits += [told("1 oppgave") if tasks == 1 else told("%(n)s oppgaver", n=tasks)] if tasks else []
    aims = len(definition.objectives)
    return {
        "id": definition.id,
        "key": secrets.token_hex(16),
        "title": offer.title,
        "summary": definition.summary.get(told.language),
        "traits": traits,
        "attack": definition.attack,
        "objectives": objectives(done.objectives, told),
        "objectives_words": told("1 øvingsmål") if aims == 1 else told("%(n)s øvingsmål", n=aims),
        "runs": done.runs,
        "solved": len(done.solved),
        "tasks": done.tasks,
        "solved_words": told("%(n)s av %(m)s oppgaver løst", n=len(done.solved), m=done.tasks),
        "done_words": _done(offer, zone, told),
        "run": {"id": run.id, "go_on": practice_words.go_on(run, told)} if run else None,
        "why_not": None if run else limit,
        "start": told("Øv på dette igjen") if done.runs else told("Start"),
    }


def objectives(reached: Sequence[Reached], told: Words) -> list[dict[str, Any]]:
    """Every objective, and how many of the tasks that serve it are solved."""
    return [
        {
            "text": each.text.get(told.language) or next(iter(each.text.values())),
            "tasks": each.tasks,
            "is_reached": 0 < each.tasks == each.solved,
            "count": told("%(n)s av %(m)s", n=each.solved, m=each.tasks),
        }
        for each in reached
    ]


def _done(offer: Offer, zone: str, told: Words) -> str:
    done = offer.progress
    if not done.runs or done.last_at is None:
        return told("Du har ikke øvd på dette ennå.")
    last = told("Sist %(day)s.", day=date(done.last_at, zone, told.language))
    if not done.tasks:
        return last
    if done.finished:
        return " ".join([told("Du har løst alle %(m)s oppgavene.", m=done.tasks), last])
    solved = told("Du har løst %(n)s av %(m)s oppgaver.", n=len(done.solved), m=done.tasks)
    best = [told("Beste økt: %(n)s.", n=done.best)] if done.runs > 1 else []
    return " ".join([solved, *best, last])


def history(runs: Collection[Run], made: Sequence[Made], zone: str, told: Words) -> list[dict[str, Any]]:
    """Somebody's runs of one scenario, newest first."""
    counted = {run.id: len(run.solved - run.given_up) for run in made}
    return [
        {
            "id": run.id,
            "when": date_and_time(run.asked_at, zone, told.language),
            "look": practice_words.look(run),
            "state_words": practice_words.state(run, told),
            "solved": counted.get(run.id, 0),
            "took": _took(run, told),
        }
        for run in runs
    ]


def _took(run: Run, told: Words) -> str:
    if run.started_at is None or run.ended_at is None:
        return "–"
    return length((run.ended_at - run.started_at).total_seconds(), told)


def lab(scenario: Scenario, told: Words) -> dict[str, Any]:
    """What is in the scenario's environment, and the ways into it."""
    topology, kinds = scenario.topology, {True: told("terminal i nettleseren"), False: told("nettside")}
    services, networks = len(topology.services), len(topology.networks)
    return {
        "services": sorted(topology.services),
        "lab_words": told("%(n)s tjenester i %(m)s nett, bare for deg.", n=services, m=max(1, networks)),
        "entries": [
            {"title": entry.title.get(told.language), "kind": kinds[entry.terminal is not None]}
            for entry in scenario.definition.entries
        ],
    }


def counts(counted: Mapping[str, int], runs: int, told: Words) -> list[dict[str, Any]]:
    """Practice as it is now, in numbers."""
    going = counted["preparing"] + counted["running"]
    return [
        {"name": told("Pågår"), "value": counted["running"], "note": ""},
        {"name": told("Klargjøres"), "value": counted["preparing"], "note": ""},
        {"name": told("I kø"), "value": counted["queued"], "note": ""},
        {"name": told("Plass til"), "value": max(0, runs - going), "note": told("av %(n)s samtidig", n=runs)},
        {
            "name": told("Ferdig bygd i beredskap"),
            "value": counted["pool-ready"],
            "note": told("%(n)s bygges", n=counted["pool-preparing"]) if counted["pool-preparing"] else "",
        },
    ]
