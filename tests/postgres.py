"""A PostgreSQL cluster for the length of one test session."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_S = 30


@dataclass(frozen=True)
class Cluster:
    """Where it listens and how to get in as its owner."""

    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql://ncr:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A connection outside any transaction, as creating databases wants it."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            yield connection


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Makes a cluster, runs it durably (fsync on), and leaves nothing of it."""
    folder = Path(tempfile.mkdtemp(prefix="ncr-postgres-"))
    try:
        cluster = Cluster(free_port(), secrets.token_hex(16))
        _make(folder, cluster.password)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(_command(folder, cluster.port), cwd=folder, stdout=log, stderr=log)
        try:
            _wait(cluster, server, folder / "log")
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)  # "fast": does not wait for clients that hang on
            server.wait(START_S)
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _programs() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: infra/setup/test-packages installs Debian's")
    return Path(found).resolve().parent


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root, and must not outlive a killed test run."""
    drop = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *drop]


def _make(folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (folder, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    initdb = [_programs() / "initdb", "--pgdata", folder / "data", "--username=ncr", f"--pwfile={secret}"]
    settings = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([*_unprivileged(), *initdb, *settings], cwd=folder, check=True, capture_output=True)


def _command(folder: Path, port: int) -> list[str | Path]:
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "max_connections": 300}
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    return [*_unprivileged(), _programs() / "postgres", "-D", folder / "data", *flags]


def _wait(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with cluster.admin():
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")
