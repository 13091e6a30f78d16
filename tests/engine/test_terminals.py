"""Terminals on the real engine: what people do in them harms nobody, and nothing of it is left afterwards."""

import asyncio
import hashlib
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from ncr.clock import utcnow
from ncr.config import Settings
from ncr.entries import terminal_rounds, terminal_stay
from ncr.exercise.tables import EntrySession, Environment
from ncr.runtime.docker import DockerEngine
from tests.service import doors_site
from tests.service.terminal_site import Hall, Scene, Sitter, hall, opening

STUBBORN = "sleep 999 & env -i setsid sleep 998 & (nohup setsid sleep 997 >/dev/null 2>&1 &); echo st''arted"


@pytest.fixture
def scene(sqlite_template: Path, tmp_path: Path, instance: str) -> Iterator[Scene]:
    url = f"sqlite:///{tmp_path / 'ncr.db'}"
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    world = doors_site.populate(tmp_path / "data", url)
    engine = DockerEngine(Settings(_env_file=None, data=tmp_path), instance)
    with doors_site.closing_site(doors_site.settings(world.folder, url)) as site:
        yield Scene(site, engine, instance, world.ids)
    engine.close()


def running(scene: Scene, container: str) -> list[str]:
    """The command lines of what runs in the container, but for what looks."""
    look = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null"
    lines = scene.engine.exec(container, ["/bin/sh", "-c", look], user="0").stdout.decode().splitlines()
    return sorted(line.strip() for line in lines if line.strip() and "cmdline" not in line and "tr " not in line)


async def clear(at: Hall, within_s: float) -> None:
    """Wait until nothing is left of any terminal."""
    async with asyncio.timeout(within_s):
        while any(row.cleared_at is None for row in await asyncio.to_thread(at.sessions)):
            await asyncio.sleep(0.2)


async def echo_ms(sitter: Sitter, times: int = 30) -> float:
    """How long a key takes to come back, the median in ms."""
    took = []
    for _ in range(times):
        seen, began = len(sitter.output), time.perf_counter()
        await sitter.type("x")
        await sitter.until(lambda seen=seen: len(sitter.output) > seen)
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.01)
    await sitter.type("\x15")
    return statistics.median(took)


def test_a_shell_is_the_entrys_users_own_with_its_home_and_its_letters(scene: Scene) -> None:
    scene.place()

    async def act(at: Hall) -> None:
        async with await scene.sit(at) as sitter:
            await sitter.run(
                'echo "$(id -un) $HOME $PWD $TERM $LANG $(stty size) ${BASH##*/}"', "xterm-256color C.UTF-8"
            )
            await sitter.until(
                lambda: b"student /home/student /home/student xterm-256color C.UTF-8 24 80 bash" in sitter.output
            )
            await sitter.say(type="resize", columns=132, rows=50)
            await asyncio.sleep(0.5)
            await sitter.run("stty size", "50 132\r\n")
            await sitter.run("printf '%s' blåbærgrøt🫐 | wc -m", "11\r\n")

    scene.play(act)


def test_nothing_is_left_of_two_hundred_terminals_a_fifth_of_them_cut_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as somebody may be away, which is otherwise half a minute.
    monkeypatch.setattr(terminal_stay, "AWAY_S", 5.0)
    teams = ("blaa", "roed")
    containers = [scene.place(team) for team in teams]
    before = [running(scene, each) for each in containers]
    todo = iter(range(200))

    async def act(at: Hall) -> None:
        seats = [(login, team) for team in teams for login in scene.enrol(team, 4)]
        await asyncio.gather(*(come_and_go(at, login, team) for login, team in seats))
        await clear(at, 60)
        assert len(at.sessions()) == 200
        whys = [row.why for row in at.sessions()]
        assert (whys.count("exit"), whys.count("left") + whys.count("limit")) == (160, 40)

    async def come_and_go(at: Hall, login: str, team: str) -> None:
        for number in todo:
            sitter = await scene.sit(at, login, team)
            await sitter.run(STUBBORN, "started")
            if number % 5 == 0:
                sitter.vanish()
            else:
                await sitter.type("exit\n")
                assert await sitter.reason() == "exit"

    scene.play(act, within_s=240)
    assert [running(scene, each) for each in containers] == before


@pytest.mark.parametrize(
    "trick",
    [
        "(printf 'x) Z 1 1\\ny) Z 1' >/proc/$BASHPID/comm; while :; do sleep 600; done) &",
        "env -i setsid sh -c 'trap \"\" HUP TERM INT; kill -STOP $$' &",
        "b() { b | b & }; b",
    ],
    ids=["a misleading name", "stopped and deaf", "a fork bomb"],
)
def test_no_trick_outlives_its_terminal(scene: Scene, monkeypatch: pytest.MonkeyPatch, trick: str) -> None:
    monkeypatch.setattr(terminal_rounds, "REAP_S", 2.0)
    container = scene.place()
    before = running(scene, container)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.until(lambda: b"$ " in sitter.output)
        await sitter.type(f"{trick}\n")
        await asyncio.sleep(2)
        await sitter.type("\nexit\nexit\n")
        await asyncio.sleep(1)
        await asyncio.to_thread(turn_out, scene)
        await clear(at, 60)

    scene.play(act, within_s=120)
    assert running(scene, container) == before


def turn_out(scene: Scene) -> None:
    """A shell that a fork bomb keeps from reading ends when the team is no longer in its environment."""
    with scene.site.sessions.begin() as session:
        session.query(Environment).filter_by(participant_id=scene.ids["player_blaa"]).update({"state": "failed"})


