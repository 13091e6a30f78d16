"""The whole scenario format on the real engine: one environment, whose containers say themselves what took effect."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended, Result
from ncr.config import Settings
from ncr.director.cases import site_limits
from ncr.runtime import environment
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.checker import run_script
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.scenario import loader
from ncr.scoring import values

ALT = loader.load(Path(__file__).parents[1] / "scenarios" / "alt")
CHECKS = {check.id: check for check in ALT.definition.checks}
SECRET, EXERCISE, TEAM = "secret of the test", "evening", "a"
OWN = values.own_values(ALT.definition, EXERCISE, SECRET, TEAM, TEAM, "Lag A")
FLAGS = values.own_flags(ALT.definition, EXERCISE, SECRET, TEAM)


@dataclass(frozen=True)
class Whole:
    """One team's environment, open."""

    engine: DockerEngine
    blueprint: Blueprint
    client: docker.DockerClient

    def run(self, service: str, *words: str, user: str | None = None) -> str:
        done = self.engine.exec(self.blueprint.of(service)[0].name, words, user=user, timeout_s=20)
        return (done.stdout + done.stderr).decode().strip()

    def sh(self, service: str, line: str, user: str | None = None) -> str:
        return self.run(service, "sh", "-c", line, user=user)

    def inspect(self, service: str) -> docker.models.containers.Container:
        return self.client.containers.get(self.blueprint.of(service)[0].name)

    def limit(self, service: str, unified: str, old: str) -> str:
        """A limit as the container's own control group tells it."""
        return self.sh(service, f"cat /sys/fs/cgroup/{unified} 2>/dev/null || cat /sys/fs/cgroup/{old}")

    def ask(self, check: str) -> Result:
        return asyncio.run(self._ask(check))

    async def _ask(self, name: str) -> Result:
        check, prober = CHECKS[name], Prober()
        container = self.blueprint.of(check.service)[0].name

        def command(words: tuple[str, ...], timeout_s: float) -> Ended:
            done = self.engine.exec(container, words, timeout_s=timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        def script(timeout_s: float) -> Ended:
            source = (ALT.path / (check.probe.script or "")).read_bytes()
            done = run_script(self.engine, self.blueprint, check.service, source, timeout_s)
            return Ended(done.exit_code, done.stdout.decode())

        host = self.blueprint.address(check.service)
        try:
            return await prober.ask(check, Target(host, self.blueprint.gate_address, command, script))
        finally:
            await prober.close()


@pytest.fixture(scope="module")
def whole(docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    settings = Settings(_env_file=None, data=tmp_path_factory.mktemp("data"))
    instance = f"w-{secrets.token_hex(5)}"
    first, needed = secrets.randbelow(1000), networks_needed(ALT)
    pieces = list(IPv4Network("10.151.0.0/16").subnets(new_prefix=26))[first : first + len(needed)]
    subnets = {name: (str(at), f"ncr-{secrets.token_hex(5)}") for name, at in zip(needed, pieces, strict=True)}
    who = Identity(instance, EXERCISE, TEAM)
    engine, made = DockerEngine(settings, instance), blueprint(ALT, who, OWN, FLAGS, subnets, site_limits(settings))
    try:
        environment.build(engine, made)
        environment.verify(engine, made)
        yield Whole(engine, made, docker_client)
    finally:
        environment.remove(engine, who.labels)
        assert not engine.observe({"ncr.instance": instance})
        engine.close()


def test_an_image_is_built_as_it_says(whole: Whole) -> None:
    assert whole.sh("whole", "cat /flavour /stage").split() == ["plum", "plain"]
    assert whole.sh("whole", "cat /tmp/words") == "sleep infinity"


def test_the_environment_is_filled_in(whole: Whole) -> None:
    told = dict(line.partition("=")[::2] for line in whole.run("whole", "env").splitlines())
    assert told["PASSWORD"] == OWN["db_password"]
    assert (told["DEFAULTED"], told["DOLLAR"], told["FROM_FILE"]) == ("fallback", "$HOME", "kept $literal")
    assert told["WHO"] == f"{TEAM} Lag A {EXERCISE}"
    assert (told["FIXED"], told["OWN"]) == ("NCR{fixed}", FLAGS["own-file"])
    word, count, door, person = told["DRAWN"].split("-")
    assert (len(word), 11 <= int(count) <= 49, 1024 <= int(door) <= 65535, person.isalpha()) == (6, True, True, True)
    assert whole.run("whole", "hostname") == f"box-{count}"
    assert whole.sh("child", "echo $INHERITED $CHANGED") == "yes after"
    assert whole.inspect("child").labels["kind"] == "inherited"


def test_a_program_runs_as_it_says(whole: Whole) -> None:
    assert (whole.run("whole", "pwd"), whole.run("whole", "id", "-un")) == ("/srv/work", "student")
    assert whole.sh("whole", "cat /proc/1/comm") == "sleep"
    assert whole.sh("calm", "cat /proc/1/comm") in ("tini", "docker-init")
    about = whole.inspect("whole").attrs["Config"]
    assert (about["Tty"], about["OpenStdin"], about["StopSignal"], about["StopTimeout"]) == (True, True, "SIGUSR1", 2)
    assert about["Labels"]["kind"] == "whole"
    assert whole.sh("whole", "readlink /proc/1/fd/1").startswith("/dev/pts")


def test_flags_are_delivered_where_they_say_and_to_whom(whole: Whole) -> None:
    assert whole.run("whole", "stat", "-c", "%a %U", "/root/flag.txt", user="root") == "400 root"
    assert whole.run("whole", "cat", "/root/flag.txt", user="root") == FLAGS["own-file"]
    assert "denied" in whole.run("whole", "cat", "/root/flag.txt")
    assert whole.run("calm", "printenv", "FLAG") == FLAGS["own-env"]


def test_files_configs_and_secrets_are_there_with_their_modes(whole: Whole) -> None:
    modes = whole.run(
        "whole", "stat", "-c", "%a", "/etc/app.conf", "/app", "/etc/deep/app.conf", "/run/secrets/key",
        "/run/secrets/renamed", user="root",
    )  # fmt: skip
    assert modes.split() == ["644", "644", "440", "644", "400"]
    assert whole.run("whole", "cat", "/etc/app.conf", "/run/secrets/key") == "limits = none\nhush"
    assert "denied" in whole.run("whole", "cat", "/run/secrets/renamed")
    assert "root" in whole.sh("whole", "echo x > /etc/app.conf; stat -c %U /etc/app.conf")


def test_volumes_are_named_own_memory_or_read_only(whole: Whole) -> None:
    assert whole.sh("whole", "cat /var/shared/seed") == "seeded"
    assert whole.sh("web", "cat /stock/seed") == "seeded"
    assert "Read-only" in whole.sh("web", "touch /stock/more", user="root")
    mounts = {row.split()[1]: row.split() for row in whole.run("whole", "cat", "/proc/mounts").splitlines()}
    sizes = {path: next(one for one in mounts[path][3].split(",") if one.startswith("size=")) for path in
             ("/scratch", "/quick", "/dev/shm")}  # fmt: skip
    assert sizes == {"/scratch": "size=3072k", "/quick": "size=2048k", "/dev/shm": "size=8192k"}
    assert "/var/own" in mounts
    assert whole.sh("limited", "cat /etc/ncr/app.conf; touch /x", user="root").startswith(
        "limits = none\ntouch: cannot touch '/x'"
    )


def test_limits_are_its_own_or_the_sites(whole: Whole) -> None:
    memory, pids = ("memory.max", "memory/memory.limit_in_bytes"), ("pids.max", "pids/pids.max")
    assert [int(whole.limit(name, *memory)) >> 20 for name in ("whole", "limited", "calm")] == [96, 48, 256]
    # A terminal leads into the first; the last has the site's own.
    assert [whole.limit(name, *pids) for name in ("whole", "limited", "calm")] == ["77", "33", "128"]
    cpus = [whole.inspect(name).attrs["HostConfig"]["NanoCpus"] / 1e9 for name in ("whole", "limited", "calm")]
    assert cpus == [0.4, 0.2, 0.5]
    assert whole.sh("whole", "ulimit -n; ulimit -c").split() == ["555", "0"]
    assert whole.run("whole", "cat", "/proc/sys/net/ipv4/tcp_syncookies") == "0"


def test_capabilities_are_those_asked_for(whole: Whole) -> None:
    rows = whole.run("whole", "grep", "-E", "CapBnd|NoNewPrivs", "/proc/1/status").split()
    assert (int(rows[1], 16), rows[3]) == (1 << 13, "1")
    assert whole.sh("calm", "grep CapBnd /proc/1/status").split()[1] == "0" * 16
    assert whole.sh("sudo", "grep NoNewPrivs /proc/1/status").split()[1] == "0"


def test_everybody_is_found_by_every_name(whole: Whole) -> None:
    def found(name: str, service: str = "calm") -> list[str]:
        rows = whole.run(service, "getent", "ahostsv4", name).splitlines()
        return sorted({row.split()[0] for row in rows if row})

    own, web = whole.blueprint.address("whole"), whole.blueprint.address("web")
    assert (own.rpartition(".")[2], web.rpartition(".")[2]) in {
        ("10", "30"),
        ("74", "94"),
        ("138", "158"),
        ("202", "222"),
    }
    assert found("whole") == found("other-name") == [own]
    assert found("shopfront") == found("web") == found("linked", "whole") == [web]
    assert len(found("limited")) == 2
    assert (found("limited-1"), found("limited-2")) == (found("limited")[:1], found("limited")[1:])
    assert (found("fixed", "whole"), found("far", "whole")) == ([own], ["192.0.2.7"])
    assert whole.sh("alone", "ls /sys/class/net") == "lo"


def test_dependencies_were_waited_for_and_profiles_left_out(whole: Whole) -> None:
    began = {spec.service: whole.inspect(spec.service).attrs["State"] for spec in whole.blueprint.containers}
    assert (began["seed"]["Status"], began["seed"]["ExitCode"]) == ("exited", 0)
    assert began["seed"]["FinishedAt"] < began["web"]["StartedAt"] < began["whole"]["StartedAt"]
    assert began["calm"]["StartedAt"] < began["whole"]["StartedAt"]
    assert whole.run("web", "ls", "/tmp/healthy") == "/tmp/healthy"
    assert "debug" not in began


def test_every_kind_of_probe_is_asked(whole: Whole) -> None:
    assert {name: whole.ask(name).state for name in ("page", "port", "script")} == dict.fromkeys(
        ("page", "port", "script"), "up"
    )
    assert [whole.ask(name).state for name in ("hardened", "tidied")] == ["down", "down"]
    whole.sh("calm", "echo root yes > /tmp/hard; touch /tmp/tidy")
    assert [whole.ask(name).state for name in ("hardened", "tidied")] == ["down", "up"]
    whole.sh("calm", "echo root no > /tmp/hard; rm /tmp/tidy")
    assert [whole.ask(name).state for name in ("hardened", "tidied")] == ["up", "down"]
