"""What teams share on the real engine: each team meets it, it meets each team, and no team meets another through it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from ncr.config import Settings
from ncr.runtime import environment
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.runtime.images import own_image
from ncr.runtime.outfit import SiteLimits
from ncr.scenario.shared import nickname, shared_part
from ncr.scenario.topology import Membership, Network, Scenario, Service, Topology
from tests.pure.runtime.scenes import scene, service

# Answers TCP with its name, and writes down every datagram that comes.
LISTEN = """
import socket, sys, threading
def hear():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", 9))
    while True:
        said, who = udp.recvfrom(100)
        open("/tmp/heard", "a").write(f"{said.decode()} from {who[0]}\\n")
threading.Thread(target=hear, daemon=True).start()
server = socket.create_server(("", 80))
while True:
    talk, who = server.accept()
    talk.sendall(f"{sys.argv[1]} hears {who[0]}".encode())
    talk.close()
"""
ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], 80), 2) as talk:
        print(talk.recv(100).decode())
except OSError as error:
    print("no:", error)
"""
# A datagram for somebody else's address in a frame for the shared container: what a router would pass on. One may also
# claim to come from there.
SEND = """
import socket, struct, sys
router, source, target, words = sys.argv[1:]
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (router, 19))
import time; time.sleep(0.3)
rows = [line.split() for line in open("/proc/net/arp")][1:]
mac, device = next((row[3], row[5]) for row in rows if row[0] == router)
own = open(f"/sys/class/net/{device}/address").read().strip()
data = words.encode()
udp = struct.pack("!4H", 999, 9, 8 + len(data), 0) + data
head = struct.pack("!BBHHHBBH4s4s", 69, 0, 20 + len(udp), 1, 0, 64, 17, 0, *map(socket.inet_aton, (source, target)))
total = sum(struct.unpack("!10H", head))
while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
head = head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:]
frame = b"".join(bytes.fromhex(one.replace(":", "")) for one in (mac, own)) + b"\\x08\\x00" + head + udp
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((device, 0))
raw.send(frame)
"""


def program(name: str, **more: object) -> Service:
    listen = ("python3", "-c", LISTEN, name)
    more = {"networks": {"lan": Membership()}, "command": listen, "user": "root", **more}
    return service(name, image=own_image("checker").reference, **more)


@dataclass(frozen=True)
class Place:
    """Two teams and what they share, all open."""

    engine: DockerEngine
    shared: Blueprint
    teams: tuple[Blueprint, Blueprint]

    def run(self, plan: Blueprint, service: str, *words: str) -> str:
        done = self.engine.exec(plan.of(service)[0].name, words, timeout_s=30)
        return (done.stdout + done.stderr).decode().strip()

    def ask(self, plan: Blueprint, service: str, target: str) -> str:
        return self.run(plan, service, "python3", "-c", ASK, target)

    def heard(self, plan: Blueprint, service: str) -> list[str]:
        return self.run(plan, service, "sh", "-c", "cat /tmp/heard 2>/dev/null").splitlines()

    def mail(self, team: int) -> str:
        """The shared service's address on a team's network."""
        return next(guest.place.ipv4 or "" for guest in self.teams[team].guests if "mail" in guest.place.aliases)


def play() -> Scenario:
    own = scene(program("desk", cap_add=("NET_RAW",)), program("shop"), networks={"lan": Network("lan")})
    mail = program("mail", networks={"lan": Membership(("post",)), "back": Membership()})
    store = program("store", networks={"back": Membership()})
    shared = Topology({"mail": mail, "store": store}, {"lan": Network("lan"), "back": Network("back")})
    return replace(own, shared=shared)


def plans(instance: str, first: int) -> tuple[Blueprint, Blueprint, Blueprint]:
    whole = play()
    part = shared_part(whole)
    assert part is not None
    host = Identity(instance, "ex", "a").host
    made = []
    for number, (scenario, who) in enumerate(
        ((part, host), (whole, Identity(instance, "ex", "a", nickname="t1")),
         (whole, Identity(instance, "ex", "b", nickname="t2")))
    ):  # fmt: skip
        at = first + number * 4
        subnets = {
            name: (f"10.130.{(at + n) // 4}.{(at + n) % 4 * 64}/26", f"ncr-{instance[-4:]}{at + n:04x}")
            for n, name in enumerate(networks_needed(scenario))
        }
        values = {"NCR_TEAMS": "t1 t2", "NCR_TEAM": who.team}
        made.append(blueprint(scenario, who, values, {}, subnets, SiteLimits()))
    return made[0], made[1], made[2]


