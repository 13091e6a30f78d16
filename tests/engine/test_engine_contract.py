"""One contract for every engine: what the protocol promises holds on the simulated and on the real one."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ncr.config import Settings
from ncr.errors import EngineError, EngineUnavailable, SubnetTaken
from ncr.runtime import environment
from ncr.runtime.docker import DockerEngine
from ncr.runtime.engine import Engine, ExecResult
from ncr.runtime.identity import Identity, sealed
from ncr.runtime.objects import Attachment, ContainerSpec, FileSpec, ImageSpec, Limits, Mount, NetworkSpec, VolumeSpec
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario.topology import Healthcheck, Membership, Network, VolumeMount
from tests.pure.runtime.scenes import made, scene, service

BASE = "ncr/base:bookworm"


class Hand:
    """Makes specifications for one environment on one engine."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self.who = Identity(instance, "ex", "a")
        self.number = random.randrange(900)
        engine.ensure_image(ImageSpec(BASE), lambda line: None)

    def network(self, name: str = "plant", piece: int = 0, **more: Any) -> NetworkSpec:
        at = self.number + piece
        spec = NetworkSpec(
            name=self.who.name(name),
            bridge=f"ncr-{self.who.instance[-8:]}{at % 100:02}",
            subnet=f"10.130.{at // 4}.{at % 4 * 64}/26",
            kind="team",
            labels=self.who.object_labels("", "network"),
        )
        return sealed(replace(spec, **more))

    def container(self, name: str = "hmi", network: NetworkSpec | None = None, **more: Any) -> ContainerSpec:
        spec = ContainerSpec(
            name=self.who.name(name),
            service=name,
            image=BASE,
            labels=self.who.object_labels(name, "service"),
            attachments=(Attachment(network.name, (name,)),) if network else (),
            limits=Limits(64, 0.5, 64),
            command=("sleep", "300"),
            stop_grace_s=0.0,
        )
        return sealed(replace(spec, **more))

    def running(self, **more: Any) -> ContainerSpec:
        spec = self.container(**more)
        self.engine.ensure_container(spec)
        self.engine.start(spec.name)
        return spec

    def seen(self, spec: ContainerSpec) -> Any:
        return self.engine.observe(self.who.labels).containers[spec.name]


