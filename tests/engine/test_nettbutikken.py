"""The bundled scenario on the real engine: every task is solved, every check goes red and green, as play.yml says."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended, Result
from ncr.config import Settings
from ncr.director.cases import site_limits
from ncr.runtime import environment, player
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.checker import run_script
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.scenario import loader
from ncr.scoring import answers, values

SCENARIO = loader.load(Path(__file__).parents[2] / "scenarios" / "nettbutikken")
TASKS = {task.id: task for task in SCENARIO.definition.tasks}
CHECKS = {check.id: check for check in SCENARIO.definition.checks}
INJECTS = {inject.id: inject for inject in SCENARIO.definition.injects}
POOL = IPv4Network("10.150.0.0/16")
SECRET, EXERCISE, TEAM = "secret of the test", "evening", "a"
INGRID = ("import evening as e; s = e.shop(); ask = s.__enter__(); e.shell_in(ask);"
          " ask('POST', '/admin/betaling', mottaker='Vott og Lue AS', kontonummer='1503.22.11110');"
          " s.__exit__(None, None, None)")  # fmt: skip


@dataclass(frozen=True)
class Evening:
    """One team's shop, open."""

    engine: DockerEngine
    blueprint: Blueprint

    @property
    def place(self) -> player.Place:
        return player.Place({spec.service: spec.name for spec in self.blueprint.containers})

    def solve(self, task: str) -> str:
        return player.solve(self.engine, self.place, SCENARIO, task)

    def run(self, service: str, *command: str, user: str | None = None) -> str:
        done = self.engine.exec(self.place.container(service), command, user=user, timeout_s=20)
        return (done.stdout + done.stderr).decode()

    def ask(self, check: str) -> Result:
        return asyncio.run(self._ask(check))

    async def _ask(self, name: str) -> Result:
        check, prober = CHECKS[name], Prober()

        def script(timeout_s: float) -> Ended:
            source = (SCENARIO.path / (check.probe.script or "")).read_bytes()
            done = run_script(self.engine, self.blueprint, check.service, source, timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        target = Target(self.blueprint.address(check.service), self.blueprint.gate_address, run_script=script)
        try:
            return await prober.ask(check, target)
        finally:
            await prober.close()

    def comes_to(self, check: str, state: str, within_s: float = 20.0) -> Result:
        """The check's result once it is `state`, or as it is when the time is up."""
        end = time.monotonic() + within_s
        while (seen := self.ask(check)).state != state and time.monotonic() < end:
            time.sleep(0.2)
        return seen


def drawn(settings: Settings, instance: str) -> Blueprint:
    first = secrets.randbelow(1000)
    pieces = list(POOL.subnets(new_prefix=26))[first : first + len(networks_needed(SCENARIO))]
    subnets = {
        name: (str(piece), f"ncr-{secrets.token_hex(5)}")
        for name, piece in zip(networks_needed(SCENARIO), pieces, strict=True)
    }
    own = values.own_values(SCENARIO.definition, EXERCISE, SECRET, TEAM, TEAM, "Lag A")
    flags = values.own_flags(SCENARIO.definition, EXERCISE, SECRET, TEAM)
    return blueprint(SCENARIO, Identity(instance, EXERCISE, TEAM), own, flags, subnets, site_limits(settings))


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """Built, verified, held and opened as the director does it; gone afterwards."""
    settings = Settings(_env_file=None, data=tmp_path_factory.mktemp("data"))
    instance = f"t-{secrets.token_hex(5)}"
    engine, made = DockerEngine(settings, instance), drawn(settings, instance)
    try:
        environment.build(engine, made)
        environment.verify(engine, made)
        environment.hold(engine, made)
        environment.open_(engine, made)
        yield Evening(engine, made)
    finally:
        environment.remove(engine, made.who.labels)
        engine.close()


def is_right(task: str, answer: str) -> bool:
    own = values.own_words(SCENARIO.definition.variables, EXERCISE, SECRET, TEAM, TEAM, "Lag A")
    flag = values.own_flags(SCENARIO.definition, EXERCISE, SECRET, TEAM).get(task)
    return answers.is_right(values.own_task(TASKS[task], own), answers.cleaned(answer), flag)


def test_the_scenario_is_good_and_play_knows_all_of_it() -> None:
    assert SCENARIO.notes == ()
    assert SCENARIO.play is not None
    assert set(SCENARIO.play.solve) == set(TASKS)
    assert set(SCENARIO.play.checks) == set(CHECKS)


def test_wrong_answers_are_refused() -> None:
    assert SCENARIO.play is not None
    for task, wrong in SCENARIO.play.wrong.items():
        assert not is_right(task, wrong if isinstance(wrong, str) else ",".join(wrong)), task


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_solved_from_the_workstation(evening: Evening, task: str) -> None:
    answer = evening.solve(task)
    assert is_right(task, answer), answer


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_goes_red_when_broken_and_green_when_repaired(evening: Evening, check: str) -> None:
    assert evening.comes_to(check, "up").state == "up"
    player.break_(evening.engine, evening.place, SCENARIO, check)
    try:
        broken = evening.comes_to(check, "down")
    finally:
        player.repair(evening.engine, evening.place, SCENARIO, check)
    assert broken.state == "down"
    assert evening.comes_to(check, "up").state == "up"


def test_the_intranet_is_there_and_tells_how_to_see_the_shop(evening: Evening) -> None:
    gate = evening.blueprint.gate.name
    page = f"printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc {evening.blueprint.address('workstation')} 8000"
    seen = evening.engine.exec(gate, ["sh", "-c", page], timeout_s=20).stdout.decode()
    assert "200 OK" in seen
    assert "-g -L 8080:shop:8080" in seen


def test_what_the_stranger_changes_is_seen_and_mended_from_the_office_pages(evening: Evening) -> None:
    change = INJECTS["someone-else"].exec
    assert change is not None
    evening.solve("handover")  # which leaves the scripts of play/ on the workstation
    assert evening.run(change.service, *change.command) == ""
    assert "stranger's account" in evening.comes_to("orders-go-through", "down").message
    assert "mons POST /admin/betaling" in evening.run("shop", "cat", "/srv/butikk/logg/tilgang.log")
    mended = evening.run("workstation", "env", "PYTHONPATH=/play", "python3", "-c", INGRID, user="student")
    assert mended == ""
    assert evening.comes_to("orders-go-through", "up").state == "up"


def test_each_zone_is_reached_only_from_the_one_before(evening: Evening) -> None:
    assert "bastion" in evening.run("workstation", "getent", "hosts", "bastion", user="student")
    for service, beyond, port in (("workstation", "shop", 8080), ("workstation", "db", 5432), ("bastion", "db", 5432)):
        address = evening.blueprint.address(beyond)
        knock = f"timeout 2 bash -c '</dev/tcp/{address}/{port}' && echo reached"
        assert evening.run(service, "getent", "hosts", beyond) == ""
        assert "reached" not in evening.run(service, "bash", "-c", knock)
        assert "reached" in evening.run("shop", "bash", "-c", knock)


def test_the_web_shops_user_does_not_get_at_roots_secrets(evening: Evening) -> None:
    own = values.own_values(SCENARIO.definition, EXERCISE, SECRET, TEAM, TEAM, "Lag A")
    look = "cat /root/flag.txt /root/.pgpass; cat /proc/[0-9]*/environ; ls /root; true"
    # A clean environment: what the engine's exec adds is not there for a process that the shop starts.
    seen = evening.run("shop", "env", "-i", "setpriv", "--reuid=butikk", "--clear-groups", "sh", "-c", look)
    assert "Permission denied" in seen
    assert own["owner_password"] not in seen
    assert own["FLAG_PACKING_JOB"] not in seen
