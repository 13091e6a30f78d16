"""Reset and restart, by the team within its rule and by staff: what is lost is said first, what came of it after."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.errors import NcrError, NotFound, NotOpen, Refused, TooMany
from ncr.exercise.tables import EntrySession, Environment, Exercise, Participant
from ncr.scenario.shared import SHARED
from ncr.scenario.topology import Scenario
from ncr.scoring import interventions
from ncr.web import views
from ncr.web.catalogue import Words
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
Act = Callable[[Session, Exercise, Environment, bool], Any]


@router.post("/exercises/{exercise_id}/environments/{participant_id}/reset")
def reset(visit: Visiting, exercise_id: str, participant_id: str, form_token: Annotated[str, Form()] = "") -> Response:
    """Build a team's environment anew: staff freely, the team itself by the scenario's rule."""
    require_form(visit, form_token)

    def act(session: Session, exercise: Exercise, environment: Environment, staff: bool) -> None:
        rule = None if staff else visit.site.shelf.get(exercise.digest).definition.environment.reset
        interventions.reset(session, environment.id, visit.site.clock(), asked=rule, who=visit.viewer.login)

    return _done(visit, exercise_id, participant_id, "reset", act)


@router.post("/exercises/{exercise_id}/environments/{participant_id}/restart")
def restart(
    visit: Visiting,
    exercise_id: str,
    participant_id: str,
    form_token: Annotated[str, Form()] = "",
    service: Annotated[str, Form(max_length=63)] = "",
) -> Response:
    """Stop and start one service of a team's environment."""
    require_form(visit, form_token)

    def act(session: Session, exercise: Exercise, environment: Environment, staff: bool) -> None:
        if service not in services_of(visit.site.shelf.get(exercise.digest), participant_id):
            raise NotFound(visit.told("Denne tjenesten finnes ikke."))
        now, who = visit.site.clock(), visit.viewer.login
        interventions.restart(session, environment.id, service, now, by_team=not staff, who=who)

    return _done(visit, exercise_id, participant_id, "restart", act)


def services_of(scenario: Scenario, participant_id: str) -> list[str]:
    """What can be restarted in a participant's environment, or in the shared one."""
    topology = scenario.shared if participant_id == SHARED else scenario.topology
    return list(topology.services) if topology else []


def _done(visit: Visit, exercise_id: str, participant_id: str, what: str, act: Act) -> Response:
    try:
        with visit.site.sessions.begin() as session:
            exercise, audience = find(session, visit, exercise_id)
            environment = views.environment(session, exercise_id, participant_id)
            staff = access.may(visit.viewer, Action.RUN, exercise)
            if not staff and audience.participant != participant_id:
                raise NotFound(visit.told("Dette miljøet finnes ikke."))
            act(session, exercise, environment, staff)
    except (Refused, TooMany) as error:
        what = f"{what}-{_why(error)}"
    return RedirectResponse(f"/exercises/{exercise_id}?said={what}&team={participant_id}", 303)


def _why(error: NcrError) -> str:
    if isinstance(error, NotOpen):
        return "not-open"
    return "often" if isinstance(error, TooMany) else "refused"


def said(visit: Visit, session: Session, exercise_id: str) -> dict[str, str] | None:
    """What came of the act this page follows, in words; the address names it."""
    asked = visit.request.query_params
    player = session.get(Participant, asked.get("team", ""))
    # An address may name anybody; only who is in this exercise is named back.
    name = player.name if player and player.exercise_id == exercise_id else ""
    told = visit.told
    name = told("Felles") if asked.get("team") == SHARED else name
    good = {
        "reset": told("Miljøet til %(team)s bygges på nytt nå.", team=name),
        "restart": told("Tjenesten til %(team)s startes på nytt nå.", team=name),
    }
    bad = {
        "reset-not-open": told("Miljøet ble ikke tilbakestilt: øvelsen er ikke åpen nå. Ingenting er tapt."),
        "reset-refused": told(
            "Miljøet ble ikke tilbakestilt: det bygges alt, er fjernet, eller dere har brukt opp antallet. "
            "Ingenting er tapt."
        ),
        "restart-not-open": told("Tjenesten ble ikke startet på nytt: miljøet er ikke åpent nå."),
        "restart-refused": told(
            "Tjenesten ble ikke startet på nytt: miljøet er ikke klart, eller en annen tjeneste startes på nytt nå."
        ),
        "restart-often": told("Dere har startet tjenester på nytt mange ganger. Vent noen minutter og prøv igjen."),
    }
    code = asked.get("said", "")
    if code in good:
        return {"tone": "good", "text": good[code]}
    return {"tone": "bad", "text": bad[code]} if code in bad else None


def losses(
    session: Session, environment: Environment, scenario: Scenario, playing: bool, told: Words
) -> dict[str, Any]:
    """What the team may do with its environment, and what each costs it, for its page."""
    rule = scenario.definition.environment.reset
    left = max(0, rule.limit - environment.resets)
    cost = told("Det koster %(cost)s poeng.", cost=rule.cost) if rule.cost else told("Det koster ingen poeng.")
    player = environment.participant_id or ""
    lost = reset_words(open_terminals(session, [player]).get(player, 0), told)
    return {
        "may_reset": playing and left > 0 and environment.state != "building",
        "may_restart": playing and environment.state == "open",
        "reset_words": " ".join((lost, cost, _times(left, told))),
        "restart_words": restart_words(told),
        "no_more_resets": playing and left == 0 and rule.limit > 0,
        "services": list(scenario.topology.services),
    }


def reset_words(terminals: int, told: Words) -> str:
    """What a reset takes away."""
    lost = told(
        "Alle filer og alt som kjører i miljøet går tapt, og det tar litt tid før det er klart igjen. "
        "Poengene og det som er løst, beholdes."
    )
    if terminals == 0:
        return lost
    closed = told("Én åpen terminal lukkes.") if terminals == 1 else told("%(n)s åpne terminaler lukkes.", n=terminals)
    return f"{lost} {closed}"


def restart_words(told: Words) -> str:
    """What a restart takes away."""
    return told(
        "Alt som kjører i tjenesten stanser, også terminaler i den, og det som bare ligger i minnet går tapt. "
        "Filene blir liggende. Det koster ingen poeng."
    )


def _times(left: int, told: Words) -> str:
    once = told("Dere kan gjøre det én gang til.")
    return once if left == 1 else told("Dere kan gjøre det %(n)s ganger til.", n=left)


def open_terminals(session: Session, participants: list[str]) -> dict[str, int]:
    """How many terminals each of these has open."""
    mine = (EntrySession.participant_id.in_(participants), EntrySession.kind == "terminal", EntrySession.mode == "own")
    asked = select(EntrySession.participant_id, func.count()).where(*mine, EntrySession.closed_at.is_(None))
    return {player: count for player, count in session.execute(asked.group_by(EntrySession.participant_id))}
