"""Terminals: how long a key takes to come back, with fifty open, ours beside `docker exec -it` under a terminal.

    python -m benchmarks.terminals [--terminals 50] [--keys 1000]

A service process of role entries on the real engine, and one client that has all its terminals open over real
WebSockets; beside it as many engine clients as there are containers. One key at a time, alternately here and there,
each time at another terminal. `excess_ms` is the median of ours less the median of the engine's. `open_ms` is from the
ticket to the prompt, one after the other. `flooded` is the same again while `cat /dev/zero` runs in one terminal whose
client acknowledges at once. The last line is JSON.
"""

import argparse
import asyncio
import json
import os
import pty
import random
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.grounds import median
from ncr import app as composition
from ncr import migrations
from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.exercise import setup, tickets
from ncr.exercise.plan import Plan
from ncr.exercise.tables import Environment, Participant
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import SignIn
from ncr.runtime.docker import DockerEngine
from ncr.runtime.identity import Identity, sealed
from ncr.runtime.objects import ContainerSpec, ImageSpec, Limits
from ncr.scenario import loader
from ncr.scoring import conduct

SCENARIO = Path("scenarios/nettbutikken")
ENTRY, SERVICE, BASE = "desk", "workstation", "ncr/base:bookworm"
A_TEAM = 10
A_DAY = timedelta(days=1)
PAUSE_S = 0.004