@pytest.fixture(scope="module")
def place(docker_client: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One team is there before what is shared, the other comes after it and finds it standing still."""
    instance = f"sh-{random.randrange(10**6):06d}"
    engine = DockerEngine(Settings(_env_file=None, data=tmp_path_factory.mktemp("data")), instance)
    shared, one, two = plans(instance, random.randrange(900))
    try:
        environment.build(engine, one)
        environment.build(engine, shared)
        environment.welcome(engine, one)
        environment.verify(engine, shared, [one.address("shop")])
        environment.hold(engine, shared)
        environment.build(engine, two)
        environment.verify(engine, two, [one.address("shop"), shared.address("mail")])
        environment.open_(engine, shared)
        yield Place(engine, shared, (one, two))
    finally:
        for plan in (one, two, shared):
            environment.remove(engine, plan.who.labels)
        assert not engine.observe({"ncr.instance": instance})
        engine.close()


def test_every_team_reaches_what_is_shared_by_its_names(place: Place) -> None:
    for team in place.teams:
        for name in ("mail", "post"):
            assert place.ask(team, "desk", name).startswith("mail hears 10.130.")
        assert "no:" in place.ask(team, "desk", "store")


def test_what_is_shared_reaches_every_team_by_its_number(place: Place) -> None:
    assert place.run(place.shared, "mail", "printenv", "NCR_TEAMS") == "t1 t2"
    for number, team in enumerate(place.teams, start=1):
        assert place.ask(place.shared, "mail", f"shop.{nickname(number)}") == f"shop hears {place.mail(number - 1)}"
        assert place.ask(place.shared, "mail", team.address("shop")).startswith("shop hears")
    assert place.ask(place.shared, "mail", "store").startswith("store hears")


def test_no_team_reaches_another_by_name_or_address(place: Place) -> None:
    one, two = place.teams
    for name in ("shop.t2", two.address("shop"), two.address("desk")):
        assert "no:" in place.ask(one, "desk", name)
    assert place.ask(one, "desk", "shop.t1").startswith("shop hears")


def test_what_is_shared_is_no_router_for_a_teams_root(place: Place) -> None:
    one, two = place.teams
    router, own = place.mail(0), one.address("desk")
    send = ("python3", "-c", SEND, router)
    assert "Traceback" not in place.run(one, "desk", *send, own, router, "straight")
    assert "Traceback" not in place.run(one, "desk", *send, own, two.address("shop"), "through")
    assert "Traceback" not in place.run(one, "desk", *send, two.address("shop"), router, "forged")
    # Only what is meant for it, from where it says it is from, arrives.
    assert place.heard(place.shared, "mail") == [f"straight from {own}"]
    assert place.heard(two, "shop") == []
    assert place.run(place.shared, "mail", "cat", "/proc/sys/net/ipv4/ip_forward") == "0"


def test_it_is_there_again_after_a_team_was_made_anew(place: Place) -> None:
    team = place.teams[1]
    before = place.ask(team, "desk", "mail")
    environment.remove(place.engine, team.who.labels)
    assert set(place.engine.observe(team.who.labels).networks) == set()
    # It can start again though a network it was on is gone.
    mail = place.shared.of("mail")[0].name
    place.engine.stop(mail, 0)
    place.engine.start(mail)
    environment.build(place.engine, team)
    assert place.ask(team, "desk", "mail") == before
    assert place.ask(place.shared, "mail", "shop.t1").startswith("shop hears")


def test_it_keeps_its_places_when_it_starts_again(place: Place) -> None:
    environment.restart(place.engine, place.shared, "mail")
    for number, team in enumerate(place.teams, start=1):
        assert place.ask(team, "desk", "post").startswith("mail hears")
        assert place.ask(place.shared, "mail", f"shop.t{number}").startswith("shop hears")


def test_a_teams_network_goes_while_it_is_there_stopped_or_not(place: Place) -> None:
    team = place.teams[0]
    mail = place.shared.of("mail")[0].name
    place.engine.stop(mail, 0)
    environment.remove(place.engine, team.who.labels)
    assert not place.engine.observe(team.who.labels)
    place.engine.start(mail)
    environment.build(place.engine, team)
    assert place.ask(team, "desk", "mail").startswith("mail hears")
