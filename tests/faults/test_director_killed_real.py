"""The same on the real engine, at the points where most is half made or half gone; and what runs once, run for real."""

import signal
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import docker
import pytest

from ncr import db
from ncr.director.inject_acts import ONCE, RAN_BEFORE
from ncr.runtime.docker import DockerEngine
from tests.faults.director_process import live
from tests.stage import Stage, add_teams, settings

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.director_process"])


@pytest.fixture
def stage(tmp_path: Path, sqlite_template: Path, instance: str) -> Stage:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    sessions = db.sessions(db.connect(f"sqlite:///{path}"))
    add_teams(sessions)
    engine = DockerEngine(settings(tmp_path / "data", engine="docker"), instance)
    return Stage(sessions, engine, tmp_path / "data", instance)


def lives(stage: Stage, folder: Path, crash_at: str = "") -> int | None:
    arguments = (folder, f"sqlite:///{folder / 'ncr.db'}", crash_at, stage.instance)
    process = PROCESSES.Process(target=live, args=arguments)
    process.start()
    process.join(400)
    if process.is_alive():
        process.kill()
        pytest.fail("the director did not end its exercise")
    return process.exitcode


@pytest.mark.parametrize("point", ["start-after:4", "unpause-after:5", "remove_container-after:3"])
def test_killed_there_it_ends_the_exercise_and_leaves_nothing(point: str, stage: Stage, tmp_path: Path):
    exercise_id = stage.plan()
    assert lives(stage, tmp_path, point) == -signal.SIGKILL
    assert lives(stage, tmp_path) == 0
    assert stage.state(exercise_id) == "finished"
    assert set(stage.moments(exercise_id).values()) == {"done"}
    assert Counter(stage.kinds(exercise_id)) == {
        "joined": 3, "opened": 1, "injected": 2, "reset": 1, "checked": 6, "finished": 1,
    }  # fmt: skip
    assert {outcome["state"] for outcome in stage.moment(exercise_id, "touch").outcome.values()} == {"done"}
    assert (stage.left(), stage.subnets()) == ([], [])


def test_a_command_with_the_same_mark_runs_once(docker_client: docker.DockerClient, instance: str):
    labels = {"ncr.managed": "1", "ncr.instance": instance}
    box = docker_client.containers.run(
        "ncr/base:bookworm", ["sleep", "60"], detach=True, labels=labels, network_mode="none", read_only=True
    )
    say = ["sh", "-c", ONCE, ".mark", "sh", "-c", "echo once >> /dev/shm/said; exit 3"]
    assert [box.exec_run(say).exit_code for _ in range(3)] == [3, RAN_BEFORE, RAN_BEFORE]
    assert box.exec_run(["cat", "/dev/shm/said"]).output == b"once\n"
