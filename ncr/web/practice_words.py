"""A practice run in words: where it stands, what it waits for, and why a limit says no."""

from typing import Any

from ncr.exercise.practice import Limited, Reason, Run
from ncr.web.catalogue import Words
from ncr.web.durations import length, roughly
from ncr.web.render import span

SOON_S = 4.0
LONG_S = 120.0
STEPS = ("waiting", "images", "building", "proving", "ready")


def refusal(limited: Limited, told: Words) -> str:
    """Why the limit says no."""
    numbers: dict[str, Any] = {"most": "", "waiting": "", **limited.numbers}
    said = {
        Reason.SITE_CLOSED: told("Egentrening er slått av her. Spør den som driver NCR hos dere."),
        Reason.NOT_FOR_PRACTICE: told("Dette scenarioet er laget for øvelser med lag, ikke for egentrening."),
        Reason.NOT_PROVEN: told("Denne versjonen tilbys ikke til egentrening: den har ikke bestått generalprøven her."),
        Reason.MOST_RUNS: told(
            "Du har %(most)s økter i gang, og flere kan du ikke ha samtidig. Avslutt en av dem først.",
            most=numbers["most"],
        ),
        Reason.NOT_RUNNING: told("Økten er ikke i gang, så dette går ikke nå. Ingenting ble endret."),
        Reason.NO_MORE_EXTENSIONS: told("Økten er forlenget så mange ganger som det er lov."),
        Reason.ROOM_PROMISED: told("Økten kan ikke forlenges: en planlagt øvelse trenger plassen."),
        Reason.OTHERS_WAIT: told(
            "Økten kan ikke forlenges: %(waiting)s står i kø for å komme til.", waiting=numbers["waiting"]
        ),
    }
    return said[limited.reason]


def title(run: Run, told: Words) -> str:
    """The scenario's title in the reader's language."""
    return run.title.get(told.language) or next(iter(run.title.values()))


def row(run: Run, told: Words) -> dict[str, Any]:
    """A run on a list: what it is, where it stands, and the way on."""
    return {
        "id": run.id,
        "title": title(run, told),
        "look": look(run),
        "state_words": state(run, told),
        "words": _standing(run, told),
        "go_on": go_on(run, told),
    }


def look(run: Run) -> str:
    """The class of the run's state on a page."""
    return "waiting" if run.state == "queued" else run.state


def go_on(run: Run, told: Words) -> str:
    """What the way to the run's page is called."""
    return told("Gå videre") if run.state == "running" else told("Følg med")


def state(run: Run, told: Words) -> str:
    """Where the run is in its life, in a word or two."""
    words = {
        "queued": told("i kø"),
        "preparing": told("klargjøres"),
        "ready": told("klar"),
        "running": told("pågår"),
        "failed": told("mislyktes"),
    }
    return words.get(run.state, told("ferdig") if run.started_at else told("forlatt"))


def _standing(run: Run, told: Words) -> str:
    if run.state == "running":
        left = length(_minutes(run.left_s or 0), told)
        return told("%(time)s igjen. Alt står slik du forlot det.", time=left)
    if run.state == "queued":
        return " ".join([_place(run, told), estimate(run, told)])
    return estimate(run, told)


def _minutes(seconds: float) -> float:
    return seconds // 60 * 60 if seconds >= 60 else seconds


def _place(run: Run, told: Words) -> str:
    if (run.position or 1) == 1:
        return told("Du er først i køen.")
    return told("Du er nummer %(n)s i køen.", n=run.position)


def estimate(run: Run, told: Words) -> str:
    """How long it will take until it is ready, as far as is known."""
    if run.estimate_s is None:
        return told("Hvor lang tid det tar, er ikke målt her ennå.")
    time = roughly(run.estimate_s, told)
    # Whoever is before in the queue may finish sooner than they have to.
    return told("Klart om %(time)s, kanskje før.", time=time) if _waits(run) else told("Klart om %(time)s.", time=time)


def _waits(run: Run) -> bool:
    return run.state == "queued" and (run.estimate_s or 0) > LONG_S


def step(run: Run, is_proving: bool) -> str:
    """Which of STEPS the run is at; `is_proving` says that all is made and only the proof is left."""
    if run.state == "queued":
        return "waiting"
    if run.environment == "building":
        return "proving" if is_proving else "building"
    return "ready" if run.environment in ("ready", "open") else "images"


def waiting(run: Run, at: str, elapsed_s: float, told: Words) -> dict[str, Any]:
    """What the page of a run that is not there yet shows; `at` is one of STEPS."""
    # The first in the queue is mostly let in at the next tick; only one who waits longer has met a full machine.
    queued = run.state == "queued" and ((run.position or 1) > 1 or elapsed_s > SOON_S)
    says = {
        "waiting": _place(run, told) if queued else told("Setter i gang …"),
        "images": told("Finner fram det miljøet er laget av."),
        "building": told("Bygger øvingsmiljøet ditt."),
        "proving": told("Prøver at alt virker, og at miljøet er skjermet fra alle andre."),
        "ready": told("Øvingsmiljøet ditt er klart. Åpner …"),
    }
    names = (told("Venter på plass"), told("Finner fram det som trengs"), told("Bygger"), told("Prøver"), told("Klart"))
    now = STEPS.index(at)
    return {
        "say": says[at],
        "estimate": estimate(run, told),
        "elapsed": span(elapsed_s),
        "elapsed_s": round(elapsed_s, 1),
        # Without an estimate the line only moves: half a truth would be a lie.
        "total_s": None if run.estimate_s is None else round(elapsed_s + max(run.estimate_s, 1.0), 1),
        "steps": [
            {"text": name, "when": "past" if place < now else "now" if place == now else "next"}
            for place, name in enumerate(names)
        ],
        "leave": told("Gå ut av køen") if queued else told("Avbryt"),
        "meanwhile": told("Du beholder plassen selv om du går til en annen side. Maskinen er full akkurat nå.")
        if queued
        else told("Du kan gå til en annen side imens. Miljøet bygges videre, og økten begynner når det er klart."),
    }
