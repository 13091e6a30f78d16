"""The Docker engine: every verb of the protocol on a real one, from 20.10 on."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore
from types import MappingProxyType
from typing import Any

from docker.errors import NotFound
from requests.exceptions import ConnectionError as NoAnswer
from requests.exceptions import ReadTimeout

from ncr.config import Settings
from ncr.runtime import cgroup, docker_volumes
from ncr.runtime.docker_attach import DockerAttached
from ncr.runtime.docker_client import Connection, calling, gone_is_fine
from ncr.runtime.docker_containers import Containers
from ncr.runtime.docker_exec import Execs
from ncr.runtime.docker_host import DockerHost
from ncr.runtime.docker_images import Images
from ncr.runtime.docker_networks import Networks
from ncr.runtime.docker_observe import label_filter, seen_container, seen_network, seen_volume
from ncr.runtime.engine import Attached, EngineInfo, ExecResult, Progress
from ncr.runtime.guard import Guard
from ncr.runtime.objects import (
    INSTANCE,
    MANAGED,
    Attachment,
    ContainerSpec,
    FileSpec,
    ImageSpec,
    Labels,
    NetworkSpec,
    Observed,
    SeenContainer,
    SeenImage,
    VolumeSpec,
)

MIB = 1024 * 1024


class DockerEngine:
    """One Docker engine, shared with others: everything it makes or looks at carries this installation's labels."""

    def __init__(self, settings: Settings, instance: str) -> None:
        self._settings = settings
        self._labels = {MANAGED: "1", INSTANCE: instance}
        self._connection = Connection(settings.docker_host, settings.engine_parallel)
        self._containers = Containers(self._connection)
        self._execs = Execs(self._connection)
        self._images = Images(self._connection, {MANAGED: "1"})
        self._host = DockerHost(self._connection, self._images, self._labels)
        self._networks = Networks(self._connection, self._host)
        self._guard = Guard(self._host)
        self._busy = BoundedSemaphore(settings.engine_parallel)

    def info(self) -> EngineInfo:
        with calling("the container engine"):
            said = self._connection.api.info()
        return EngineInfo(
            kind="docker",
            version=said["ServerVersion"],
            cpus=said["NCPU"],
            memory_mib=said["MemTotal"] // MIB,
            runtimes=tuple(said["Runtimes"]),
        )

    def shortcomings(self) -> Sequence[str]:
        bridged = self._host.read("/proc/sys/net/bridge/bridge-nf-call-iptables").strip()
        unseen = (
            "" if bridged == "1" else "the host's rules do not see traffic inside a bridge (bridge-nf-call-iptables)"
        )
        return [trouble for trouble in (self._limit_memory(), unseen) if trouble]

    def host_addresses(self) -> Sequence[str]:
        return self._host.addresses()

    def is_near(self) -> bool:
        return self._host.is_here

    def image(self, reference: str) -> SeenImage | None:
        return self._images.seen(reference)

    def ensure_image(self, spec: ImageSpec, progress: Progress) -> None:
        self._images.ensure(spec, progress)

    def save_image(self, reference: str) -> Iterator[bytes]:
        return self._images.save(reference)

    def ensure_guard(self) -> Sequence[str]:
        return self._guard.ensure()

    def ensure_network(self, spec: NetworkSpec) -> None:
        self._networks.ensure(spec)

    def ensure_volume(self, spec: VolumeSpec) -> None:
        docker_volumes.ensure(self._connection, spec)

    def ensure_container(self, spec: ContainerSpec) -> None:
        self._containers.cgroup_parent = self._cgroup_parent
        with self._busy:
            self._containers.ensure(spec)

    def start(self, name: str) -> None:
        with self._busy:
            self._containers.start(name)

    def pause(self, name: str) -> None:
        self._containers.pause(name)

    def unpause(self, name: str) -> None:
        self._containers.unpause(name)

    def stop(self, name: str, grace_s: float = 10.0) -> None:
        self._containers.stop(name, grace_s)

    def connect(self, container: str, place: Attachment) -> None:
        self._networks.connect(container, place)

    def disconnect(self, container: str, network: str) -> None:
        self._networks.disconnect(container, network)

    def remove_container(self, name: str) -> None:
        with self._busy:
            self._containers.remove(name)

    def remove_network(self, name: str) -> None:
        self._networks.remove(name)

    def remove_volume(self, name: str) -> None:
        with gone_is_fine(f"volume {name}"):
            self._connection.api.remove_volume(name, force=True)

    def observe(self, labels: Labels) -> Observed:
        api, wanted = self._connection.api, label_filter(labels)
        with calling("looking at what is there"):
            containers = [self._judged(seen_container(row)) for row in api.containers(all=True, filters=wanted)]
            networks = [seen_network(row) for row in api.networks(filters=wanted)]
            volumes = [seen_volume(row) for row in api.volumes(filters=wanted)["Volumes"] or ()]
        return Observed(
            {one.name: one for one in containers},
            {one.name: one for one in networks},
            {one.name: one for one in volumes},
        )

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
        return self._execs.run(name, command, user, timeout_s, stdin, environment)

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
        with calling(f"container {name}"):
            return DockerAttached(
                self._connection, name, command, mark, user, environment, size,
                lambda: self.end_marked(name, mark, user=user),
            )  # fmt: skip

    def end_marked(self, name: str, mark: str, *, user: str | None = None) -> bool:
        with gone_is_fine(f"container {name}"):
            state = self._connection.api.inspect_container(name)["State"]
            if state["Running"]:
                # Nothing can be ended in one that is frozen.
                return not state["Paused"] and self._execs.end(name, user, mark)
        return True

    def run(self, spec: ContainerSpec, timeout_s: float) -> ExecResult:
        once = replace(spec, name=f"{spec.name}-{secrets.token_hex(4)}")
        end = time.monotonic() + timeout_s
        try:
            self.ensure_container(once)
            self.start(once.name)
            return self._result(once.name, max(0.5, end - time.monotonic()))
        finally:
            self.remove_container(once.name)

    def put_files(self, name: str, files: Sequence[FileSpec]) -> None:
        self._containers.put_files(name, files)

    def read_logs(self, name: str, lines: int = 50) -> str:
        with calling(f"container {name}"):
            said: bytes = self._connection.api.logs(name, tail=lines)
        return said.decode(errors="replace")

    def disk_usage(self) -> Mapping[str, float]:
        with calling("disk usage"):
            rows = self._connection.api.containers(all=True, size=True, filters=label_filter(self._labels))
        return {str(row["Names"][0]).lstrip("/"): _written(row) for row in rows}

    def close(self) -> None:
        """Let go of the connections to the engine."""
        self._connection.close()

    def _limit_memory(self) -> str | None:
        said = self._about
        memory_mib = said["MemTotal"] // MIB - self._settings.reserve_memory_mib
        return cgroup.limit(self._host, said["CgroupDriver"], max(memory_mib, 64))

    def _judged(self, seen: SeenContainer) -> SeenContainer:
        # Freezing a container makes the engine call it unhealthy until its next test, which may be long in coming.
        if seen.health != "unhealthy":
            return seen
        try:
            about = self._connection.api.inspect_container(seen.name)
        except NotFound:
            return seen
        health = about["State"].get("Health") or {}
        # A test that the freezing cut short has failed too, once.
        if health.get("FailingStreak", 0) >= (about["Config"].get("Healthcheck") or {}).get("Retries", 3):
            return seen
        return replace(seen, health="healthy" if health.get("Log") else "none")

    @cached_property
    def _about(self) -> dict[str, Any]:
        with calling("the container engine"):
            said: dict[str, Any] = self._connection.api.info()
        return said

    @cached_property
    def _cgroup_parent(self) -> str:
        self._limit_memory()
        return cgroup.parent(self._about["CgroupDriver"])

    def _result(self, name: str, timeout_s: float) -> ExecResult:
        api = self._connection.api
        with calling(f"container {name}"):
            try:
                code = int(api.wait(name, timeout=timeout_s)["StatusCode"])
            except (ReadTimeout, NoAnswer):
                return ExecResult(None, api.logs(name, stdout=True, stderr=False))
            return ExecResult(code, api.logs(name, stderr=False), api.logs(name, stdout=False) if code else b"")


def _written(row: Mapping[str, Any]) -> float:
    mounts = [mount for mount in row.get("Mounts") or () if mount.get("Type") == "volume"]
    own = int(row.get("SizeRw", 0))
    return (own + sum(_size(Path(mount["Source"])) for mount in mounts if mount["Source"])) / MIB


def _size(folder: Path) -> int:
    try:
        return sum(file.lstat().st_blocks * 512 for file in folder.rglob("*"))
    except OSError:
        # Out of reach on a remote engine, or changing under us; the writable layer still counts.
        return 0
