"""The guard, as the director sees it: whenever it had to be restored, every environment proves its isolation again."""

from sqlalchemy import select

from ncr.director.means import Means
from ncr.exercise import journal
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.tables import Environment

STANDING = (EnvironmentState.READY, EnvironmentState.OPEN)


def ensure_guard(means: Means) -> None:
    """Have the host's rules in place before anything starts. Raises EngineError when they cannot be: fail closed."""
    restored = list(means.engine.ensure_guard())
    if not restored:
        return
    # Somebody could have got through while it was gone.
    why = f"the guard had to be restored: {', '.join(restored)}"[:500]
    now = means.clock()
    with means.lead.writing() as session:
        journal.record(session, now, None, "restored", subject="guard", why=why)
        for environment in session.scalars(select(Environment).where(Environment.state.in_(STANDING))).all():
            journal.move_environment(session, environment, EnvironmentState.DEGRADED, now, why=why)
