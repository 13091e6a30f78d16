"""What a Compose file comes to: services, networks and volumes, normalised; `${…}` in strings is still a template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from ncr.scenario.model import Definition
from ncr.scenario.play import Play

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Build:
    """An image built from a directory of the scenario; paths are relative to the scenario."""

    context: str
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A container's own test of itself; times in seconds."""

    test: tuple[str, ...]
    interval_s: float = 30.0
    timeout_s: float = 30.0
    start_period_s: float = 0.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Membership:
    """A service's place on a network: other names it answers to there, and its address if fixed."""

    aliases: tuple[str, ...] = ()
    ipv4: str | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A port a service offers."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A named volume at an absolute path."""

    volume: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class FileMount:
    """A file or directory of the scenario copied into the container: a bind, a config or a secret."""

    source: str
    path: str
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One node of an environment."""

    name: str
    image: str | None = None
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    working_dir: str | None = None
    user: str | None = None
    hostname: str | None = None
    networks: Mapping[str, Membership] = field(default_factory=dict)
    depends_on: Mapping[str, Literal["started", "healthy", "completed"]] = field(default_factory=dict)
    healthcheck: Healthcheck | None = None
    ports: tuple[Port, ...] = ()
    volumes: tuple[VolumeMount, ...] = ()
    files: tuple[FileMount, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    cap_add: tuple[str, ...] = ()
    memory_mib: int | None = None
    cpus: float | None = None
    pids: int | None = None
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    shm_mib: int = 16
    sysctls: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    read_only: bool = False
    init: bool = True
    tty: bool = False
    stdin_open: bool = False
    stop_signal: str | None = None
    stop_grace_s: float = 10.0
    labels: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    extra_hosts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    dns: tuple[str, ...] = ()
    runtime: str | None = None
    replicas: int = 1
    no_new_privileges: bool = True


@dataclass(frozen=True, slots=True)
class Network:
    """One network of an environment; `subnet` only when the scenario fixes it."""

    name: str
    subnet: str | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """One Compose file: services in start order (dependencies first), the networks and the named volumes."""

    services: Mapping[str, Service]
    networks: Mapping[str, Network]
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario read and found good; `notes` is what `check` prints beside."""

    path: Path
    digest: str
    definition: Definition
    topology: Topology
    shared: Topology | None = None
    briefing: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    play: Play | None = None
    notes: tuple[str, ...] = ()
