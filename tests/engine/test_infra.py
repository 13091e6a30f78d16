"""The set-up scripts: an engine is found, the base image is there, and a second run changes nothing."""

import os
import subprocess
from pathlib import Path

import docker
import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = "ncr/base:bookworm"
FILES = (*ROOT.glob("infra/**/*"), *ROOT.glob("ncr/runtime/builds/**/*"))
SCRIPTS = sorted(path for path in FILES if path.is_file() and path.read_bytes()[:2] == b"#!")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_script_is_executable_and_well_formed(script: Path) -> None:
    assert os.access(script, os.X_OK)
    if b"bash" in script.read_bytes().splitlines()[0]:
        assert run("bash", "-n", str(script)).stderr == ""


@pytest.mark.usefixtures("engine_required")
def test_a_running_engine_is_found_and_named() -> None:
    found = run("infra/engine/up")
    assert found.returncode == 0, found.stderr
    client = docker.DockerClient(base_url=found.stdout.strip())
    assert client.ping()
    client.close()


def test_the_base_image_is_built_once(docker_client: docker.DockerClient) -> None:
    assert run("infra/base/build").returncode == 0
    before = docker_client.images.get(BASE)
    assert run("infra/base/build").returncode == 0
    assert docker_client.images.get(BASE).id == before.id
    assert before.labels["ncr.recipe"]


def test_the_base_image_is_bare_debian_with_a_student_and_trusted_certificates(
    docker_client: docker.DockerClient, instance: str
) -> None:
    seen = docker_client.containers.run(
        BASE,
        ["bash", "-c", '. /etc/os-release; echo $ID $VERSION_ID; id -u student; test -s "$SSL_CERT_FILE"; whoami'],
        labels={"ncr.instance": instance},
        network_mode="none",
        user="student",
        remove=True,
    )
    assert seen.decode().split() == ["debian", "12", "1000", "student"]


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    packages = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)
