"""One team's environment of a scenario on the real engine, open: played, probed and judged as the director does it."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended, Result
from ncr.config import Settings
from ncr.director.cases import site_limits
from ncr.runtime import environment, player
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.checker import run_script
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.scenario.model import Check
from ncr.scenario.topology import Scenario
from ncr.scoring import answers, values

POOL = IPv4Network("10.150.0.0/16")
SECRET, EXERCISE, TEAM = "secret of the test", "evening", "a"


@dataclass(frozen=True)
class Lab:
    """The open environment of one team."""

    engine: DockerEngine
    blueprint: Blueprint
    scenario: Scenario

    @property
    def place(self) -> player.Place:
        return player.Place({spec.service: spec.name for spec in self.blueprint.containers})

    def solve(self, task: str) -> str:
        return player.solve(self.engine, self.place, self.scenario, task)

    def break_(self, check: str) -> None:
        player.break_(self.engine, self.place, self.scenario, check)

    def repair(self, check: str) -> None:
        player.repair(self.engine, self.place, self.scenario, check)

    def run(self, service: str, *command: str, user: str | None = None, timeout_s: float = 20) -> str:
        done = self.engine.exec(self.place.container(service), command, user=user, timeout_s=timeout_s)
        return (done.stdout + done.stderr).decode()

    def fire(self, inject: str) -> str:
        """What the command of an exec inject prints; it must end well."""
        order = next(one for one in self.scenario.definition.injects if one.id == inject).exec
        assert order is not None
        done = self.engine.exec(self.place.container(order.service), order.command, user=order.user, timeout_s=60)
        assert done.exit_code == 0, done.stderr
        return done.stdout.decode()

    def ask(self, check: str) -> Result:
        return asyncio.run(self._ask(next(one for one in self.scenario.definition.checks if one.id == check)))

    async def _ask(self, check: Check) -> Result:
        prober = Prober()
        target = Target(
            self.blueprint.address(check.service),
            self.blueprint.gate_address,
            self._command(check),
            self._script(check),
        )
        try:
            return await prober.ask(check, target)
        finally:
            await prober.close()

    def _command(self, check: Check) -> Callable[..., Ended]:
        def run(command: tuple[str, ...], timeout_s: float) -> Ended:
            done = self.engine.exec(self.place.container(check.service), command, timeout_s=timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        return run

    def _script(self, check: Check) -> Callable[[float], Ended]:
        def run(timeout_s: float) -> Ended:
            source = (self.scenario.path / (check.probe.script or "")).read_bytes()
            done = run_script(self.engine, self.blueprint, check.service, source, timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        return run

    def comes_to(self, check: str, state: str, within_s: float = 20.0) -> Result:
        """The check's result once it is `state`, or as it is when the time is up."""
        end = time.monotonic() + within_s
        while (seen := self.ask(check)).state != state and time.monotonic() < end:
            time.sleep(0.2)
        return seen

    def is_right(self, task: str, answer: str) -> bool:
        return is_right(self.scenario, task, answer)


@contextmanager
def opened(scenario: Scenario, folder: Path) -> Iterator[Lab]:
    """Built, verified, held and opened as the director does it; gone afterwards."""
    settings = Settings(_env_file=None, data=folder)
    instance = f"t-{secrets.token_hex(5)}"
    engine, made = DockerEngine(settings, instance), _drawn(scenario, settings, instance)
    try:
        environment.build(engine, made)
        environment.verify(engine, made)
        environment.hold(engine, made)
        environment.open_(engine, made)
        yield Lab(engine, made, scenario)
    finally:
        environment.remove(engine, made.who.labels)
        engine.close()


def is_right(scenario: Scenario, task: str, answer: str) -> bool:
    """Whether the answer would be accepted from the lab's team."""
    definition = scenario.definition
    asked = next(one for one in definition.tasks if one.id == task)
    own = values.own_words(definition.variables, EXERCISE, SECRET, TEAM, TEAM, "Lag A")
    flag = values.own_flags(definition, EXERCISE, SECRET, TEAM).get(task)
    return answers.is_right(values.own_task(asked, own), answers.cleaned(answer), flag)


def own_values(scenario: Scenario) -> dict[str, str]:
    """The team's own values and flags."""
    return dict(values.own_values(scenario.definition, EXERCISE, SECRET, TEAM, TEAM, "Lag A"))


def _drawn(scenario: Scenario, settings: Settings, instance: str) -> Blueprint:
    first = secrets.randbelow(1000)
    pieces = list(POOL.subnets(new_prefix=26))[first : first + len(networks_needed(scenario))]
    subnets = {
        name: (str(piece), f"ncr-{secrets.token_hex(5)}")
        for name, piece in zip(networks_needed(scenario), pieces, strict=True)
    }
    flags = values.own_flags(scenario.definition, EXERCISE, SECRET, TEAM)
    who = Identity(instance, EXERCISE, TEAM)
    return blueprint(scenario, who, own_values(scenario), flags, subnets, site_limits(settings))
