"""Disks: a container that writes too much is frozen, then stopped; its team is told, and it stays so until a reset."""

from sqlalchemy import select

from ncr.director.means import Means
from ncr.exercise import journal
from ncr.exercise.tables import Environment
from ncr.runtime.disk import Verdict, watch
from ncr.runtime.engine import GENERATION, INSTANCE, MANAGED, TEAM
from ncr.scoring import interventions

FULL = "full"


def watch_disks(means: Means) -> None:
    """Look at every container of this installation once, and tell of what was done."""
    labels = {MANAGED: "1", INSTANCE: means.instance}
    settings = means.settings
    for verdict in watch(means.engine, labels, settings.disk_soft_mib, settings.disk_hard_mib):
        _tell(means, verdict)


def _tell(means: Means, verdict: Verdict) -> None:
    now = means.clock()
    with means.lead.writing() as session:
        mine = Environment.participant_id == verdict.labels.get(TEAM, "")
        row = session.scalars(select(Environment).where(mine).with_for_update()).one_or_none()
        if row is None or str(row.generation) != verdict.labels.get(GENERATION):
            return
        row.health = {**row.health, verdict.service: FULL}
        subject = f"environment:{row.id}"
        journal.record(session, now, row.exercise_id, "disk", subject=subject, why=str(verdict))
        interventions.say(session, row.exercise_id, _words(verdict), now, participant_id=row.participant_id)


def _words(verdict: Verdict) -> dict[str, str]:
    return {
        "nb": f"Tjenesten {verdict.service} har skrevet {verdict.mib:.0f} MiB og er stanset. Nullstill miljøet.",
        "en": f"The service {verdict.service} has written {verdict.mib:.0f} MiB and is halted. Reset the environment.",
    }
