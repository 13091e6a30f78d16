"""What keeps teams apart, and flags where they belong: the acts that look for ways around."""

from collections.abc import Callable, Iterable
from functools import partial

from ncr.director.rehearsal import leaks
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.looks import Looks
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.errors import EngineError
from ncr.runtime.isolation import HOST_PORTS, probe
from ncr.runtime.objects import INSTANCE, MANAGED, TEAM
from ncr.scenario.images import images
from ncr.scoring.values import own_flags

Look = Callable[[tuple[leaks.Flag, ...]], Iterable[str]]
LOOK_S = 30.0
# Prints the files below / that hold one of the texts and that whoever runs it can read.
LOOK = 'grep -rlsF -D skip --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev "$@" / 2>/dev/null; exit 0'


class Walls:
    """The acts of isolation and of leaks."""

    def __init__(self, hall: Hall, scribe: Scribe) -> None:
        self._hall, self._scribe = hall, scribe

    def isolation(self) -> None:
        """Neither team reaches the other, nor anything else that it must not."""
        for team, other in (TEAMS, TEAMS[::-1]):
            self._scribe.see("isolation", f"team {other} is out of reach", team, partial(self._sealed, team, other))

    def flags(self) -> None:
        """No flag lies where nobody is meant to find it."""
        looked_for = self._flags()
        looks: tuple[tuple[str, Look], ...] = (
            ("hand-outs", partial(leaks.in_handouts, self._hall.scenario)),
            ("environments", self._in_environments),
            ("images", self._in_images),
            ("what participants can read", self._in_reach),
        )
        for place, look in looks:
            self._scribe.see("flags", f"are not in {place}", "", partial(_none, look, looked_for))

    def _sealed(self, team: str, other: str) -> None:
        engine, mine, theirs = self._hall.engine, self._hall.blueprint(team), self._hall.blueprint(other)
        addresses = [place.ipv4 for spec in theirs.containers for place in spec.attachments if place.ipv4]
        findings = [*self._astray(team), *probe(engine, mine, addresses, HOST_PORTS)]
        if findings:
            raise Differs("; ".join(findings))

    def _astray(self, team: str) -> list[str]:
        """The team's containers that are on a network of the other team."""
        seen = self._hall.engine.observe({MANAGED: "1", INSTANCE: self._hall.blueprint(team).who.instance})
        mine = self._hall.players[team]
        others = {
            name: next((word for word, player in self._hall.players.items() if player == owner), "")
            for name, network in seen.networks.items()
            if (owner := network.labels.get(TEAM, "")) and owner != mine
        }
        names = {spec.name: spec.service or "the gate" for spec in self._hall.blueprint(team).everything}
        return [
            f"{names[name]} is on the network {network} of team {others[network]}"
            for name, box in seen.containers.items()
            if name in names
            for network in box.addresses
            if network in others
        ]

    def _flags(self) -> tuple[leaks.Flag, ...]:
        exercise, definition = self._hall.exercise(), self._hall.scenario.definition
        players = self._hall.players
        own = {team: own_flags(definition, exercise.id, exercise.secret, player) for team, player in players.items()}
        return leaks.flags(definition, own)

    def _in_environments(self, looked_for: tuple[leaks.Flag, ...]) -> list[str]:
        found: dict[str, None] = {}
        for team in TEAMS:
            for words in leaks.in_specs(self._hall.blueprint(team).containers, team, looked_for):
                found[words] = None
        shared = self._hall.shared()
        for words in leaks.in_specs(shared.containers, "", looked_for) if shared else ():
            found[words] = None
        return list(found)

    def _in_images(self, looked_for: tuple[leaks.Flag, ...]) -> list[str]:
        # Teams' own flags are drawn long after images are made.
        shared = [flag for flag in looked_for if not flag.is_own]
        if not shared:
            return []
        looks = Looks(self._hall.engine, {flag.text.encode() for flag in shared})
        found = {service: looks.at(need) for service, need in images(self._hall.scenario).items()}
        return list(leaks.in_images(found, self._desks(), shared))

    def _in_reach(self, looked_for: tuple[leaks.Flag, ...]) -> list[str]:
        """Flags of the teams' own that somebody at a terminal can read without having found anything."""
        found = []
        own = [flag for flag in looked_for if flag.is_own and flag.team == "A"]
        for entry in self._hall.scenario.definition.entries:
            strangers = [flag for flag in own if flag.service != entry.terminal]
            if entry.terminal is None or not strangers:
                continue
            words = [word for flag in strangers for word in ("-e", flag.text)]
            container, engine = self._hall.place("A").container(entry.terminal), self._hall.engine
            try:
                seen = engine.exec(container, ["sh", "-c", LOOK, "look", *words], user=entry.user, timeout_s=LOOK_S)
            except EngineError as error:
                raise Differs(f"nobody can look around as {entry.user} in {entry.terminal}: {error.detail}") from error
            for place in seen.stdout.decode(errors="replace").splitlines():
                tasks = ", ".join(flag.task for flag in strangers)
                found.append(f"{entry.user} reads a flag (of {tasks}) in {place} of {entry.terminal}")
        return found

    def _desks(self) -> set[str]:
        return {entry.terminal for entry in self._hall.scenario.definition.entries if entry.terminal}


def _none(look: Look, looked_for: tuple[leaks.Flag, ...]) -> None:
    found = list(look(looked_for))
    if found:
        raise Differs("; ".join(found))
