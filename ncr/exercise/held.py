"""What injects hold in an environment until further notice, as its row says: services stopped, networks cut off."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.tables import Environment, Moment

# Inject -> {service, network, until_t} for a cut (`until_t` None: for good), {service} for a service that is stopped.
Held = Mapping[str, Mapping[str, Any]]


def stopped(held: Held) -> set[str]:
    """The services that are to stay stopped."""
    return {one["service"] for one in held.values() if "network" not in one}


def cuts(held: Held) -> set[tuple[str, str]]:
    """The (service, network) that are to stay apart."""
    return {(one["service"], one["network"]) for one in held.values() if "network" in one}


def over(held: Held, t_s: float) -> set[str]:
    """The injects whose cut lasts no longer than until exercise second `t_s`."""
    return {inject for inject, one in held.items() if one.get("until_t") is not None and one["until_t"] <= t_s}


def started(held: Held, service: str) -> dict[str, Any]:
    """The same without whatever keeps the service stopped."""
    return {inject: dict(one) for inject, one in held.items() if "network" in one or one["service"] != service}


def without(held: Held, injects: set[str]) -> dict[str, Any]:
    """The same without what these injects hold."""
    return {inject: dict(one) for inject, one in held.items() if inject not in injects}


def locked(session: Session, environment_id: str, generation: int) -> Environment | None:
    """This making of the environment, its row locked until the transaction ends; None when there is another by now."""
    mine = (Environment.id == environment_id, Environment.generation == generation)
    asked = select(Environment).where(*mine).with_for_update().execution_options(populate_existing=True)
    return session.scalars(asked).one_or_none()


def let_go(session: Session, environment: Environment, why: str) -> None:
    """Hold nothing any more, and say so where it is told what became of the injects."""
    _note(session, environment, set(environment.held), {"undone": why})
    environment.held = {}


def release(session: Session, environment: Environment, injects: set[str], t_s: float) -> dict[str, Any]:
    """Hold no more what these injects hold, as their time is over; what is held then."""
    _note(session, environment, injects, {"back_t": round(t_s, 3)})
    environment.held = without(environment.held, injects)
    return environment.held


def _note(session: Session, environment: Environment, injects: set[str], more: Mapping[str, Any]) -> None:
    asked = select(Moment).where(Moment.exercise_id == environment.exercise_id, Moment.kind == "inject")
    for moment in session.scalars(asked.where(Moment.ref.in_(injects))) if injects else ():
        # In what is shared, whatever came of it there, whoever brought it about.
        owners = [environment.participant_id] if environment.participant_id else list(moment.outcome)
        changed = {owner: {**moment.outcome[owner], **more} for owner in owners if _has_begun(moment, owner)}
        moment.outcome = {**moment.outcome, **changed}


def _has_begun(moment: Moment, owner: str) -> bool:
    return bool(moment.outcome.get(owner, {}).get("state", "met") != "met")
