"""The ways in: every terminal of an environment lets its user in."""

from functools import partial

from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.scenario.model import Entry


def enter(hall: Hall, scribe: Scribe) -> None:
    """Start a shell at every terminal entry of both teams. What web entries lead to may come later."""
    for entry in hall.scenario.definition.entries:
        for team in TEAMS if entry.terminal else ():
            scribe.see(f"entry {entry.id}", f"lets {entry.user} in", team, partial(_enter, hall, entry, team))


def _enter(hall: Hall, entry: Entry, team: str) -> None:
    container = hall.place(team).container(entry.terminal or "")
    seen = hall.engine.exec(container, ["sh", "-c", "exit 0"], user=entry.user)
    if seen.exit_code != 0:
        told = (seen.stderr or seen.stdout).decode(errors="replace").strip()[-300:]
        raise Differs(f"no shell starts as {entry.user} in {entry.terminal} (exit {seen.exit_code}): {told}")
