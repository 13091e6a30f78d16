"""Attacks from inside containers: what a team with root in a shell can reach, exhaust or undo on the real engine."""

import contextlib
import random
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ncr.config import Settings
from ncr.errors import EngineError
from ncr.runtime import environment, isolation
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.docker import DockerEngine
from ncr.runtime.guard import Guard
from ncr.runtime.host import Host
from ncr.runtime.identity import Identity
from ncr.runtime.images import own_image
from ncr.runtime.objects import ContainerSpec, FileSpec
from ncr.scenario.topology import Membership, Network, Service
from tests.pure.runtime.scenes import made, scene, service

NETWORKS = {"plant": Network("plant"), "office": Network("office")}
TRY = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def attempt(target):
    host, _, port = target.rpartition("@")
    try:
        socket.create_connection((host, int(port)), 1.0).close()
    except ConnectionRefusedError:
        return "refused " + target
    except OSError as error:
        return f"closed {target} {error}"
    return "open " + target
with ThreadPoolExecutor(32) as pool:
    print("\\n".join(pool.map(attempt, sys.argv[1:])))
"""


def attacker(name: str, **more: object) -> Service:
    return service(name, image=own_image("checker").reference, command=("sleep", "600"), user="root", **more)


@pytest.fixture(scope="module")
def engine(docker_client: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    real = DockerEngine(Settings(data=tmp_path_factory.mktemp("data")), f"iso-{random.randrange(10**6)}")
    yield real
    real.close()


@pytest.fixture(scope="module")
def teams(engine: DockerEngine) -> Iterator[tuple[Blueprint, Blueprint]]:
    """Two teams' environments; the desk is on both networks, with every power a scenario may give it."""
    instance = engine._labels["ncr.instance"]
    play = scene(
        attacker("desk", networks={"plant": Membership(), "office": Membership()}, cap_add=("NET_RAW", "CHOWN")),
        attacker("shop", networks={"office": Membership()}),
        networks=NETWORKS,
    )
    first = random.randrange(900)
    plans = tuple(made(play, Identity(instance, "ex", team), first=first + at * 3) for at, team in enumerate("ab"))
    try:
        for plan in plans:
            environment.build(engine, plan)
        yield plans[0], plans[1]
    finally:
        for plan in plans:
            environment.remove(engine, plan.who.labels)