@pytest.fixture(params=["simulated", "docker"])
def engine(request: pytest.FixtureRequest, instance: str, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "simulated":
        yield SimulatedEngine(tmp_path / "engine.json")
    else:
        real = DockerEngine(Settings(data=tmp_path), instance)
        yield real
        real.close()


@pytest.fixture
def hand(engine: Engine, instance: str) -> Hand:
    return Hand(engine, instance)


def eventually(holds: Callable[[], bool], within_s: float = 15.0) -> bool:
    end = time.monotonic() + within_s
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


def test_it_says_what_it_is(engine: Engine) -> None:
    info = engine.info()
    assert info.cpus >= 1
    assert info.memory_mib > 256
    assert info.kind in ("simulated", "docker")


def test_it_knows_the_addresses_of_its_machine(engine: Engine) -> None:
    addresses = engine.host_addresses()
    assert addresses
    assert "127.0.0.1" not in addresses


def test_it_enforces_everything_here(engine: Engine) -> None:
    assert list(engine.shortcomings()) == []


def test_the_guard_stands_after_it_was_asked_for(engine: Engine) -> None:
    engine.ensure_guard()
    assert list(engine.ensure_guard()) == []


def test_everything_may_be_made_twice_and_is_there_once(hand: Hand) -> None:
    network, volume = hand.network(), sealed(VolumeSpec(hand.who.name("v"), hand.who.object_labels("", "volume")))
    spec = hand.container(network=network, mounts=(Mount(volume.name, "/data"),))
    for _ in range(2):
        hand.engine.ensure_network(network)
        hand.engine.ensure_volume(volume)
        hand.engine.ensure_container(spec)
    seen = hand.engine.observe(hand.who.labels)
    assert (list(seen.networks), list(seen.volumes), list(seen.containers)) == (
        [network.name],
        [volume.name],
        [spec.name],
    )
    assert seen.networks[network.name].subnet == network.subnet
    assert dict(spec.labels).items() <= dict(seen.containers[spec.name].labels).items()


def test_addresses_that_are_taken_are_refused_as_such(hand: Hand) -> None:
    hand.engine.ensure_network(hand.network())
    with pytest.raises(SubnetTaken) as caught:
        hand.engine.ensure_network(hand.network("office", bridge="ncr-0000000001"))
    assert caught.value.cidr == hand.network().subnet


def test_a_bridge_that_is_taken_is_refused(hand: Hand) -> None:
    hand.engine.ensure_network(hand.network())
    with pytest.raises(EngineError, match="office"):
        hand.engine.ensure_network(hand.network("office", piece=1, bridge=hand.network().bridge))


def test_a_network_of_another_making_is_replaced_even_in_use(hand: Hand) -> None:
    old, new = hand.network(), hand.network(piece=1)
    hand.engine.ensure_network(old)
    hand.running(network=old)
    hand.engine.ensure_network(new)
    networks = hand.engine.observe(hand.who.labels).networks
    assert [one.subnet for one in networks.values()] == [new.subnet]


def test_a_running_container_of_the_same_making_is_adopted(hand: Hand) -> None:
    spec = hand.running()
    hand.engine.put_files(spec.name, [FileSpec("/tmp/kept", b"kept")])
    hand.engine.ensure_container(spec)
    assert hand.engine.exec(spec.name, ["cat", "/tmp/kept"]).stdout == b"kept"
    assert hand.seen(spec).state == "running"


def test_a_container_that_never_started_is_made_anew(hand: Hand) -> None:
    spec = hand.container()
    hand.engine.ensure_container(spec)
    hand.engine.put_files(spec.name, [FileSpec("/tmp/half", b"half")])
    hand.engine.ensure_container(spec)
    hand.engine.start(spec.name)
    assert hand.engine.exec(spec.name, ["cat", "/tmp/half"]).exit_code == 1


def test_a_container_of_another_making_is_replaced(hand: Hand) -> None:
    hand.running(environment={"N": "1"})
    changed = hand.container(environment={"N": "2"})
    hand.engine.ensure_container(changed)
    hand.engine.start(changed.name)
    assert hand.engine.exec(changed.name, ["printenv", "N"]).stdout == b"2\n"


@pytest.mark.parametrize("lack", ["image", "network"])
def test_what_is_lacking_is_named(hand: Hand, lack: str) -> None:
    spec = hand.container(image="ncr/none:none") if lack == "image" else hand.container(network=hand.network())

    def launch() -> None:
        hand.engine.ensure_container(spec)
        hand.engine.start(spec.name)

    with pytest.raises(EngineError, match="hmi"):
        launch()


def test_an_image_that_can_be_had_nowhere_is_named(hand: Hand) -> None:
    with pytest.raises(EngineError, match="absent"):
        hand.engine.ensure_image(ImageSpec("ncr/absent:1", context=Path("/nowhere")), lambda line: None)
    assert hand.engine.image("ncr/absent:1") is None
    assert hand.engine.image(BASE) is not None


def test_every_change_of_state_may_be_asked_for_twice(hand: Hand) -> None:
    spec = hand.container()
    hand.engine.ensure_container(spec)
    assert hand.seen(spec).state == "created"
    for verb, state in (
        (hand.engine.start, "running"),
        (hand.engine.pause, "paused"),
        (hand.engine.start, "paused"),
        (hand.engine.unpause, "running"),
        (lambda name: hand.engine.stop(name, 0.0), "exited"),
        (hand.engine.start, "running"),
    ):
        verb(spec.name)
        verb(spec.name)
        assert hand.seen(spec).state == state


def test_a_frozen_container_can_be_stopped(hand: Hand) -> None:
    spec = hand.running()
    hand.engine.pause(spec.name)
    hand.engine.stop(spec.name, 0.0)
    assert hand.seen(spec).state == "exited"


def test_a_stopped_container_cannot_be_frozen(hand: Hand) -> None:
    spec = hand.container()
    hand.engine.ensure_container(spec)
    with pytest.raises(EngineError, match="hmi"):
        hand.engine.pause(spec.name)
    with pytest.raises(EngineError, match="hmi"):
        hand.engine.exec(spec.name, ["true"])


def test_what_is_not_there_cannot_start_and_is_already_deleted(hand: Hand) -> None:
    for verb in (hand.engine.start, hand.engine.pause, hand.engine.unpause):
        with pytest.raises(EngineError, match="ncr-nobody"):
            verb("ncr-nobody")
    hand.engine.stop("ncr-nobody")
    hand.engine.remove_container("ncr-nobody")
    hand.engine.remove_network("ncr-nobody")
    hand.engine.remove_volume("ncr-nobody")


def test_what_is_deleted_is_gone_running_or_frozen(hand: Hand) -> None:
    one, two = hand.running(name="one"), hand.running(name="two")
    hand.engine.pause(two.name)
    for spec in (one, two):
        hand.engine.remove_container(spec.name)
        hand.engine.remove_container(spec.name)
    assert not hand.engine.observe(hand.who.labels)


def test_a_command_answers_with_its_code_and_words(hand: Hand) -> None:
    spec = hand.running(environment={"NAME": "verdi"})
    assert hand.engine.exec(spec.name, ["echo", "hei"]).stdout == b"hei\n"
    assert hand.engine.exec(spec.name, ["false"]).exit_code == 1
    assert hand.engine.exec(spec.name, ["printenv", "NAME"]).stdout == b"verdi\n"
    told = hand.engine.exec(spec.name, ["printenv", "NAME"], environment={"NAME": "annen"})
    assert told.stdout == b"annen\n"
    missing = hand.engine.exec(spec.name, ["cat", "/none"])
    assert missing.exit_code == 1
    assert b"/none" in missing.stderr


def test_a_command_reads_what_it_is_given(hand: Hand) -> None:
    spec, text = hand.running(), b"x" * 100_000
    assert hand.engine.exec(spec.name, ["cat"], stdin=text).stdout == text


def test_a_command_that_takes_too_long_has_no_code(hand: Hand) -> None:
    spec = hand.running()
    begun = time.monotonic()
    assert hand.engine.exec(spec.name, ["sleep", "30"], timeout_s=0.5).exit_code is None
    assert time.monotonic() - begun < 10


class Talk:
    """Somebody at an attached shell with a terminal of 80 columns and 24 rows."""

    def __init__(self, hand: Hand, spec: ContainerSpec, *command: str) -> None:
        self.attached = hand.engine.attach(
            spec.name, command or ("/bin/sh",), mark=f"m{hand.number}", environment={"PS1": "$ "}, size=(80, 24)
        )
        self.attached.socket.settimeout(10)
        self.heard = bytearray()

    def say(self, text: str) -> None:
        self.attached.socket.sendall(text.encode())

    def hear(self, text: str) -> None:
        """Read until this was said."""
        while text.encode() not in self.heard:
            chunk = self.attached.socket.recv(65536)
            assert chunk, f"it ended before it said {text!r}: {bytes(self.heard[-300:])!r}"
            self.heard += chunk

    def hear_the_end(self) -> None:
        while chunk := self.attached.socket.recv(65536):
            self.heard += chunk


def test_a_shell_is_talked_to_and_says_how_it_ended(hand: Hand) -> None:
    talk = Talk(hand, hand.running())
    talk.say("echo hei\n")
    talk.hear("hei\r\n")
    assert talk.attached.exit_code() is None
    talk.say("echo blåbærgrøt 🫐\n")
    talk.hear("blåbærgrøt 🫐\r\n")
    talk.say("exit 3\n")
    talk.hear_the_end()
    assert eventually(lambda: talk.attached.exit_code() == 3)
    assert talk.attached.end()


def test_a_shells_terminal_has_the_size_it_was_given(hand: Hand) -> None:
    talk = Talk(hand, hand.running())
    talk.say("stty size\n")
    talk.hear("24 80\r\n")
    talk.attached.resize(132, 50)
    talk.say("stty size\n")
    talk.hear("50 132\r\n")
    talk.attached.end()


def test_a_mebibyte_goes_through_a_shell_and_comes_back(hand: Hand) -> None:
    talk = Talk(hand, hand.running(), "/bin/sh", "-c", "stty raw -echo; printf '$ '; exec cat")
    talk.hear("$ ")
    # Every byte passes, Docker's own keys for letting go among them.
    sent = b"\x10\x11" + random.Random(1).randbytes(2**20).translate(None, b"\r\n")
    talk.heard.clear()
    giver = Thread(target=talk.attached.socket.sendall, args=(sent,))
    giver.start()
    while len(talk.heard) < len(sent):
        talk.heard += talk.attached.socket.recv(65536)
    giver.join()
    assert bytes(talk.heard) == sent
    talk.attached.end()


@pytest.mark.parametrize("end", ["stopped", "removed"])
def test_a_shell_ends_with_its_container(hand: Hand, end: str) -> None:
    spec = hand.running()
    talk = Talk(hand, spec)
    talk.say("echo hei\n")
    talk.hear("hei\r\n")
    if end == "stopped":
        hand.engine.stop(spec.name, 0.0)
    else:
        hand.engine.remove_container(spec.name)
    talk.hear_the_end()
    talk.attached.exit_code()
    assert talk.attached.end()
    assert hand.engine.end_marked(spec.name, "m")
    with pytest.raises(EngineError):
        Talk(hand, spec)


def test_what_is_frozen_is_not_called_clear(hand: Hand) -> None:
    spec = hand.running()
    talk = Talk(hand, spec)
    hand.engine.pause(spec.name)
    assert not talk.attached.end()
    hand.engine.unpause(spec.name)
    assert hand.engine.end_marked(spec.name, f"m{hand.number}")


def test_files_are_there_when_it_starts_and_can_be_added(hand: Hand) -> None:
    flag = FileSpec("/opt/deep/flag.txt", b"NCR{x}\n", 0o400)
    spec = hand.running(files=(flag,))
    hand.engine.put_files(spec.name, [FileSpec("/tmp/later", b"l\n")])
    assert hand.engine.exec(spec.name, ["cat", "/opt/deep/flag.txt"]).stdout == b"NCR{x}\n"
    assert hand.engine.exec(spec.name, ["cat", "/tmp/later"]).stdout == b"l\n"


def test_files_reach_a_read_only_container_too(hand: Hand) -> None:
    spec = hand.running(files=(FileSpec("/srv/a", b"a"), FileSpec("/opt/b/c", b"c")), read_only=True)
    assert hand.engine.exec(spec.name, ["cat", "/srv/a"]).stdout == b"a"
    assert hand.engine.exec(spec.name, ["cat", "/opt/b/c"]).stdout == b"c"
    environment.remove(hand.engine, hand.who.labels)


def test_a_healthcheck_turns_healthy(hand: Hand) -> None:
    spec = hand.running(healthcheck=Healthcheck(("CMD", "true"), interval_s=0.5, timeout_s=5.0))
    assert eventually(lambda: hand.seen(spec).health == "healthy")
    plain = hand.running(name="plain")
    assert hand.seen(plain).health == "none"


def test_a_container_has_the_address_it_was_given(hand: Hand) -> None:
    network = hand.network()
    address = address_in(network, 9)
    hand.engine.ensure_network(network)
    spec = hand.running(attachments=(Attachment(network.name, ("hmi",), address),))
    assert hand.seen(spec).addresses == {network.name: address}


def test_a_container_on_many_networks_is_on_all_of_them(hand: Hand) -> None:
    networks = [hand.network(name, piece) for piece, name in enumerate(("plant", "office", "dmz"))]
    for network in networks:
        hand.engine.ensure_network(network)
    spec = hand.running(attachments=tuple(Attachment(network.name) for network in networks))
    assert set(hand.seen(spec).addresses) == {network.name for network in networks}


@pytest.mark.parametrize("state", ["created", "running", "frozen", "ended"])
def test_a_container_comes_off_a_network_and_back_to_the_same_place(hand: Hand, state: str) -> None:
    plant, office = hand.network(), hand.network("office", piece=1)
    for network in (plant, office):
        hand.engine.ensure_network(network)
    place = Attachment(plant.name, ("hmi", "panel"), address_in(plant, 9))
    spec = hand.container(attachments=(place, Attachment(office.name)))
    hand.engine.ensure_container(spec)
    bring_to(hand, spec, state)
    for _ in range(2):
        hand.engine.disconnect(spec.name, plant.name)
        assert plant.name not in hand.seen(spec).addresses
    for _ in range(2):
        hand.engine.connect(spec.name, place)
    bring_to(hand, spec, "running")
    assert hand.seen(spec).addresses[plant.name] == place.ipv4
    assert set(hand.seen(spec).addresses) == {plant.name, office.name}


def test_names_lead_to_a_container_that_came_back_to_its_network(hand: Hand) -> None:
    network = hand.network()
    hand.engine.ensure_network(network)
    place = Attachment(network.name, ("hmi", "panel"), address_in(network, 9))
    spec, desk = hand.running(attachments=(place,)), hand.running(name="desk", network=network)
    ask = ["getent", "hosts", "panel"]
    if isinstance(hand.engine, SimulatedEngine):
        hand.engine.on_exec = lambda box, command, stdin: answered(hand, spec, network)
    assert place.ipv4.encode() in hand.engine.exec(desk.name, ask).stdout
    hand.engine.disconnect(spec.name, network.name)
    assert hand.engine.exec(desk.name, ask).exit_code != 0
    hand.engine.connect(spec.name, place)
    assert place.ipv4.encode() in hand.engine.exec(desk.name, ask).stdout


def test_a_container_off_its_only_network_stays_off_when_started_anew(hand: Hand) -> None:
    network = hand.network()
    hand.engine.ensure_network(network)
    spec = hand.running(network=network)
    hand.engine.disconnect(spec.name, network.name)
    hand.engine.stop(spec.name, 0.0)
    hand.engine.start(spec.name)
    assert hand.seen(spec).addresses == {}


def test_what_is_on_a_network_is_let_go_of_before_it_goes(hand: Hand) -> None:
    plant, office = hand.network(), hand.network("office", piece=1)
    for network in (plant, office):
        hand.engine.ensure_network(network)
    places = (Attachment(plant.name), Attachment(office.name))
    running, ended = hand.running(attachments=places), hand.running(name="ended", attachments=places)
    hand.engine.stop(ended.name, 0.0)
    hand.engine.remove_network(plant.name)
    hand.engine.start(ended.name)
    for spec in (running, ended):
        assert set(hand.seen(spec).addresses) == {office.name}


def test_where_there_is_no_network_or_container_is_said_or_done_already(hand: Hand) -> None:
    spec = hand.container()
    hand.engine.ensure_container(spec)
    with pytest.raises(EngineError, match="nowhere"):
        hand.engine.connect(spec.name, Attachment("ncr-nowhere"))
    with pytest.raises(EngineError, match="ncr-nobody"):
        hand.engine.connect("ncr-nobody", Attachment("ncr-nowhere"))
    hand.engine.disconnect(spec.name, "ncr-nowhere")
    hand.engine.disconnect("ncr-nobody", "ncr-nowhere")


def address_in(network: NetworkSpec, at: int) -> str:
    return str(IPv4Network(network.subnet)[at])


def bring_to(hand: Hand, spec: ContainerSpec, state: str) -> None:
    if state == "ended":
        hand.engine.start(spec.name)
        hand.engine.stop(spec.name, 0.0)
    elif state != "created":
        hand.engine.start(spec.name)
        (hand.engine.pause if state == "frozen" else hand.engine.unpause)(spec.name)


def answered(hand: Hand, spec: ContainerSpec, network: NetworkSpec) -> ExecResult:
    """What a resolver would say on the simulated engine, where there is none."""
    address = hand.seen(spec).addresses.get(network.name, "")
    return ExecResult(0 if address else 2, address.encode())


def test_a_throw_away_container_answers_and_is_gone(hand: Hand) -> None:
    spec = hand.container("probe", command=("false",))
    assert hand.engine.run(spec, 30).exit_code == 1
    assert hand.engine.run(replace(spec, command=("echo", "hei")), 30).stdout == b"hei\n"
    assert hand.engine.run(replace(spec, command=("sleep", "60")), 1.0).exit_code is None
    assert not hand.engine.observe(hand.who.labels)


def test_only_the_labels_asked_for_are_seen(hand: Hand, instance: str) -> None:
    hand.running()
    assert not hand.engine.observe({**hand.who.labels, "ncr.team": "b"})
    assert not hand.engine.observe({"ncr.instance": f"{instance}x"})
    assert hand.engine.observe({"ncr.instance": instance})


def test_what_was_written_is_measured_by_container(hand: Hand) -> None:
    spec = hand.running()
    before = hand.engine.disk_usage()[spec.name]
    hand.engine.put_files(spec.name, [FileSpec("/tmp/big", bytes(3 * 2**20))])
    assert hand.engine.disk_usage()[spec.name] - before == pytest.approx(3, abs=0.2)


def test_logs_can_be_read(hand: Hand) -> None:
    spec = hand.running(command=("echo", "hei"))
    assert eventually(lambda: hand.engine.read_logs(spec.name) != "")


def test_an_engine_that_does_not_answer_says_so(engine: Engine, tmp_path: Path) -> None:
    if isinstance(engine, SimulatedEngine):
        engine.set_down(True)
    else:
        engine = DockerEngine(Settings(data=tmp_path, docker_host=f"unix://{tmp_path}/nobody"), "t")
    for verb in (engine.info, engine.ensure_guard, lambda: engine.observe({}), lambda: engine.start("x")):
        with pytest.raises(EngineUnavailable):
            verb()


def test_a_whole_environment_goes_through_its_life(hand: Hand) -> None:
    networks = {"plant": Network("plant"), "office": Network("office", "172.20.0.0/24")}
    plan = made(
        scene(
            service("db", command=("sleep", "300"), healthcheck=Healthcheck(("CMD", "true")),
                    volumes=(VolumeMount("store", "/var/lib/db"),)),
            service("shop", command=("sleep", "300"), depends_on={"db": "healthy"}, replicas=2),
            service("desk", command=("sleep", "300"),
                    networks={"plant": Membership(), "office": Membership(ipv4="172.20.0.7")}),
            networks=networks,
        ),
        hand.who,
        first=hand.number,
    )  # fmt: skip
    for _ in range(2):
        environment.build(hand.engine, plan)
        environment.verify(hand.engine, plan)
        environment.hold(hand.engine, plan)
    environment.open_(hand.engine, plan)
    up = dict.fromkeys(("db", "shop", "desk", "@gate"), "up")
    assert environment.health(hand.engine.observe(plan.who.labels), plan) == up
    hand.engine.stop(plan.of("db")[0].name, 0.0)
    assert environment.health(hand.engine.observe(plan.who.labels), plan) == up | {"db": "exited"}
    environment.restart(hand.engine, plan, "db")
    assert environment.health(hand.engine.observe(plan.who.labels), plan)["db"] in ("up", "starting")
    hand.engine.remove_container(plan.gate.name)
    assert environment.health(hand.engine.observe(plan.who.labels), plan)["@gate"] == "missing"
    environment.build(hand.engine, plan)
    environment.remove(hand.engine, plan.who.labels)
    assert not hand.engine.observe(plan.who.labels)
