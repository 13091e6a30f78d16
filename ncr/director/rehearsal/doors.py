"""The ways in: every terminal of an environment lets its user in, and every web entry leads to a page that answers."""

from functools import partial

from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.patience import Patience, until
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.runtime import player
from ncr.scenario.model import Entry


def enter(hall: Hall, scribe: Scribe, patience: Patience) -> None:
    """Go in by every entry of both teams. A page that participants bring about is first opened as play.yml says."""
    plays = hall.scenario.play.entries if hall.scenario.play else {}
    for entry in hall.scenario.definition.entries:
        name = f"entry {entry.id}"
        for team in TEAMS:
            if entry.terminal:
                scribe.see(name, f"lets {entry.user} in", team, partial(_enter, hall, entry, team))
                continue
            is_open = True
            if entry.id in plays:
                work = partial(player.act, hall.engine, hall.place(team), plays[entry.id].open)
                is_open = scribe.see(name, "is opened", team, work)
            if is_open:
                scribe.see(name, "answers", team, partial(_visit, hall, entry, team, patience.start_s))


def _enter(hall: Hall, entry: Entry, team: str) -> None:
    container = hall.place(team).container(entry.terminal or "")
    seen = hall.engine.exec(container, ["sh", "-c", "exit 0"], user=entry.user)
    if seen.exit_code != 0:
        told = (seen.stderr or seen.stdout).decode(errors="replace").strip()[-300:]
        # The engine says why, and at times hangs up before it does.
        why = f"no shell starts as {entry.user} in {entry.terminal} (exit {seen.exit_code})"
        raise Differs(f"{why}: {told}" if told else why)


def _visit(hall: Hall, entry: Entry, team: str, within_s: float) -> None:
    seen = until(lambda: hall.visit(team, entry), lambda seen: seen.state == "up", within_s)
    if seen.state != "up":
        raise Differs(f"no page comes from {entry.web} within {within_s:g} s: {seen.message}")
