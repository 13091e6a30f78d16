"""The dreiebok on the control page: what happened, what comes and when, why something waits; and having it happen."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.errors import Refused
from ncr.exercise.tables import Exercise
from ncr.scenario.model import Definition, Inject
from ncr.scenario.shared import SHARED
from ncr.scoring import interventions
from ncr.scoring.agenda import Came, Item, Reason, agenda
from ncr.web.catalogue import ROOMS, STATES, Words
from ncr.web.durations import length
from ncr.web.render import clock_time, span
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
Row = dict[str, Any]
FEW = 3


@router.post("/exercises/{exercise_id}/injects/{inject}/fire")
def fire(visit: Visiting, exercise_id: str, inject: str, form_token: Annotated[str, Form()] = "") -> Response:
    """Have a waiting inject happen now."""
    require_form(visit, form_token)
    said = "fired"
    try:
        with visit.site.sessions.begin() as session:
            exercise, _ = find(session, visit, exercise_id)
            access.require(visit.viewer, Action.RUN, exercise)
            interventions.fire(session, exercise_id, inject, visit.site.clock(), who=visit.viewer.login)
    except Refused:
        said = "fire-refused"
    return RedirectResponse(f"/exercises/{exercise_id}?said={said}#h-timeline", 303)


def said(visit: Visit) -> dict[str, str] | None:
    """What came of the act this page follows, in words; the address names it."""
    told = visit.told
    words = {
        "fired": ("good", told("Innspillet utløses nå.")),
        "fire-refused": ("bad", told("Innspillet ble ikke utløst: det har skjedd alt, eller øvelsen pågår ikke.")),
    }
    found = words.get(visit.request.query_params.get("said", ""))
    return {"tone": found[0], "text": found[1]} if found else None


def rows(session: Session, exercise: Exercise, definition: Definition, told: Words) -> list[Row]:
    """The moments in the order they fall, in words."""
    injects = {inject.id: inject for inject in definition.injects}
    return [
        _row(item, injects.get(item.ref) if item.kind == "inject" else None, exercise, definition, told)
        for item in agenda(session, exercise, definition)
    ]


def _row(item: Item, inject: Inject | None, exercise: Exercise, definition: Definition, told: Words) -> Row:
    names = {
        "prepare": told("Klargjøring"),
        "open": told("Åpning"),
        "freeze": told("Poengtavla fryses"),
        "close": told("Slutt"),
        "teardown": told("Opprydding"),
    }
    title = inject.title.get(told.language) if inject and inject.title else item.ref
    at = item.done_at or item.due_at
    return {
        "ref": item.ref,
        "at": _at(item, inject, definition, exercise.scale, told),
        "wall": clock_time(at, exercise.time_zone, told.language) if at else "",
        "what": names.get(item.kind) or title,
        "does": _does(inject, exercise.scale, told) if inject else "",
        "state": item.state,
        "reason": _reason(item.reason, definition, told) if item.reason else "",
        "came": [_came(one, told) for one in item.came] if _has_own(item) else [],
        "may_fire": item.may_fire,
    }


def _has_own(item: Item) -> bool:
    """Whether anything came of it that is not the same for all."""
    return any(one.outcome for one in item.came)


def _at(item: Item, inject: Inject | None, definition: Definition, scale: float, told: Words) -> str:
    if item.offset_s is not None:
        return f"T{'+' if item.offset_s >= 0 else ''}{span(item.offset_s)}"
    when = inject.when if inject else None
    if when is None:
        return "–"
    if when.solved is not None:
        return told("når et lag løser «%(task)s»", task=_task(definition, when.solved, told))
    if when.check is None:
        return told("på ordre")
    wanted = STATES[when.is_ or "down"]
    values = {"check": _check(definition, when.check, told), "state": told(wanted)}
    if not when.for_:
        return told("når «%(check)s» er %(state)s hos et lag", **values)
    lasts = length(when.for_ * scale, told)
    return told("når «%(check)s» har vært %(state)s i %(time)s hos et lag", time=lasts, **values)


def _does(inject: Inject, scale: float, told: Words) -> str:
    if inject.say is not None:
        heard = ", ".join(told(ROOMS.get(room, room)) for room in inject.to)
        return told("melding til %(to)s", to=heard)
    if inject.exec is not None:
        return told("kjører en kommando i %(service)s", service=inject.exec.service)
    if inject.network is not None:
        values = {"service": inject.network.service, "network": inject.network.disconnect}
        if not inject.network.for_:
            return told("kobler %(service)s fra nettet %(network)s", **values)
        lasts = length(inject.network.for_ * scale, told)
        return told("kobler %(service)s fra nettet %(network)s i %(time)s", time=lasts, **values)
    if inject.stop is not None:
        return told("stanser %(service)s", service=inject.stop)
    if inject.start is not None:
        return told("starter %(service)s", service=inject.start)
    return told("starter %(service)s på nytt", service=inject.restart or "")


def _reason(reason: Reason, definition: Definition, told: Words) -> str:
    if reason.why == "solved":
        return _unsolved(reason, definition, told)
    if reason.why == "check":
        return _unmet(reason, definition, told)
    plain = {
        "time": "",
        "paused": told("venter: øvelsen er på pause"),
        "manual": told("venter på at noen i spillstaben utløser det"),
        "environment": _unopened(reason, told),
        "running": told("skjer nå"),
        "ended": told("øvelsen tok slutt først"),
        "skipped": told("spillstaben hoppet over det"),
    }
    return plain[reason.why]


def _unopened(reason: Reason, told: Words) -> str:
    if SHARED in reason.teams:
        return told("venter på det felles miljøet")
    return told("venter på miljøet til %(teams)s", teams=_some(reason.teams, told))


def _unsolved(reason: Reason, definition: Definition, told: Words) -> str:
    task = _task(definition, reason.what, told)
    if not reason.teams:
        return told("venter: ingen lag har løst «%(task)s»", task=task)
    return told("venter på at %(teams)s løser «%(task)s»", teams=_some(reason.teams, told), task=task)


def _unmet(reason: Reason, definition: Definition, told: Words) -> str:
    values = {"check": _check(definition, reason.what, told), "state": told(STATES[reason.state])}
    near = [one for one in reason.lasting if one.state == reason.state]
    if not reason.lasting:
        return told("venter: «%(check)s» er ikke sjekket ennå", check=values["check"])
    if not near:
        return told("venter: «%(check)s» er ikke %(state)s hos noen av lagene som er igjen", **values)
    longest = sorted(near, key=lambda one: -one.lasted_s)
    lasted = _some(
        [told("%(time)s hos %(team)s", time=length(one.lasted_s, told), team=one.name) for one in longest], told
    )
    whole = length(reason.for_s, told)
    return told(
        "venter: «%(check)s» har vært %(state)s i %(lasted)s, av %(whole)s", lasted=lasted, whole=whole, **values
    )


def _some(parts: Sequence[str], told: Words) -> str:
    """The first few, and how many more."""
    shown = ", ".join(parts[:FEW])
    return told("%(some)s og %(n)s til", some=shown, n=len(parts) - FEW) if len(parts) > FEW else shown


def _came(one: Came, told: Words) -> Row:
    """What came of it in one team; what a command wrote is shown as it is."""
    outcome: Mapping[str, Any] = one.outcome
    notes = []
    if outcome.get("until_t") is not None and "back_t" not in outcome and one.state == "done":
        notes.append(told("til T+%(time)s", time=span(outcome["until_t"])))
    if "back_t" in outcome:
        notes.append(told("tilbake fra T+%(time)s", time=span(outcome["back_t"])))
    if "undone" in outcome:
        notes.append(told("gjelder ikke lenger: miljøet er bygd på nytt"))
    if outcome.get("exit_code"):
        notes.append(told("kommandoen endte med kode %(code)s", code=outcome["exit_code"]))
    at = outcome.get("t", outcome.get("met_t"))
    return {
        "name": told("Felles") if one.participant == SHARED else one.name,
        "at": f"T+{span(at)}" if at is not None else "",
        "state": one.state or "waiting",
        "notes": notes,
        "why": outcome.get("why") or (outcome.get("output") if one.state == "failed" else "") or "",
    }


def _task(definition: Definition, id: str, told: Words) -> str:
    return next((task.title.get(told.language) for task in definition.tasks if task.id == id), id)


def _check(definition: Definition, id: str, told: Words) -> str:
    titles = {check.id: check.title for check in definition.checks if check.title}
    return titles[id].get(told.language) if id in titles else id
