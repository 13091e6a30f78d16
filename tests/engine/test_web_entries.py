"""Web entries into real containers: by the gate's own door, and from elsewhere by a relay that the engine connects."""

import asyncio
import hashlib
import json
import secrets
import shutil
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ncr.config import Settings
from ncr.runtime import environment
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity
from ncr.runtime.images import own_image
from ncr.site import Site
from tests.engine.test_isolation import TRY
from tests.pure.runtime.scenes import made, scene, service
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.web_site import ENTRIES, Browser, Hall, How, hall

SERVER = r"""
import base64, hashlib, json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Lab(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.headers.get("Upgrade"):
            return self.switch()
        if self.path == "/events":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(600):
                self.wfile.write(b"5\r\nevent\r\n")
                time.sleep(0.1)
            return
        size = int(self.path[7:]) if self.path.startswith("/large?") else 0
        body = b"x" * size or json.dumps([self.path, dict(self.headers), os.environ["HOSTNAME"]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = hashlib.sha256(body).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
    def switch(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        while True:
            first, size = self.rfile.read(2)
            mask, said = self.rfile.read(4), self.rfile.read(size & 127)
            plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(said))
            self.wfile.write(bytes([first, len(plain)]) + plain)
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("0.0.0.0", 8080), Lab).serve_forever()
"""
LISTING = ["sh", "-c", "for d in /proc/[0-9]*; do tr '\\0' ' ' <$d/cmdline; echo; done 2>/dev/null"]


@dataclass
class Lab:
    """Both teams' environments on the real engine, and the engine as the entries see it."""

    site: Site
    world: World
    instance: str
    plans: dict[str, Blueprint]
    near: DockerEngine
    engine: DockerEngine
    wire: "Wire | None"

    def play(self, act: Callable[[Hall, Browser], Awaitable[None]], address: str = "127.0.0.1") -> None:
        async def whole() -> None:
            async with (
                asyncio.timeout(60),
                hall(self.site, self.engine, self.world.ids, self.instance, address) as opened,
            ):
                await act(opened, await opened.guest())

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(whole())

    def server(self, team: str = "blaa") -> str:
        return self.plans[team].of("web")[0].name


