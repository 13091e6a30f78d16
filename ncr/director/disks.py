"""Disks: a container that writes too much is frozen, then stopped; its team is told, and it stays so until a reset."""

from collections.abc import Mapping

from sqlalchemy import select

from ncr.director.means import Means
from ncr.exercise import journal
from ncr.exercise.tables import Environment
from ncr.runtime.disk import Verdict, verdicts
from ncr.runtime.objects import EXERCISE, GENERATION, INSTANCE, MANAGED, TEAM
from ncr.scenario.shared import SHARED
from ncr.scoring import interventions

FULL = "full"


def watch_disks(means: Means) -> None:
    """Look at every container of this installation once; tell of what is to be done, then do it."""
    settings, engine = means.settings, means.engine
    seen = engine.observe({MANAGED: "1", INSTANCE: means.instance}).containers
    for verdict in verdicts(engine.disk_usage(), seen, settings.disk_soft_mib, settings.disk_hard_mib):
        # The row first: whoever finds the container halted can then know that it is meant.
        _mark(means, verdict)
        if verdict.act == "pause":
            engine.pause(verdict.container)
        else:
            engine.stop(verdict.container, 0.0)


def _mark(means: Means, verdict: Verdict) -> None:
    now = means.clock()
    with means.lead.writing() as session:
        team = verdict.labels.get(TEAM, "")
        whose = Environment.participant_id.is_(None) if team == SHARED else Environment.participant_id == team
        mine = (Environment.exercise_id == verdict.labels.get(EXERCISE, ""), whose)
        row = session.scalars(select(Environment).where(*mine).with_for_update()).one_or_none()
        if row is None or str(row.generation) != verdict.labels.get(GENERATION):
            return
        known, row.health = row.health.get(verdict.service), {**row.health, verdict.service: FULL}
        if known != FULL:
            subject = f"environment:{row.id}"
            journal.record(session, now, row.exercise_id, "disk", subject=subject, why=str(verdict))
            to = ("staff",) if row.participant_id is None else ("teams",)
            interventions.say(session, row.exercise_id, _words(verdict), now, participant_id=row.participant_id, to=to)


def note_health(means: Means, environment_id: str, generation: int, health: Mapping[str, str]) -> dict[str, str]:
    """Write down what was seen, and return it; services halted for a full disk are still called so."""
    with means.lead.writing() as session:
        mine = (Environment.id == environment_id, Environment.generation == generation)
        row = session.scalars(select(Environment).where(*mine).with_for_update()).one_or_none()
        if row is None:
            return dict(health)
        halted = {service: FULL for service, state in row.health.items() if state == FULL}
        row.health = {**health, **halted}
        return row.health


def _words(verdict: Verdict) -> dict[str, str]:
    return {
        "nb": f"Tjenesten {verdict.service} har skrevet {verdict.mib:.0f} MiB og er stanset. Nullstill miljøet.",
        "en": f"The service {verdict.service} has written {verdict.mib:.0f} MiB and is halted. Reset the environment.",
    }
