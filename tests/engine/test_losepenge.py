"""The evidence of losepenge: log, capture and disk are of one night, which comes out the same whenever it is played."""

import importlib.util
import io
import json
import re
import struct
import tarfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path
from types import ModuleType

import docker
import pytest

from ncr.config import Settings
from ncr.runtime.docker import DockerEngine
from ncr.runtime.objects import ImageSpec
from ncr.scenario import loader
from ncr.scenario.images import images

SCENARIO = loader.load(Path(__file__).parents[2] / "scenarios" / "losepenge")
ANSWERS = {task.id: task.answer for task in SCENARIO.definition.tasks}
INJECTS = {inject.id: inject for inject in SCENARIO.definition.injects}
NIGHT = SCENARIO.path / "images" / "skarvoy" / "night"
PORTAL, FILES, GANG = "10.20.0.5:8080", "10.20.10.20:8080", "198.51.100.140:8080"


@dataclass(frozen=True)
class Request:
    """An HTTP request as the capture shows it: when its first byte passed, who asked whom, and for what."""

    at: float
    client: str
    line: str
    body: bytes


@dataclass
class Lab:
    """The scenario's images, and a way to look into them."""

    client: docker.DockerClient

    def read(self, service: str, folder: str) -> dict[str, bytes]:
        """Every file below a folder of a service's image, by its path from there."""
        made = self.client.containers.create(images(SCENARIO)[service].reference)
        try:
            stream, _ = made.get_archive(folder)
            packed = io.BytesIO(b"".join(stream))
        finally:
            made.remove(force=True)
        with tarfile.open(fileobj=packed) as tar:
            found = {member.name.partition("/")[2]: tar.extractfile(member) for member in tar if member.isfile()}
            return {name: file.read() for name, file in found.items() if file}

    def run(self, service: str, *command: str) -> bytes:
        """What a command prints in a throw-away container of a service's image."""
        done: bytes = self.client.containers.run(images(SCENARIO)[service].reference, list(command), remove=True)
        return done