@pytest.fixture(scope="module")
def listener() -> Iterator[int]:
    """A service of the host on every address, IPv6 too, as NCR itself would be."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        yield server.getsockname()[1]


def attempts(engine: DockerEngine, plan: Blueprint, targets: list[str], service: str = "desk") -> list[str]:
    """The targets that answered, a refusal included."""
    result = engine.exec(plan.of(service)[0].name, ["python3", "-c", TRY, *targets], timeout_s=120)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.decode().splitlines()
    assert len(lines) == len(targets)
    return [line for line in lines if not line.startswith("closed")]


def test_teammates_reach_each_other_and_the_attack_itself_works(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint]
) -> None:
    assert attempts(engine, teams[0], ["shop@9", "127.0.0.1@9"]) == ["refused shop@9", "refused 127.0.0.1@9"]


def test_the_host_cannot_be_reached_by_any_of_its_addresses(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    gateways = [str(IPv4Network(net.subnet)[1]) for plan in teams for net in plan.networks]
    addresses = [*engine.host_addresses(), *gateways]
    with contextlib.closing(socket.create_connection(("127.0.0.1", listener), 1)):
        targets = [f"{address.partition('%')[0]}@{port}" for address in addresses for port in (listener, 22)]
    assert attempts(engine, teams[0], targets) == []


def test_the_host_cannot_be_reached_over_ipv6_link_local(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    bridges = {net.bridge for net in teams[0].networks}
    mine = [one for one in engine.host_addresses() if one.partition("%")[2] in bridges]
    targets = [f"{one.partition('%')[0]}%eth{at}@{listener}" for one in mine for at in (0, 1)]
    assert attempts(engine, teams[0], [*targets, f"fe80::1%eth0@{listener}"]) == []


def test_another_team_cannot_be_reached(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    theirs = [place.ipv4 for spec in teams[1].everything for place in spec.attachments]
    assert attempts(engine, teams[0], [f"{address}@{port}" for address in theirs for port in (9, 1080)]) == []
    names = engine.exec(teams[0].of("desk")[0].name, ["getent", "hosts", teams[1].of("shop")[0].name], timeout_s=30)
    assert names.exit_code != 0


def test_outside_addresses_and_names_cannot_be_reached(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint]
) -> None:
    assert attempts(engine, teams[0], ["1.1.1.1@443", "169.254.169.254@80", "8.8.8.8@53"]) == []
    assert engine.exec(teams[0].of("desk")[0].name, ["getent", "hosts", "debian.org"], timeout_s=30).exit_code != 0


def test_the_gate_relays_for_the_host_and_for_nobody_else(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint]
) -> None:
    plan = teams[0]
    served = plan.address("shop")
    name = plan.of("shop")[0].name
    serve = "import socket; s=socket.create_server(('',80)); c,_=s.accept(); c.sendall(b'hei'); c.close()"
    server = threading.Thread(target=lambda: engine.exec(name, ["python3", "-c", serve], timeout_s=20))
    server.start()
    try:
        answer = b""
        for _ in range(100):
            answer = answer or through_gate(plan, served, 80)
            threading.Event().wait(0 if answer else 0.1)
    finally:
        server.join(25)
    assert answer == b"hei"
    proxies = [place.ipv4 for place in plan.gate.attachments]
    opened = [line for line in attempts(engine, plan, [f"{one}@1080" for one in proxies]) if line.startswith("open")]
    assert opened == []


def through_gate(plan: Blueprint, address: str, port: int) -> bytes:
    """What a service answers through the gate's SOCKS relay."""
    with socket.create_connection(plan.gate_address, 5) as talk:
        talk.settimeout(5)
        talk.sendall(b"\x05\x01\x00")
        assert talk.recv(2) == b"\x05\x00"
        talk.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(address) + struct.pack(">H", port))
        if talk.recv(10)[1] != 0:
            return b""
        return talk.recv(10)