class Ours:
    """A terminal over a WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard = asyncio.Event()
        self.output = 0
        self.last = b""
        self._reader = asyncio.create_task(self._read())

    async def press(self, key: bytes) -> None:
        self.heard.clear()
        await self.connection.send(key)
        await self.heard.wait()

    async def _read(self) -> None:
        acknowledged = 0
        async for message in self.connection:
            if isinstance(message, bytes):
                self.output += len(message)
                self.last = message
                self.heard.set()
                if self.output - acknowledged > 65536:
                    acknowledged = self.output
                    await self.connection.send(json.dumps({"type": "ack", "received": self.output}))


class Theirs:
    """The engine's own client, under a terminal."""

    def __init__(self, container: str) -> None:
        self.master, inside = pty.openpty()
        command = ["docker", "exec", "-it", "-u", "student", "-e", "TERM=xterm-256color", container, "/bin/bash", "-l"]
        self.process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, start_new_session=True)
        os.close(inside)
        self.heard = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.master, self._read)

    async def press(self, key: bytes) -> None:
        self.heard.clear()
        os.write(self.master, key)
        await self.heard.wait()

    def end(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _read(self) -> None:
        os.read(self.master, 65536)
        self.heard.set()


class Ground:
    """A running exercise with a container for each team, and a service process before it."""

    def __init__(self, folder: Path, teams: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.instance = f"b-{uuid.uuid4().hex[:6]}"
        self.settings = Settings(
            _env_file=None, data=folder, role="entries", port=port, instance=self.instance, scenarios=(SCENARIO.parent,)
        )
        migrations.upgrade(self.settings.url)
        self.site = composition.site(self.settings)
        self.engine = DockerEngine(self.settings, self.instance)
        self.people: list[tuple[str, str]] = []
        self.exercise = self._exercise(teams)
        self.containers = [self._container(player) for player in dict.fromkeys(player for _, player in self.people)]

    def ticket(self, number: int) -> str:
        user, participant = self.people[number % len(self.people)]
        with self.site.sessions.begin() as session:
            return tickets.issue(session, self.exercise, participant, user, ENTRY, utcnow())

    def close(self) -> None:
        for container in self.containers:
            self.engine.remove_container(container)
        self.engine.close()
        self.site.writer.close()
        self.site.sessions.kw["bind"].dispose()

    def _exercise(self, teams: int) -> str:
        now = utcnow()
        with self.site.sessions.begin() as session:
            users = {f"t{team}": [self._person(session, f"t{team}-{one}") for one in range(4)] for team in range(teams)}
            for team, logins in users.items():
                accounts.add_team(session, team, team, members=[login for login, _ in logins])
            plan = Plan(
                scenario=loader.load(SCENARIO),
                title="B",
                teams=list(users),
                duration_s=7200.0,
                starts_at=now,
                override="a bench",
            )
            id_ = setup.plan(session, self.site.shelf, plan, now).id
            for turn in (conduct.prepare, conduct.ready, conduct.open_):
                turn(session, id_, now)
            session.query(Environment).update({"state": "open", "target": "open"})
            for player in session.query(Participant).filter_by(exercise_id=id_):
                self.people += [(user, player.id) for _, user in users[player.team_id or ""]]
        # Neighbours are of different teams, and nobody has more than they may.
        self.people = [self.people[at] for first in range(4) for at in range(first, len(self.people), 4)]
        return str(id_)

    def _person(self, session: Any, login: str) -> tuple[str, str]:
        now = utcnow()
        user = accounts.add_user(session, login, login, Role.PARTICIPANT, now)
        session.add(SignIn(id=login, user_id=user.id, form_token="f", created_at=now, expires_at=now + A_DAY))
        return login, user.id

    def _container(self, participant: str) -> str:
        who = Identity(self.instance, self.exercise, participant)
        self.engine.ensure_image(ImageSpec(BASE), lambda line: None)
        spec = sealed(
            ContainerSpec(
                name=who.name(SERVICE),
                service=SERVICE,
                image=BASE,
                labels=who.object_labels(SERVICE, "service"),
                attachments=(),
                limits=Limits(256, 0.5, 256),
                command=("sleep", "7200"),
                stop_grace_s=0.0,
            )
        )
        self.engine.ensure_container(spec)
        self.engine.start(spec.name)
        return spec.name


async def sit(ground: Ground, number: int) -> tuple[Ours, float]:
    """Terminal `number`, at its prompt, and how long it took in s."""
    began = time.perf_counter()
    ticket = ground.ticket(number)
    address = f"ws://127.0.0.1:{ground.settings.port}/api/v1/exercises/{ground.exercise}/terminal"
    ours = Ours(await connect(address, proxy=None, compression=None))
    await ours.connection.send(json.dumps({"type": "open", "ticket": ticket, "columns": 80, "rows": 24}))
    async with asyncio.timeout(60):
        while not ours.last.endswith(b"$ "):
            ours.heard.clear()
            await ours.heard.wait()
    return ours, time.perf_counter() - began


async def press_all(ours: list[Ours], theirs: list[Theirs], keys: int) -> dict[str, float]:
    """A key here, a key there, so many times; medians and the worst hundredth in ms."""
    took: dict[str, list[float]] = {"ours": [], "engine": []}
    for number in range(keys):
        # Twenty keys to a line, which is then taken back: an echo is a key and not a whole line drawn anew.
        key = b"\x15" if number // len(ours) % 20 == 19 else b"x"
        for kind, many in (("ours", ours), ("engine", theirs)):
            began = time.perf_counter()
            await many[number % len(many)].press(b"x" if kind == "engine" else key)
            took[kind].append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(random.uniform(0, 2 * PAUSE_S))
    found = {}
    for kind, times in took.items():
        times.sort()
        found |= {f"{kind}_ms": median(times), f"{kind}_p99_ms": round(times[len(times) * 99 // 100], 3)}
    return found | {"excess_ms": round(found["ours_ms"] - found["engine_ms"], 3)}


async def measure(ground: Ground, terminals: int, keys: int) -> dict[str, Any]:
    sat = [await sit(ground, number) for number in range(terminals)]
    ours, opened_s = [one for one, _ in sat], [seconds for _, seconds in sat]
    theirs = [Theirs(container) for container in ground.containers]
    await asyncio.sleep(2)
    try:
        found: dict[str, Any] = {"terminals": terminals, "open_ms": median(s * 1000 for s in opened_s)}
        found |= await press_all(ours, theirs, keys)
        print(json.dumps(found), flush=True)
        flooding = ours.pop()
        await flooding.connection.send(b"cat /dev/zero\n")
        await asyncio.sleep(1)
        before, began = flooding.output, time.perf_counter()
        found["flooded"] = await press_all(ours, theirs, keys // 2)
        found["flooded"]["kib_per_s"] = round((flooding.output - before) / 1024 / (time.perf_counter() - began))
        await flooding.connection.close()
    finally:
        for each in theirs:
            each.end()
        await asyncio.gather(*(each.connection.close() for each in ours))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terminals", type=int, default=50)
    parser.add_argument("--keys", type=int, default=1000)
    told = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        ground = Ground(Path(folder), -(-told.terminals // A_TEAM))
        stack.callback(ground.close)
        stack.enter_context(Service(ground.settings))
        found = uvloop.run(measure(ground, told.terminals, told.keys))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