@pytest.fixture(scope="module")
def lab(docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The images built as the director builds them."""
    engine = DockerEngine(Settings(_env_file=None, data=tmp_path_factory.mktemp("data")), "t-losepenge")
    try:
        for need in {need.reference: need for need in images(SCENARIO).values()}.values():
            spec = ImageSpec(need.reference, need.context, need.dockerfile, need.args, need.target)
            engine.ensure_image(spec, lambda line: None)
        yield Lab(docker_client)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def evidence(lab: Lab) -> dict[str, bytes]:
    """What the analysts are given."""
    return lab.read("workstation", "/bevis")


@pytest.fixture(scope="module")
def requests(evidence: dict[str, bytes]) -> dict[str, list[Request]]:
    """Every HTTP request in the capture, by the server that was asked."""
    found = defaultdict(list)
    for (client, server), (at, data) in conversations(evidence["opptak.pcap"]).items():
        head, _, body = data.partition(b"\r\n\r\n")
        if re.match(rb"(GET|POST|PUT) ", head):
            found[server].append(Request(at, client.partition(":")[0], head.split(b"\r\n")[0].decode(), body))
    return found


def conversations(capture: bytes) -> dict[tuple[str, str], tuple[float, bytes]]:
    """What each side of each TCP conversation sent, and when it began; every checksum and number must be right."""
    assert struct.unpack_from("<IHHiIII", capture) == (0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    at, before, expected = 24, 0.0, {}
    said: dict[tuple[str, str], tuple[float, bytes]] = {}
    while at < len(capture):
        second, micro, kept, length = struct.unpack_from("<IIII", capture, at)
        packet, when = capture[at + 30 : at + 16 + kept], second + micro / 1e6
        at += 16 + kept
        assert kept == length == 14 + struct.unpack_from(">H", packet, 2)[0]
        assert when >= before
        before = when
        assert checksum(packet[:20]) == 0
        assert checksum(packet[12:20] + struct.pack(">HH", packet[9], len(packet) - 20) + packet[20:]) == 0
        if packet[9] != 6:
            continue
        ports = struct.unpack_from(">HH", packet, 20)
        source, to = (
            f"{IPv4Address(packet[place : place + 4])}:{port}" for place, port in zip((12, 16), ports, strict=True)
        )
        seq, flags, payload = struct.unpack_from(">I", packet, 24)[0], packet[33], packet[20 + (packet[32] >> 4) * 4 :]
        assert flags & 2 or seq == expected[source, to]
        expected[source, to] = (seq + len(payload) + bool(flags & 3)) % 2**32
        if payload:
            began, data = said.get((source, to), (when, b""))
            said[source, to] = (began, data + payload)
    return said


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071); 0 over data that holds a right one."""
    padded = data + b"\x00" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def encryptor() -> ModuleType:
    """The gang's program, as a module."""
    spec = importlib.util.spec_from_file_location("sot", NIGHT / "gang" / "sot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def decrypted(locked: bytes) -> bytes:
    """An encrypted file's content, by the key that is the answer of a task."""
    key = bytes.fromhex(ANSWERS["the-key"].exact)
    sot = encryptor()
    assert locked[:4] == b"SOT1"
    return bytes(sot.xor(locked[20:], sot.strom(key, locked[4:20], len(locked) - 20)))


def carried_out(requests: dict[str, list[Request]]) -> bytes:
    """What the gang got, in the order of its parts."""
    return b"".join(request.body for request in requests[GANG] if request.line.startswith("POST /opp"))


def test_the_night_comes_out_the_same_when_it_is_played_again(lab: Lab, evidence: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(NIGHT, "night")
    reference = images(SCENARIO)["fil01"].reference
    stage = lab.client.containers.create(reference, ["python3", "/night/run.py", "/natt/bevis"])
    try:
        stage.put_archive("/", packed.getvalue())
        stage.start()
        assert stage.wait(timeout=120)["StatusCode"] == 0, stage.logs().decode()
        stream, _ = stage.get_archive("/natt/bevis/SHA256SUMS")
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
            again = tar.extractfile("SHA256SUMS")
            assert again is not None
            assert again.read() == evidence["SHA256SUMS"]
    finally:
        stage.remove(force=True)


def test_the_sums_are_those_of_the_evidence(evidence: dict[str, bytes]) -> None:
    told = dict(reversed(line.split("  ")) for line in evidence["SHA256SUMS"].decode().splitlines())
    assert told == {name: sha256(data).hexdigest() for name, data in evidence.items() if name != "SHA256SUMS"}


def test_what_was_carried_out_is_what_the_key_opens_on_the_server(lab: Lab, requests: dict[str, list[Request]]) -> None:
    taken = carried_out(requests)
    assert len(taken) == ANSWERS["carried-out"].number
    with tarfile.open(fileobj=io.BytesIO(taken)) as tar:
        parts = {member.name: tar.extractfile(member) for member in tar}
        stolen = {name: part.read() for name, part in parts.items() if part}
    share = lab.read("fil01", "/srv/felles/omsorg")
    assert {name: decrypted(data) for name, data in share.items() if name.endswith(".sot")} == {
        f"{name}.sot": data for name, data in stolen.items()
    }


def test_the_portals_log_is_the_captures_requests(
    evidence: dict[str, bytes], requests: dict[str, list[Request]]
) -> None:
    lines = evidence["fjernport/tilgang.log"].decode().splitlines()
    assert len(lines) == len(requests[PORTAL])
    for line, request in zip(lines, requests[PORTAL], strict=True):
        told = re.match(r'(\S+) - \S+ \[(.+?)\] "(.+?)" ', line)
        assert told is not None
        assert (told[1], told[3]) == (request.client, request.line)
        # The log counts whole seconds, from when the request had come.
        logged = datetime.strptime(told[2], "%d/%b/%Y:%H:%M:%S %z").timestamp()
        assert -1 < logged - request.at < 0.1


def test_the_file_servers_log_is_the_captures_requests(
    evidence: dict[str, bytes], requests: dict[str, list[Request]]
) -> None:
    lines = [json.loads(line) for line in evidence["fil01/filtjener.jsonl"].decode().splitlines()]
    assert len(lines) == len(requests[FILES])
    for line, request in zip(lines, requests[FILES], strict=True):
        assert (line["fra"], f"GET {line['sti'].removeprefix('/srv')} HTTP/1.1") == (request.client, request.line)
        assert 0 <= datetime.fromisoformat(line["tid"]).timestamp() + 0.001 - request.at < 0.1


def test_the_disk_is_whole_and_holds_what_was_deleted(lab: Lab) -> None:
    image = "/bevis/fil01/fil01.img"
    assert b"clean" in lab.run("workstation", "sh", "-c", f"/sbin/e2fsck -n {image}")
    deleted = lab.run("workstation", "fls", "-r", "-p", "-d", image).decode()
    inodes = {path: inode for inode, path in re.findall(r"^r/r \* (\d+):\t(\S+)$", deleted, re.MULTILINE)}
    assert set(inodes) == {"var/log/driftsagent.log", "var/tmp/.sot/sot.py"}
    program = lab.run("workstation", "icat", image, inodes["var/tmp/.sot/sot.py"])
    assert program == (NIGHT / "gang" / "sot.py").read_bytes()
    log = lab.run("workstation", "icat", image, inodes["var/log/driftsagent.log"]).decode()
    assert "2026-03-15 03:41:16 10.20.99.64 svc-speil kjor python3 var/tmp/.sot/sot.py srv/felles" in log


def test_the_dead_mans_switch_stops_the_backup_only_while_its_program_is_there(lab: Lab) -> None:
    switch = INJECTS["dead-man"].exec
    assert switch is not None
    made = lab.client.containers.run(
        images(SCENARIO)["fil01"].reference, environment={"VAKT_PASSORD": "x"}, detach=True, network_mode="none"
    )
    ask = ["python3", "-c", "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:9000/').read())"]

    def runs() -> bool:
        return bool(made.exec_run(ask).exit_code == 0)

    try:
        end = time.monotonic() + 20
        while not runs() and time.monotonic() < end:
            time.sleep(0.2)
        assert runs()
        assert made.exec_run(list(switch.command)).exit_code == 0
        assert not runs()
        made.exec_run(["sed", "-i", "s/aktiv = nei/aktiv = ja/", "/etc/skarvoy/sikkerhetskopi.ini"])
        made.exec_run(["rm", "/etc/cron.d/tidssynk"])
        assert runs()
        assert made.exec_run(list(switch.command)).exit_code == 0
        assert runs()
    finally:
        made.remove(force=True)