def test_the_gate_cannot_reach_the_host_or_another_gate(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    gateway = str(IPv4Network(teams[0].networks[0].subnet)[1])
    for address, port in ((gateway, listener), ("172.17.0.1", listener), teams[1].gate_address):
        with contextlib.suppress(TimeoutError):
            assert through_gate(teams[0], address, port) == b""


RAW = """
import fcntl, socket, struct, sys, time
target, mac, port = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")), int(sys.argv[3])
def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
def address_of(name):
    with socket.socket() as any_socket:
        return fcntl.ioctl(any_socket, 0x8915, struct.pack("256s", name.encode()))[20:24]
name = next(n for _, n in socket.if_nameindex() if n != "lo" and address_of(n) == socket.inet_aton(sys.argv[4]))
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
one.bind((name, 0))
mine = one.getsockname()[4]
source = socket.inet_aton(sys.argv[4])
there = socket.inet_aton(target)
tcp = struct.pack(">HHIIBBHHH", 4444, port, 1, 0, 0x50, 2, 1024, 0, 0)
pseudo = source + there + struct.pack(">BBH", 0, 6, len(tcp))
tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0, source, there)
head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
one.settimeout(0.3)
for _ in range(3):
    one.send(mac + mine + b"\\x08\\x00" + head + tcp)
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        try:
            frame = one.recv(2048)
        except TimeoutError:
            break
        if frame[23] == 6 and frame[26:30] == there and frame[36:38] == struct.pack(">H", 4444):
            print("answered", target)
            sys.exit()
"""


def raw(engine: DockerEngine, plan: Blueprint, target: str, mac: str, port: int) -> bytes:
    """What comes back when the desk writes a frame by hand: an address of its choice to a machine of its choice."""
    source = plan.of("desk")[0].attachments[0].ipv4 or ""
    command = ["python3", "-c", RAW, target, mac, str(port), source]
    result = engine.exec(plan.of("desk")[0].name, command, timeout_s=20)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def mac_of(engine: DockerEngine, name: str, network: str) -> str:
    networks = engine._connection.api.inspect_container(name)["NetworkSettings"]["Networks"]
    return str(networks[network]["MacAddress"])


def test_frames_written_by_hand_reach_neither_the_host_nor_the_relay(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    plan = teams[0]
    first = plan.of("desk")[0].attachments[0].network
    bridge = next(net.bridge for net in plan.networks if net.name == first)
    host_mac = Path(f"/sys/class/net/{bridge}/address").read_text().strip()
    gate_mac = mac_of(engine, plan.gate.name, first)
    own = next(place.ipv4 or "" for place in plan.gate.attachments if place.network == first)
    assert raw(engine, plan, own, gate_mac, 9) == f"answered {own}\n".encode()
    assert raw(engine, plan, plan.gate_address[0], gate_mac, 1080) == b""
    for address in (one for one in engine.host_addresses() if ":" not in one):
        assert raw(engine, plan, address, host_mac, listener) == b""
    theirs = teams[1].of("shop")[0].attachments[0].ipv4
    assert raw(engine, plan, theirs or "", host_mac, 9) == b""


def test_the_probe_sees_nothing_open_and_knows_the_other_team(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    others = [place.ipv4 for spec in teams[1].everything for place in spec.attachments if place.ipv4]
    assert isolation.probe(engine, teams[0], others, (listener, 22)) == []


def test_without_the_guard_the_probe_tells_and_the_guard_comes_back(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint], listener: int
) -> None:
    plan = teams[0]
    leaky = replace(plan, networks=tuple(replace(net, kind="team") for net in plan.networks))
    control = {net.bridge for net in plan.networks if net.kind == "control"}
    drop = [f"-D NCR-INPUT -i {kind} -j DROP" for kind in ("ncrc-+", "ncr-+")]
    for line in drop:
        subprocess.run(["iptables", "-w", *line.split()], check=True)
    try:
        spec = isolation.probe_spec(leaky, {"tcp": [], "name": "", "within_s": 0.1})
        gateway = str(IPv4Network(plan.networks[0].subnet)[1])
        assert reaches(engine, spec, gateway, listener), f"the attack on {control} should work without the guard"
        assert environment.verify(engine, plan, host_ports=(listener,)) is None
    finally:
        restored = engine.ensure_guard()
    assert restored == ["IPv4 rules of NCR-INPUT"]
    assert not reaches(engine, spec, gateway, listener)


def reaches(engine: DockerEngine, probe: ContainerSpec, address: str, port: int) -> bool:
    spec = replace(probe, command=("python3", "-c", TRY, f"{address}@{port}"))
    return not engine.run(spec, 30).stdout.startswith(b"closed")


@pytest.mark.parametrize("chain", ["INPUT", "DOCKER-USER"])
def test_a_rule_put_before_the_guard_is_passed_by(engine: DockerEngine, chain: str) -> None:
    engine.ensure_guard()
    rule = [chain, "-i", "ncr-+", "-j", "ACCEPT"]
    subprocess.run(["iptables", "-w", "-I", *rule], check=True)
    try:
        assert engine.ensure_guard() == [f"IPv4 jump from {chain}"]
        lines = subprocess.run(["iptables", "-w", "-S", chain], check=True, capture_output=True, text=True).stdout
        assert lines.splitlines()[1].startswith(f"-A {chain} -j NCR-")
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], check=True)
    assert engine.ensure_guard() == []


