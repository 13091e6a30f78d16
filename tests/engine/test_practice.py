"""Practice on the real engine: what one run wrote is never seen in another, and many students leave nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import docker
import pytest

from benchmarks import practiceload
from ncr import db
from ncr.exercise.tables import Exercise, Participant
from ncr.runtime.docker import DockerEngine
from ncr.scenario import loader
from ncr.scoring import submission
from ncr.scoring.rules import rules
from ncr.scoring.submission import Member
from tests.service.practice_hall import Hall, add_students
from tests.stage import settings

SCENARIO = """ncr: 1
id: spor
version: 1.0.0
title: {nb: Spor, en: Traces}
summary: {nb: Spor, en: Traces}
duration: 2h
variables:
  password: {kind: password, length: 20}
entries:
  - {id: desk, terminal: desk, user: student, title: {nb: Bord, en: Desk}}
tasks:
  - id: own
    title: {nb: Flagget, en: The flag}
    text: {nb: Finn det, en: Find it}
    flag: {per_team: true, deliver: {service: desk, file: /opt/flag.txt, mode: "0444"}}
"""
COMPOSE = """services:
  desk:
    image: ncr/base:bookworm
    command: [sleep, infinity]
    networks: [lan]
    environment: {PASSWORD: "${password}"}
    volumes: ["kept:/srv"]
networks:
  lan: {}
volumes:
  kept: {}
"""
TRACE = "touch /srv/trace /tmp/trace /root/trace; (sleep 4242 >/dev/null 2>&1 &); echo done"


@pytest.fixture
def hall(tmp_path: Path, sqlite_template: Path, instance: str) -> Iterator[Hall]:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = db.connect(f"sqlite:///{path}")
    sessions = db.sessions(database)
    add_students(sessions)
    engine = DockerEngine(settings(tmp_path / "data", engine="docker"), instance)
    hall = Hall(sessions, engine, tmp_path / "data", instance, pool_size=1, disk_soft_mib=512)
    folder = tmp_path / "spor"
    folder.mkdir()
    (folder / "scenario.yml").write_text(SCENARIO)
    (folder / "compose.yml").write_text(COMPOSE)
    hall.scenarios = [loader.load(folder)]
    hall.begin()
    hall.run(1)
    yield hall
    hall.end()
    database.dispose()


def fill_pool(hall: Hall) -> str:
    hall.run_until(lambda: bool(hall.pool()))
    return hall.pool()[0]


def handed_out(hall: Hall, who: str) -> str:
    ready = fill_pool(hall)
    assert hall.start(who) == ready
    hall.run(2)
    assert hall.look(ready).environment == "open"
    return ready


def inside(hall: Hall, run: str, command: str) -> str:
    seen = hall.engine.observe({"ncr.exercise": run, "ncr.service": "desk"})
    [name] = seen.containers
    done = hall.engine.exec(name, ["sh", "-c", command], user="root")
    return (done.stdout + done.stderr).decode()


def answer(hall: Hall, run: str, who: str, flag: str) -> bool:
    with hall.sessions.begin() as session:
        player = session.query(Participant).filter_by(exercise_id=run).one()
        judged = rules(hall.shelf.get(session.get_one(Exercise, run).digest).definition)
        return submission.submit(
            session, run, Member(player.id, who, f"p-{who}"), judged, "own", flag, hall.clock()
        ).correct


def test_what_one_run_wrote_is_never_seen_in_the_next_of_the_pool(hall: Hall) -> None:
    cold = hall.start("per")
    hall.run_until(lambda: hall.look(cold).environment == "open")
    first = handed_out(hall, "kari")
    assert "done" in inside(hall, first, TRACE)
    assert inside(hall, first, "ls /srv /tmp /root").count("trace") == 3
    own = read(hall, first)
    hall.finish(first)
    hall.run_until(lambda: hall.look(first).environment == "removed")
    second = handed_out(hall, "ola")
    assert second != first
    assert "trace" not in inside(hall, second, "ls /srv /tmp /root")
    assert "4242" not in inside(hall, second, "cat /proc/*/cmdline | tr '\\0' ' '")
    theirs = read(hall, second)
    assert own["flag"] != theirs["flag"]
    assert own["password"] != theirs["password"]
    assert len(theirs["password"]) == 20
    # Another run's flag is not accepted; the one delivered inside is.
    assert answer(hall, second, "ola", own["flag"]) is False
    assert answer(hall, second, "ola", theirs["flag"]) is True
    for run in (cold, second):
        hall.finish(run)
    hall.scenarios = []
    hall.run_until(lambda: hall.left() == [])


def read(hall: Hall, run: str) -> Mapping[str, str]:
    flag, password = inside(hall, run, "cat /opt/flag.txt; echo $PASSWORD").split()
    return {"flag": flag, "password": password}


def test_students_at_once_are_served_as_promised_and_leave_nothing(docker_client: docker.DockerClient) -> None:
    told = practiceload.main(5, "docker", runs=2, within_s=1.0, pool=0, stay_s=(0.5, 1.0))
    assert (told["served"], told["trouble"], told["leftovers"]) == (5, [], 0)
    assert told["queued"] > 0
    assert told["latest_promise_late_s"] < 20
