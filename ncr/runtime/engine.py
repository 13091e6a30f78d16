"""What a container engine must be able to do: a few idempotent verbs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from socket import socket
from types import MappingProxyType
from typing import Protocol

from ncr.runtime.objects import (
    Attachment,
    ContainerSpec,
    FileSpec,
    ImageSpec,
    Labels,
    NetworkSpec,
    Observed,
    SeenImage,
    VolumeSpec,
)

Progress = Callable[[str], None]


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

    def image(self, reference: str) -> SeenImage | None:
        """The image, if it is on the engine."""

    def ensure_image(self, spec: ImageSpec, progress: Progress) -> None:
        """Build or pull the image unless it is there."""

    def save_image(self, reference: str) -> Iterator[bytes]:
        """The image as an archive, piece by piece: its layers, its settings, and a manifest.json that names them."""

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

    def connect(self, container: str, place: Attachment) -> None:
        """Put a container, running or not, on a network at this place; one that is on it stays as it is."""

    def disconnect(self, container: str, network: str) -> None:
        """Take a container, running or not, off a network; one that is not on it, or is gone, stays as it is."""

    def remove_container(self, name: str) -> None:
        """Delete it, running or not."""

    def remove_network(self, name: str) -> None:
        """Delete it, after taking off whatever is still on it."""

    def remove_volume(self, name: str) -> None:
        """Delete it."""

    def observe(self, labels: Labels) -> Observed:
        """All objects with these labels, whatever their state."""

    def exec(
        self,
        name: str,
        command: Sequence[str],
        *,
        user: str | None = None,
        timeout_s: float = 30.0,
        stdin: bytes = b"",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> ExecResult:
        """Run a command in a running container, told `environment` too; on a time-out it is ended inside as well."""

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
