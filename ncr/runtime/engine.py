"""What a container engine must be able to do, and the specifications it is given: a few idempotent verbs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from types import MappingProxyType
from typing import Literal, Protocol

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
Progress = Callable[[str], None]


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
class Observed:
    """Everything on the engine that carries the labels asked for, in every state."""

    containers: Mapping[str, SeenContainer] = field(default_factory=dict)
    networks: Mapping[str, SeenNetwork] = field(default_factory=dict)
    volumes: Mapping[str, SeenVolume] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes)


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command ended: `exit_code` is None when it ran out of time."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes = b""


class Attached(Protocol):
    """A command under way in a container, talked to through a socket.

    With a terminal the socket carries its bytes as they are; without one, what comes out of it is framed by the engine
    (`is_framed`) and what goes in is not. End of file on the socket: the command, its container or the engine ended.
    """

    socket: socket
    is_framed: bool

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has this size now."""

    def exit_code(self) -> int | None:
        """How the command ended; None while it runs, or when nobody knows."""

    def end(self) -> bool:
        """End the command and all that it started and let go of the socket; whether nothing of it is left."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine says of itself and its machine."""

    kind: str
    version: str
    cpus: int
    memory_mib: int
    runtimes: tuple[str, ...] = ()


class Engine(Protocol):
    """A container engine. Every verb may be repeated; deleting what is gone succeeds.

    Raises EngineUnavailable when it does not answer, EngineError (naming the object) when it refuses.
    """

    def info(self) -> EngineInfo:
        """What the engine is; also the test that it answers."""

    def shortcomings(self) -> Sequence[str]:
        """What this engine or its machine does not enforce, in words; empty when all is enforced."""

    def host_addresses(self) -> Sequence[str]:
        """Every address of the engine's machine but loopback; link-local ones as `fe80::…%interface`."""

    def is_near(self) -> bool:
        """Whether this process shares the engine's machine and network, and so reaches the gates by itself."""

    def has_image(self, reference: str) -> bool:
        """Whether the image is there."""

    def ensure_image(self, spec: ImageSpec, progress: Progress) -> None:
        """Build or pull the image unless it is there."""

    def ensure_guard(self) -> Sequence[str]:
        """Put the host's rules in place; returns what had to be restored. Raises when it cannot: fail closed."""

    def ensure_network(self, spec: NetworkSpec) -> None:
        """Make the network, or adopt one with the same spec label. A foreign overlap raises SubnetTaken."""

    def ensure_volume(self, spec: VolumeSpec) -> None:
        """Make the volume unless it is there."""

    def ensure_container(self, spec: ContainerSpec) -> None:
        """Make the container with its networks and files, not started; adopt the same spec, replace another."""

    def start(self, name: str) -> None:
        """Start it; a running one stays as it is."""

    def pause(self, name: str) -> None:
        """Freeze it."""

    def unpause(self, name: str) -> None:
        """Let it go on."""

    def stop(self, name: str, grace_s: float = 10.0) -> None:
        """Ask it to end, then end it."""

    def remove_container(self, name: str) -> None:
        """Delete it, running or not."""

    def remove_network(self, name: str) -> None:
        """Delete it."""

    def remove_volume(self, name: str) -> None:
        """Delete it."""

    def observe(self, labels: Labels) -> Observed:
        """All objects with these labels, whatever their state."""

    def exec(
        self, name: str, command: Sequence[str], *, user: str | None = None, timeout_s: float = 30.0, stdin: bytes = b""
    ) -> ExecResult:
        """Run a command in a running container; on a time-out it is ended inside as well."""

    def attach(
        self,
        name: str,
        command: Sequence[str],
        *,
        mark: str,
        user: str | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        size: tuple[int, int] | None = None,
    ) -> Attached:
        """Start a command in a running container and talk to it; with `size` (columns, rows) in a terminal of its own.

        `mark` is a word by which everything the command starts is found again. The container must have a shell.
        """

    def end_marked(self, name: str, mark: str, *, user: str | None = None) -> bool:
        """End all that an attached command with this mark started; whether nothing of it is left."""

    def run(self, spec: ContainerSpec, timeout_s: float) -> ExecResult:
        """Run a throw-away container to its end and remove it."""

    def put_files(self, name: str, files: Sequence[FileSpec]) -> None:
        """Copy files into a container."""

    def read_logs(self, name: str, lines: int = 50) -> str:
        """The last lines the container wrote."""

    def disk_usage(self) -> Mapping[str, float]:
        """MiB written in each of this installation's containers, by name."""
