"""The objects on a container engine: how they are labelled, what is asked for, and what is seen of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ncr.scenario.topology import Healthcheck

MANAGED = "ncr.managed"
INSTANCE = "ncr.instance"
EXERCISE = "ncr.exercise"
TEAM = "ncr.team"
GENERATION = "ncr.generation"
SPEC = "ncr.spec"
SERVICE = "ncr.service"
ROLE = "ncr.role"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """An image: built from `context` when given (tag = content hash), else pulled or already there."""

    reference: str
    context: Path | None = None
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A bridge network. `team` is sealed in; `control` links host and gates only; `internet` may go out."""

    name: str
    bridge: str
    subnet: str
    kind: Literal["team", "control", "internet"]
    labels: Labels


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A named volume of one environment."""

    name: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file put into a container after it is made and before it starts."""

    path: str
    content: bytes = field(repr=False)
    mode: int = 0o444
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A container's place on a network."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4: str | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """A shared container, by name, and its place on a team's network."""

    container: str
    place: Attachment


@dataclass(frozen=True, slots=True)
class Mount:
    """A named volume at a path."""

    volume: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use."""

    memory_mib: int
    cpus: float
    pids: int
    shm_mib: int = 16
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container under the profile of SECURITY.md; what is not said here, a container does not get."""

    name: str
    service: str
    image: str
    labels: Labels
    attachments: tuple[Attachment, ...]
    limits: Limits
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[FileSpec, ...] = ()
    mounts: tuple[Mount, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    working_dir: str | None = None
    hostname: str | None = None
    healthcheck: Healthcheck | None = None
    cap_add: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    read_only: bool = False
    runtime: str | None = None
    init: bool = True
    tty: bool = False
    stdin_open: bool = False
    stop_signal: str | None = None
    stop_grace_s: float = 10.0
    no_new_privileges: bool = True
    depends_on: Mapping[str, Literal["started", "healthy", "completed"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenContainer:
    """A container as the engine tells it now; addresses by network name."""

    name: str
    state: Literal["created", "running", "paused", "exited", "dead"]
    labels: Labels
    health: Literal["none", "starting", "healthy", "unhealthy"] = "none"
    exit_code: int | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """A network as the engine tells it now."""

    name: str
    labels: Labels
    subnet: str | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SeenVolume:
    """A volume as the engine tells it now."""

    name: str
    labels: Labels
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image on the engine: all its bytes in MiB, and its layers from the lowest up, which images share."""

    size_mib: float
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything on the engine that carries the labels asked for, in every state."""

    containers: Mapping[str, SeenContainer] = field(default_factory=dict)
    networks: Mapping[str, SeenNetwork] = field(default_factory=dict)
    volumes: Mapping[str, SeenVolume] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes)