def test_a_flood_in_one_terminal_harms_no_other(scene: Scene) -> None:
    scene.place("blaa")
    scene.place("roed")

    async def act(at: Hall) -> None:
        quiet = await scene.sit(at, "rival", "roed")
        await quiet.run("echo one", "one\r\n")
        alone_ms = await echo_ms(quiet)
        greedy, silent = await scene.sit(at), await scene.sit(at, acknowledges=False)
        for flooded in (greedy, silent):
            await flooded.type("cat /dev/zero\n")
        await asyncio.sleep(2)
        beside_ms = await echo_ms(quiet)
        async with httpx.AsyncClient(trust_env=False) as client:
            began = time.monotonic()
            assert (await client.get(f"http://127.0.0.1:{at.port}/health")).status_code == 200
            assert time.monotonic() - began < 1
        assert beside_ms < max(50, 20 * alone_ms), (alone_ms, beside_ms)
        assert silent.received <= 256 * 1024 + 4096
        assert greedy.received > 1024 * 1024
        # It can still be stopped, and what is over is over.
        await greedy.type("\x03")
        await greedy.run("echo st''ill", "still\r\n", 30)

    scene.play(act)


def test_a_shell_that_reads_nothing_holds_nobody_up(scene: Scene) -> None:
    scene.place()

    async def act(at: Hall) -> None:
        deaf, other = await scene.sit(at), await scene.sit(at)
        await deaf.run("stty raw -echo; echo re''ady; sleep 300", "ready")
        for _ in range(64):
            await deaf.type(b"x" * 65536)
        # What nobody reads is refused with a bell, as a terminal does.
        await deaf.until(lambda: b"\x07" in deaf.output)
        await other.run("echo one", "one\r\n")

    scene.play(act)


def test_a_paste_of_a_mebibyte_arrives_whole(scene: Scene) -> None:
    scene.place()
    text = "".join(f"{number:015x}\n" for number in range(2**16)).encode()

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.run("stty -icanon -echo; echo re''ady; head -c 1048576 | sha256sum", "ready")
        for begin in range(0, len(text), 16384):
            await sitter.type(text[begin : begin + 16384])
        await sitter.until(lambda: hashlib.sha256(text).hexdigest().encode() in sitter.output, 30)

    scene.play(act)


def test_much_output_arrives_whole_through_lost_connections(scene: Scene) -> None:
    scene.place()

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        secret, got = sitter.secret, bytearray()
        await sitter.type("stty -echo; clear; seq 1 200000; echo e''nd\n")
        while b"end" not in got[-200:]:
            await sitter.until(lambda now=sitter: len(now.output) > 100_000 or b"end" in now.output[-200:])
            sitter.vanish()
            await asyncio.wait([sitter._reader])
            assert sitter.start == len(got)
            got += sitter.output
            sitter = await scene.back(at, secret, len(got))
        numbers = got.split(b"1\r\n2\r\n", 1)[1].split(b"end")[0].split()
        assert numbers == [b"%d" % number for number in range(3, 200001)]

    scene.play(act)


@pytest.mark.parametrize("death", ["stopped", "removed", "killed inside"])
def test_a_container_that_dies_says_so(scene: Scene, death: str) -> None:
    container = scene.place()

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.run("echo one", "one\r\n")
        if death == "stopped":
            scene.engine.stop(container, 0.0)
        elif death == "removed":
            scene.engine.remove_container(container)
        else:
            scene.engine.exec(container, ["/bin/sh", "-c", "kill -9 $(cat /proc/1/task/1/children)"], user="0")
        assert await sitter.reason() == "container"
        await clear(at, 10)

    scene.play(act)


def test_what_a_lost_process_left_inside_is_ended_by_another(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_rounds, "REAP_S", 0.5)
    container = scene.place()
    before = running(scene, container)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.run(STUBBORN, "started")
        assert len(running(scene, container)) > len(before) + 2
        with at.site.sessions.begin() as session:
            old = update(EntrySession).values(process="another", alive_at=utcnow() - timedelta(minutes=2))
            session.execute(old)
        await clear(at, 20)
        assert [row.why for row in at.sessions()] == ["restart"]

    scene.play(act)
    assert running(scene, container) == before


class Relay:
    """A way to the engine that can be cut and mended: what a restart of the engine looks like from outside."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "engine.sock"
        self._lines: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._relay, self.path)

    def cut(self) -> None:
        self._is_cut = True
        for line in tuple(self._lines):
            line.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_unix_connection("/var/run/docker.sock")
        self._lines |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._lines -= {writer, back}
        for line in (writer, back):
            line.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()


def test_an_engine_that_goes_away_and_comes_back_leaves_nothing(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_rounds, "REAP_S", 1.0)
    container, relay = scene.place(), Relay(tmp_path)
    before = running(scene, container)
    far = DockerEngine(Settings(_env_file=None, data=tmp_path, docker_host=f"unix://{relay.path}"), scene.instance)

    async def whole() -> None:
        async with await relay.serve(), hall(scene.site, far, scene.instance) as at, asyncio.timeout(60):
            sitter = await scene.sit(at)
            await sitter.run(STUBBORN, "started")
            relay.cut()
            assert await sitter.reason() == "engine"
            assert (await scene.refusal(at, opening(scene.ticket(at))))[0] == "engine"
            relay.mend()
            await clear(at, 30)
            async with await scene.sit(at) as again:
                await again.run("echo ba''ck", "back\r\n")
        relay.cut()

    asyncio.run(whole())
    far.close()
    assert running(scene, container) == before
