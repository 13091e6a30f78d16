"""Cases: an environment with all that belongs to it, and the blueprint drawn from that."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.db import reading
from ncr.director.addresses import pieces
from ncr.director.means import Means
from ncr.errors import Invalid
from ncr.exercise.tables import Environment, Exercise, Participant, Subnet
from ncr.runtime.blueprint import CONTROL, Blueprint, blueprint, networks_needed
from ncr.runtime.identity import Identity
from ncr.runtime.outfit import SiteLimits
from ncr.scenario.interpolation import TEAM
from ncr.scenario.shared import SHARED, nickname, nicknames, shared_part
from ncr.scenario.topology import Scenario
from ncr.scoring.values import common_values, own_flags, own_values


@dataclass(frozen=True, slots=True)
class Case:
    """An environment, its exercise and its participant as read just now, and the scenario; rows are only read.

    For what the teams share, the participant stands for nobody, and the scenario is the shared part. `teams` are the
    participants by number, when something is shared.
    """

    environment: Environment
    exercise: Exercise
    participant: Participant
    scenario: Scenario
    teams: tuple[str, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether it is what the teams share."""
        return self.participant.id == SHARED

    def nickname(self, participant: str) -> str:
        """What a participant is called towards what is shared; empty when nothing is."""
        return nickname(self.teams.index(participant) + 1) if participant in self.teams else ""

    def told_of(self, participant: str) -> dict[str, str]:
        """The variables by which a command in what is shared knows which team it is about."""
        return {TEAM: self.nickname(participant)} if self.is_shared and participant in self.teams else {}

    def identity(self, instance: str) -> Identity:
        """Whose objects these are on the engine."""
        participant = self.participant
        called = self.nickname(participant.id)
        return Identity(
            instance, self.exercise.id, participant.id, self.environment.generation, participant.name, called
        )


def read_case(means: Means, environment_id: str) -> Case:
    """The environment as it is now."""
    asked = select(Environment, Exercise, Participant).join(Exercise, Exercise.id == Environment.exercise_id)
    asked = asked.outerjoin(Participant, Participant.id == Environment.participant_id)
    with reading(means.sessions) as session:
        environment, exercise, participant = session.execute(asked.where(Environment.id == environment_id)).one()
        scenario = means.shelf.get(exercise.digest)
        teams = _numbered(session, exercise.id) if scenario.shared else ()
    if participant is None:
        return Case(environment, exercise, Participant(id=SHARED, name=SHARED), shared_of(scenario), teams)
    return Case(environment, exercise, participant, scenario, teams)


def shared_of(scenario: Scenario) -> Scenario:
    """What is shared of it. Raises Invalid when nothing is."""
    found = shared_part(scenario)
    if found is None:
        raise Invalid(f"{scenario.definition.id} shares nothing between teams")
    return found


def _numbered(session: Session, exercise_id: str) -> tuple[str, ...]:
    """The participants in an order that stays: by name."""
    rows = session.execute(select(Participant.name, Participant.id).where(Participant.exercise_id == exercise_id))
    return tuple(id_ for _, id_ in sorted((name, id_) for name, id_ in rows))


def draw(means: Means, case: Case, rows: Mapping[str, Subnet]) -> Blueprint:
    """The environment as it is to be, on these pieces of the pool. Raises Invalid naming the service at fault."""
    exercise, participant, definition = case.exercise, case.participant, case.scenario.definition
    flags = own_flags(definition, exercise.id, exercise.secret, participant.id)
    if case.is_shared:
        values = common_values(definition, exercise.id, nicknames(len(case.teams)))
    else:
        team = participant.team_id or participant.id
        values = own_values(definition, exercise.id, exercise.secret, participant.id, team, participant.name)
    subnets = {name: (row.cidr, row.bridge or "") for name, row in rows.items()}
    return blueprint(case.scenario, case.identity(means.instance), values, flags, subnets, site_limits(means.settings))


def draw_on_trial(means: Means, case: Case) -> Blueprint:
    """The environment on addresses nobody was given: its images, and what is wrong with it, before any is made."""
    unused = pieces(means.settings)
    networks = networks_needed(case.scenario)
    return draw(means, case, {name: Subnet(cidr=str(next(unused)), bridge="trial", network=name) for name in networks})


def is_named(means: Means, scenario: Scenario) -> bool:
    """Whether what is made for a team holds the team's name: then it cannot be made before the team is known."""
    one, other = (_nameless(scenario, name) for name in ("one", "another"))
    return draw_on_trial(means, one).containers != draw_on_trial(means, other).containers


def _nameless(scenario: Scenario, name: str) -> Case:
    exercise = Exercise(id="0" * 32, secret="0" * 64)
    return Case(Environment(generation=1), exercise, Participant(id="0" * 32, name=name), scenario)


def drawn(means: Means, case: Case) -> Blueprint | None:
    """The environment as it was built; None when it has no addresses yet."""
    with reading(means.sessions) as session:
        rows = _subnets(session, case.environment.id)
    return draw(means, case, rows) if rows else None


def site_limits(settings: Settings) -> SiteLimits:
    """The site's limits for containers."""
    return SiteLimits(
        default_memory_mib=settings.default_memory_mib,
        max_memory_mib=settings.max_memory_mib,
        default_cpus=settings.default_cpus,
        max_cpus=settings.max_cpus,
        default_pids=settings.default_pids,
        max_pids=settings.max_pids,
        terminal_pids=settings.terminal_pids,
    )


def neighbours(means: Means, case: Case, most: int = 4) -> list[str]:
    """Addresses of other teams' services, for proving that they cannot be reached."""
    other = (Subnet.environment_id != case.environment.id, Subnet.network != CONTROL)
    statement = select(Subnet.cidr).where(Subnet.environment_id.is_not(None), *other).limit(most)
    with reading(means.sessions) as session:
        # The first address is the engine's own; services are given the next ones.
        return [str(IPv4Network(cidr)[2]) for cidr in session.scalars(statement)]


def _subnets(session: Session, environment_id: str) -> dict[str, Subnet]:
    rows = session.scalars(select(Subnet).where(Subnet.environment_id == environment_id))
    return {row.network: row for row in rows if row.network}
