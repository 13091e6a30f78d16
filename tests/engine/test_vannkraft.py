"""The hydropower station under attack on the real engine: each wave by each door, and by none once all are closed."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended
from ncr.config import Settings
from ncr.director.cases import site_limits
from ncr.runtime import environment, player
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.checker import run_script
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.scenario import loader
from ncr.scoring import values

SCENARIO = loader.load(Path(__file__).parents[2] / "scenarios" / "vannkraft")
CHECKS = {check.id: check for check in SCENARIO.definition.checks}
DOORS = {"panel": "passord-byttet", "gateway": "skrivevern", "door": "dor-stengt"}
POOL = IPv4Network("10.151.0.0/16")
# As the controller tells it: automatic, tripped, muted (coils), gate, greatest flow, level at 4 mA (registers).
LOOK = """
import json, modbus
with modbus.Client("127.0.0.1") as plc:
    coils, held = plc.coils(0, 4), plc.registers(0, 4)
    print(json.dumps([coils[0], coils[1], coils[3], held[2], held[3], plc.registers(10)[0]]))
"""
HEALTHY = [True, False, False, 0, 1500, 600]
STRUCK = {1: [False, False, False, 1000, 1500, 600], 2: [True, True, False, 0, 700, 600],
          3: [True, False, True, 0, 1500, 608]}  # fmt: skip


@dataclass(frozen=True)
class Station:
    """One team's power station, open."""

    engine: DockerEngine
    blueprint: Blueprint

    @property
    def place(self) -> player.Place:
        return player.Place({spec.service: spec.name for spec in self.blueprint.containers})

    def run(self, service: str, *command: str) -> str:
        done = self.engine.exec(self.place.container(service), command, timeout_s=40)
        assert done.exit_code == 0, done
        return done.stdout.decode().strip()

    def look(self) -> list[object]:
        return list(json.loads(self.run("plc", "python3", "-c", LOOK)))

    def comes_to_be(self, wanted: list[object], within_s: float = 10.0) -> list[object]:
        """What the controller tells once it is as wanted, or when the time is up."""
        end = time.monotonic() + within_s
        while (seen := self.look()) != wanted and time.monotonic() < end:
            time.sleep(0.2)
        return seen

    def wave(self, number: int | str) -> str:
        """What an inject's command prints."""
        return self.run("skriver", "python3", "/srv/skriver/motstander.py", str(number)).partition(": ")[2]

    def close_all_but(self, *doors: str) -> None:
        for door, check in DOORS.items():
            act = player.break_ if door in doors else player.repair
            act(self.engine, self.place, SCENARIO, check)

    def state(self, check: str) -> str:
        return asyncio.run(self._state(check))

    def comes_to(self, check: str, wanted: str, within_s: float = 15.0) -> str:
        """The check's state once it is `wanted`, or when the time is up: the plant follows its controller."""
        end = time.monotonic() + within_s
        while (seen := self.state(check)) != wanted and time.monotonic() < end:
            time.sleep(0.2)
        return seen

    async def _state(self, name: str) -> str:
        check, prober = CHECKS[name], Prober()

        def script(timeout_s: float) -> Ended:
            source = (SCENARIO.path / (check.probe.script or "")).read_bytes()
            done = run_script(self.engine, self.blueprint, check.service, source, timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        target = Target(self.blueprint.address(check.service), self.blueprint.gate_address, run_script=script)
        try:
            return (await prober.ask(check, target)).state
        finally:
            await prober.close()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Built, held and opened as the director does it; gone afterwards."""
    settings = Settings(_env_file=None, data=tmp_path_factory.mktemp("data"))
    instance = f"t-{secrets.token_hex(5)}"
    engine, made = DockerEngine(settings, instance), drawn(settings, instance)
    try:
        environment.build(engine, made)
        environment.hold(engine, made)
        environment.open_(engine, made)
        yield Station(engine, made)
    finally:
        environment.remove(engine, made.who.labels)
        engine.close()


def drawn(settings: Settings, instance: str) -> Blueprint:
    first = secrets.randbelow(1000)
    pieces = list(POOL.subnets(new_prefix=26))[first : first + len(networks_needed(SCENARIO))]
    subnets = {
        name: (str(piece), f"ncr-{secrets.token_hex(5)}")
        for name, piece in zip(networks_needed(SCENARIO), pieces, strict=True)
    }
    own = values.own_values(SCENARIO.definition, "evening", "secret of the test", "a", "a", "Lag A")
    flags = values.own_flags(SCENARIO.definition, "evening", "secret of the test", "a")
    return blueprint(SCENARIO, Identity(instance, "evening", "a"), own, flags, subnets, site_limits(settings))


def test_the_scenario_is_good_and_play_knows_all_of_it() -> None:
    assert SCENARIO.notes == ()
    assert SCENARIO.play is not None
    assert set(SCENARIO.play.solve) == {task.id for task in SCENARIO.definition.tasks}
    assert set(SCENARIO.play.checks) == set(CHECKS)


@pytest.mark.parametrize(
    ("wave", "door"), [(1, "panel"), (2, "panel"), (3, "panel"), (2, "gateway"), (1, "door"), (3, "door")]
)
def test_a_wave_comes_in_by_the_one_door_that_is_open_and_is_undone(station: Station, wave: int, door: str) -> None:
    station.close_all_but(door)
    assert station.comes_to_be(HEALTHY) == HEALTHY
    try:
        assert station.wave(wave) == f"in by the {door}"
        assert station.comes_to_be(STRUCK[wave]) == STRUCK[wave]
    finally:
        assert station.wave("rydd") == f"in by the {door}"
    assert station.comes_to_be(HEALTHY) == HEALTHY


@pytest.mark.parametrize("wave", STRUCK)
def test_nothing_happens_once_every_door_is_closed(station: Station, wave: int) -> None:
    station.close_all_but()
    before = station.comes_to_be(HEALTHY)
    assert station.wave(wave) == "every door is closed"
    assert station.look() == before == HEALTHY
    assert station.wave("rydd") == "every door is closed"


def test_what_the_waves_lead_to_is_what_the_checks_see(station: Station) -> None:
    station.close_all_but("gateway")
    assert (station.state("effekt"), station.state("vannstand")) == ("up", "up")
    for level, state in (("411.6", "degraded"), ("411.4", "down"), ("412.6", "down"), ("412.0", "up")):
        station.run("anlegg", "bryter", "vannstand", level)
        assert station.state("vannstand") == state, level
    station.wave(2)
    assert station.comes_to_be(STRUCK[2]) == STRUCK[2]
    assert station.comes_to("effekt", "down") == "down"
    station.wave("rydd")
    assert station.comes_to_be(HEALTHY) == HEALTHY
    assert station.comes_to("effekt", "up") == "up"


def test_each_network_is_reached_only_through_the_one_before(station: Station) -> None:
    knock = "timeout 1 bash -c '</dev/tcp/{}/{}' && echo reached || echo closed"
    for service, beyond, port, wanted in (
        ("kontor-pc", "plc", 502, "closed"),
        ("kontor-pc", "ingenior", 22, "closed"),
        ("ingenior", "anlegg", 9000, "closed"),
        ("kontor-pc", "historikk", 502, "reached"),
        ("ingenior", "plc", 1502, "reached"),
        ("plc", "anlegg", 9000, "reached"),
    ):
        address = station.blueprint.address(beyond)
        assert station.run(service, "sh", "-c", knock.format(address, port)) == wanted, (service, beyond)