def test_nothing_starts_where_the_guard_cannot_stand(engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = Host(lambda: False, lambda words, stdin: (1, b"Operation not permitted"))
    monkeypatch.setattr(engine, "_guard", Guard(unreachable))
    plan = made(scene(attacker("desk")), Identity(engine._labels["ncr.instance"], "ex", "c"), first=950)
    with pytest.raises(EngineError, match=r"nothing may start: .*not permitted"):
        environment.build(engine, plan)
    assert not engine.observe(plan.who.labels)


def test_the_guard_can_be_seen_to_through_a_container(engine: DockerEngine) -> None:
    remote = engine._host._in_container
    guard = Guard(Host(lambda: False, remote))
    engine.ensure_guard()
    assert guard.ensure() == []
    subprocess.run(["iptables", "-w", "-F", "NCR-INPUT"], check=True)
    assert guard.ensure() == ["IPv4 rules of NCR-INPUT"]
    assert engine.ensure_guard() == []


def test_a_container_has_no_powers_it_was_not_given(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    status = engine.exec(teams[0].of("shop")[0].name, ["cat", "/proc/self/status"]).stdout.decode()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["CapBnd"].strip() == fields["CapEff"].strip() == "0" * 16
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    limits = engine.exec(teams[0].of("shop")[0].name, ["sh", "-c", "ulimit -n; ulimit -c; cat /proc/net/if_inet6"])
    assert limits.stdout.split() == [b"1024", b"0"]
    gate = engine._connection.api.inspect_container(teams[0].gate.name)
    assert gate["HostConfig"]["ReadonlyRootfs"]
    assert gate["Config"]["User"] == "gate"


def test_a_fork_bomb_ends_at_its_limit(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    bomb = "import os, time\nwhile True:\n  if not os.fork():\n    time.sleep(1)\n    os._exit(0)"
    result = engine.exec(teams[0].of("shop")[0].name, ["python3", "-c", bomb], timeout_s=10)
    assert b"BlockingIOError" in result.stderr
    assert engine.exec(teams[0].of("shop")[0].name, ["true"]).exit_code == 0


def test_a_memory_hog_ends_at_its_limit(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    hog = "x = bytearray(400 * 2**20); print('got it')"
    result = engine.exec(teams[0].of("shop")[0].name, ["python3", "-c", hog], timeout_s=30)
    assert result.exit_code != 0
    assert b"got it" not in result.stdout


def test_a_filled_disk_is_seen(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    name = teams[0].of("shop")[0].name
    engine.exec(name, ["dd", "if=/dev/zero", "of=/fill", "bs=1M", "count=20", "status=none"])
    assert 20 <= engine.disk_usage()[name] < 22


def test_a_flood_of_output_is_cut_off(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    result = engine.exec(teams[0].of("shop")[0].name, ["sh", "-c", "exec cat /dev/zero"], timeout_s=30)
    assert result.exit_code is None
    assert len(result.stdout) < 3 * 2**20


def test_a_command_out_of_time_is_ended_with_all_it_started(
    engine: DockerEngine, teams: tuple[Blueprint, Blueprint]
) -> None:
    name = teams[0].of("shop")[0].name
    hide = "env -i sleep 4321 & (sleep 4322 &) ; nohup sleep 4323 >/dev/null 2>&1 & sleep 4324"
    assert engine.exec(name, ["sh", "-c", hide], timeout_s=1.0).exit_code is None
    listing = "for d in /proc/[0-9]*; do tr '\\0' ' ' <$d/cmdline; done"
    assert b"sleep 432" not in engine.exec(name, ["sh", "-c", listing]).stdout


def test_files_put_in_by_a_link_stay_in_the_container(engine: DockerEngine, teams: tuple[Blueprint, Blueprint]) -> None:
    name = teams[0].of("shop")[0].name
    engine.exec(name, ["ln", "-s", "/../../../../tmp", "/trap"])
    engine.put_files(name, [FileSpec("/trap/ncr-escaped", b"x")])
    assert not Path("/tmp/ncr-escaped").exists()
