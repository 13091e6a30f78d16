"""The service as it is deployed: brought up by Compose, holding an exercise, restarted, and taken down again."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest
from websockets import Subprotocol
from websockets.sync.client import connect

from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
BUILD_S, UP_S, PREPARE_S, STEP_S = 900, 120, 180, 120
TEAMS = ("cyfor", "telenor")
Row = dict[str, Any]


class Deployment:
    """docker-compose.yml under a project name, ports and secrets of its own; `project` also names its things."""

    def __init__(self, project: str, settings: Path) -> None:
        self.project = project
        self._settings = settings
        self._port = free_port()
        entries = free_port()
        run("infra/service/prepare", str(settings), within_s=10)
        own = {
            "NCR_INSTANCE": project,
            "NCR_HTTP_PORT": self._port,
            "NCR_POSTGRES_PORT": free_port(),
            "NCR_ENTRIES_PORT": entries,
            "NCR_ENTRIES_URL": f"http://localhost:{entries}",
            "NCR_SCENARIO_FOLDER": ROOT / "tests" / "scenarios",
        }
        with settings.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in own.items())

    def compose(self, *words: str, within_s: float = STEP_S) -> str:
        there = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        compose = ["docker", "compose"] if there else ["docker-compose"]
        return run(*compose, "-p", self.project, "--env-file", str(self._settings), *words, within_s=within_s)

    def up(self) -> None:
        self.compose("up", "--detach", within_s=UP_S)
        await_that("the service is ready and a director leads", self._is_ready, UP_S)

    def ncr(self, *words: str, service: str = "director") -> Any:
        return json.loads(self.compose("exec", "-T", service, "ncr", *words, "--json"))

    def client(self, login: str) -> httpx.Client:
        token = self.ncr("people", "token", "add", login, "--name", "test")["token"]
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self._port}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )

    def _is_ready(self) -> bool:
        try:
            said = httpx.get(f"http://127.0.0.1:{self._port}/api/v1/health/ready", timeout=5, trust_env=False)
        except httpx.TransportError:
            return False
        return said.status_code == 200 and bool(said.json()["director"])


def run(*words: str, within_s: float) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NCR_", "COMPOSE_"))}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=within_s, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def await_that(what: str, holds: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        time.sleep(0.5)


@pytest.fixture
def deployment(instance: str, tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(instance, tmp_path / "settings")
    try:
        made.compose("build", within_s=BUILD_S)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "10")


def test_a_deployment_holds_an_exercise_and_outlives_a_restart(
    deployment: Deployment, docker_client: docker.DockerClient
) -> None:
    deployment.up()
    require_no_power(docker_client, deployment.project, "web", has_engine=False)
    require_no_power(docker_client, deployment.project, "entries", has_engine=True)
    assert [finding for finding in deployment.ncr("doctor") if not finding["well"]] == []
    add_people(deployment)
    with deployment.client("ida") as instructor, deployment.client("cyfor-1") as member:
        id = plan(instructor)
        await_state(instructor, id, "running", PREPARE_S)
        assert len(things(docker_client, f"ncr.instance={deployment.project}")) >= len(TEAMS) * 3
        type_in_a_terminal(member, id)
        solved = member.post(f"exercises/{id}/tasks/find-web/submissions", json={"answer": "NCR{8080}"})
        assert (solved.status_code, solved.json()["correct"]) == (200, True), solved.text
        await_state(instructor, id, "finished", STEP_S)
        await_that(
            "the engine is clear", lambda: not things(docker_client, f"ncr.instance={deployment.project}"), STEP_S
        )
        before = kept(deployment, instructor, id)
        assert [row["points"] for row in before["board"]["standings"]] == [100, 0]

        deployment.compose("down")
        deployment.up()
        assert kept(deployment, instructor, id) == before
    deployment.compose("down", "--volumes")
    assert things(docker_client, f"com.docker.compose.project={deployment.project}") == []


def add_people(deployment: Deployment) -> None:
    deployment.ncr("people", "user", "add", "ida", "--role", "instructor", "--password", "fjellvett og ski")
    for team in TEAMS:
        deployment.ncr("people", "user", "add", f"{team}-1", "--password", "fjellvett og ski")
        deployment.ncr("people", "team", "add", team, "--name", f"Lag {team}", "--member", f"{team}-1")


def plan(instructor: httpx.Client) -> str:
    wanted = {
        "scenario": "liten",
        "title": "Prøve",
        "teams": TEAMS,
        "duration_s": 60,
        "override": "a test",
    }
    made = instructor.post("exercises", json=wanted)
    assert made.status_code == 201, made.text
    id = str(made.json()["id"])
    assert instructor.post(f"exercises/{id}/launch").status_code == 200
    return id


def await_state(instructor: httpx.Client, id: str, state: str, within_s: float) -> None:
    def holds() -> bool:
        found = instructor.get(f"exercises/{id}").json()
        assert found["state"] not in ("failed", "cancelled"), found["failure"]
        return bool(found["state"] == state)

    await_that(f"the exercise is {state}", holds, within_s)


def kept(deployment: Deployment, instructor: httpx.Client, id: str) -> Row:
    """All that must be as it was: the exercise, its board, its facts, and the proof that none was changed."""
    [verified] = deployment.ncr("ledger", "verify", id)
    assert verified["problems"] == []
    assert verified["facts"] > 0
    return {
        "exercise": instructor.get(f"exercises/{id}").json(),
        "board": instructor.get(f"exercises/{id}/scoreboard").json(),
        "facts": instructor.get(f"exercises/{id}/facts").json(),
        "verified": verified,
    }


def things(client: docker.DockerClient, label: str) -> list[str]:
    wanted = {"label": label}
    found = (
        *client.containers.list(all=True, filters=wanted, ignore_removed=True),
        *client.networks.list(filters=wanted),
        *client.volumes.list(filters=wanted),
    )
    return [thing.name for thing in found]


def require_no_power(client: docker.DockerClient, project: str, service: str, *, has_engine: bool) -> None:
    labels = [f"com.docker.compose.project={project}", f"com.docker.compose.service={service}"]
    [found] = client.containers.list(filters={"label": labels})
    assert any("docker.sock" in mount.get("Source", "") for mount in found.attrs["Mounts"]) == has_engine
    assert found.attrs["HostConfig"]["CapDrop"] == ["ALL"]
    status = found.exec_run(["grep", "-E", "^(Uid|CapBnd|NoNewPrivs)", "/proc/1/status"]).output.decode().split()
    assert (status[1] == "0") == has_engine
    assert status[status.index("CapBnd:") + 1] == "0" * 16
    assert status[status.index("NoNewPrivs:") + 1] == "1"


def type_in_a_terminal(member: httpx.Client, id: str) -> None:
    made = member.post(f"exercises/{id}/entries/desk/tickets", json={})
    assert made.status_code == 201, made.text
    with connect(made.json()["url"], subprotocols=[Subprotocol("ncr.terminal.v1")], proxy=None) as socket:
        socket.send(json.dumps({"type": "open", "ticket": made.json()["ticket"], "columns": 80, "rows": 24}))
        assert json.loads(socket.recv(20))["type"] == "opened"
        socket.send(b"echo $((6 * 7)) in; exit\n")
        said = b""
        while b"42 in" not in said:
            word = socket.recv(20)
            assert isinstance(word, bytes), word
            said += word