class Wire:
    """The engine's socket behind a port, as on another machine; it can be cut."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]
        self.is_cut = False
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._forward, daemon=True).start()

    def cut(self) -> None:
        """Every connection ends, and new ones as well, until `mend`."""
        self.is_cut = True
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def mend(self) -> None:
        self.is_cut = False

    def _forward(self) -> None:
        while True:
            try:
                one, _ = self.listening.accept()
            except OSError:
                return
            if self.is_cut:
                one.close()
                continue
            other = socket.socket(socket.AF_UNIX)
            other.connect("/var/run/docker.sock")
            self._ends += [one, other]
            for ends in ((one, other), (other, one)):
                threading.Thread(target=self._pour, args=ends, daemon=True).start()

    def _pour(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture(scope="module")
def built(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, docker_client: object
) -> Iterator[tuple[World, str, DockerEngine, dict[str, Blueprint]]]:
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(sqlite_template, folder / "ncr.db")
    world = doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}", ENTRIES)
    instance = f"web-{secrets.token_hex(4)}"
    engine = DockerEngine(Settings(_env_file=None, data=folder), instance)
    web = service("web", image=own_image("checker").reference, command=("python3", "-u", "-c", SERVER), user="root")
    entries = [{"id": "shop", "title": "S", "web": "web:8080"}, {"id": "mail", "title": "M", "web": "web:8081"}]
    first, plans = secrets.randbelow(400) * 2, {}
    for team in ("blaa", "roed"):
        who = Identity(instance, world.ids["running"], world.ids[f"player_{team}"])
        plans[team] = made(scene(web, entries=entries), who, first=first)
        first += 2
    try:
        for plan in plans.values():
            environment.build(engine, plan)
            environment.verify(engine, plan)
        yield world, instance, engine, plans
    finally:
        for plan in plans.values():
            environment.remove(engine, plan.who.labels)
        engine.close()


@pytest.fixture(params=["door", "relay"])
def lab(
    request: pytest.FixtureRequest, built: tuple[World, str, DockerEngine, dict[str, Blueprint]], tmp_path: Path
) -> Iterator[Lab]:
    world, instance, near, plans = built
    how: How = request.param
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    wire = Wire() if how == "relay" else None
    far = Settings(_env_file=None, data=tmp_path, docker_host=f"tcp://127.0.0.1:{wire.port}") if wire else None
    engine = DockerEngine(far, instance) if far else near
    assert engine.is_near() == (how == "door")
    with doors_site.closing_site(doors_site.settings(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}")) as site:
        yield Lab(site, world, instance, plans, near, engine, wire)
    if wire is not None:
        engine.close()
        wire.listening.close()
        wire.cut()


def in_gate(lab: Lab) -> list[str]:
    """What runs in the gate for connections."""
    lines = lab.near.exec(lab.plans["blaa"].gate.name, LISTING).stdout.decode().splitlines()
    return [line for line in lines if "busybox nc" in line]


def test_requests_uploads_and_downloads_go_through_and_nothing_is_left(lab: Lab) -> None:
    async def act(hall: Hall, guest: Browser) -> None:
        path, headers, _ = json.loads((await guest.get("/a%20b?c=d")).body)
        assert path == "/a%20b?c=d"
        assert headers["host"] == guest.host
        assert "ncr-entry" not in str(headers)
        body = secrets.token_bytes(2_000_000)
        assert (await guest.ask("POST", "/", body)).text == hashlib.sha256(body).hexdigest()
        assert (await guest.get("/large?20000000")).body == b"x" * 20_000_000

    lab.play(act)
    assert in_gate(lab) == []


def test_a_stream_left_by_its_reader_leaves_nothing_in_the_gate(lab: Lab) -> None:
    async def act(hall: Hall, guest: Browser) -> None:
        reader, writer = await guest.dial()
        writer.write(f"GET /events HTTP/1.1\r\nHost: {guest.host}\r\nCookie: {guest.cookie}\r\n\r\n".encode())
        await reader.readuntil(b"event")
        assert len(in_gate(lab)) == (1 if lab.wire else 0)
        writer.close()
        async with asyncio.timeout(10):
            while in_gate(lab):
                await asyncio.sleep(0.2)

    lab.play(act)


def test_a_websocket_talks_to_the_container_and_ends_with_it(lab: Lab) -> None:
    async def act(hall: Hall, guest: Browser) -> None:
        address, headers = f"ws://{guest.host}/", {"Cookie": guest.cookie}
        origin = f"http://{guest.host}"
        async with connect(address, host="127.0.0.1", port=guest.port, origin=origin, additional_headers=headers,
                           proxy=None, compression=None) as talk:  # type: ignore[arg-type]  # fmt: skip
            await talk.send("hei")
            assert await talk.recv() == "hei"
            await asyncio.to_thread(lab.near.stop, lab.server(), 0)
            async with asyncio.timeout(5):
                with pytest.raises(ConnectionClosed):
                    await talk.recv()
        assert (await guest.get("/")).status == 502
        await asyncio.to_thread(lab.near.start, lab.server())
        await comes_back(guest)

    lab.play(act)


async def comes_back(guest: Browser) -> None:
    async with asyncio.timeout(20):
        while (await guest.get("/")).status != 200:
            await asyncio.sleep(0.2)


def test_a_gate_that_is_gone_is_said_so_and_found_again(lab: Lab) -> None:
    async def act(hall: Hall, guest: Browser) -> None:
        assert (await guest.get("/")).status == 200
        gate = lab.plans["blaa"].gate.name
        await asyncio.to_thread(lab.near.stop, gate, 0)
        try:
            assert (await guest.get("/")).status in (502, 503)
        finally:
            await asyncio.to_thread(lab.near.start, gate)
        await comes_back(guest)

    lab.play(act)


def test_an_engine_lost_under_an_open_stream_breaks_it_off_and_comes_back(lab: Lab) -> None:
    wire = lab.wire
    if wire is None:
        assert lab.engine.is_near(), "the door needs no engine once it is known"
        return

    async def act(hall: Hall, guest: Browser) -> None:
        reader, writer = await guest.dial()
        writer.write(f"GET /events HTTP/1.1\r\nHost: {guest.host}\r\nCookie: {guest.cookie}\r\n\r\n".encode())
        await reader.readuntil(b"event")
        wire.cut()
        async with asyncio.timeout(5):
            while await reader.read(65536):
                pass
        writer.close()
        assert (await guest.get("/")).status in (502, 503)
        wire.mend()
        await comes_back(guest)

    lab.play(act)


def test_from_inside_a_container_no_relay_no_other_team_and_no_door_of_ours_is_reached(lab: Lab) -> None:
    async def act(hall: Hall, guest: Browser) -> None:
        own, other = lab.plans["blaa"], lab.plans["roed"]
        gates = [place.ipv4 for plan in (own, other) for place in plan.gate.attachments]
        ours = [address for address in lab.near.host_addresses() if ":" not in address]
        aims = [f"{gate}@{port}" for gate in gates for port in own.gate_ports]
        aims += [f"{other.address('web')}@8080", *(f"{address}@{hall.port}" for address in ours)]
        command = ["python3", "-c", TRY, *aims]
        tried = await asyncio.to_thread(lab.near.exec, lab.server(), command, timeout_s=60)
        lines = tried.stdout.decode().splitlines()
        assert len(lines) == len(aims)
        assert [line for line in lines if line.startswith("open")] == []

    lab.play(act, "0.0.0.0")
