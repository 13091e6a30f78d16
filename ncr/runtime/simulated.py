"""A whole container engine in memory: as slow as asked, and misbehaving as asked."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType

from ncr.errors import EngineError, EngineUnavailable
from ncr.runtime.engine import Attached, EngineInfo, ExecResult, Progress
from ncr.runtime.objects import (
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
from ncr.runtime.simulated_attach import SimulatedAttached
from ncr.runtime.simulated_images import archive
from ncr.runtime.simulated_mischief import How, Mischief, Plans
from ncr.runtime.simulated_programs import run_container, run_program
from ncr.runtime.simulated_relay import SimulatedRelay
from ncr.runtime.simulated_world import Box, Health, Store, World

OnExec = Callable[[SeenContainer, Sequence[str], bytes], ExecResult | None]
OnRun = Callable[[ContainerSpec], ExecResult | None]
OnRelay = Callable[[SeenContainer, Sequence[str]], tuple[str, int] | None]


class SimulatedEngine:
    """Keeps what it is told to make. With `state`, several processes share it and a killed one loses nothing.

    `latency_s` is seconds by verb ("*" for all others); `health_after_s` is how long after its start a container
    with a healthcheck is healthy; `completes` is service -> exit code for those that end by themselves. `on_exec` and
    `on_run` answer commands; None: as a small shell would. `on_relay` says where a relay leads, on this machine.
    """

    def __init__(
        self,
        state: Path | None = None,
        *,
        latency_s: Mapping[str, float] | None = None,
        health_after_s: float = 0.0,
        completes: Mapping[str, int] | None = None,
        on_exec: OnExec | None = None,
        on_run: OnRun | None = None,
    ) -> None:
        self._store = Store(state)
        self._latency_s = dict(latency_s or {})
        self._health_after_s = health_after_s
        self._completes = dict(completes or {})
        self.on_exec = on_exec
        self.on_run = on_run
        self.on_relay: OnRelay | None = None
        self.hang_s = 5.0
        self.calls: list[tuple[str, str]] = []
        self._plans = Plans()

    # What a test asks of it.

    def misbehave(self, verb: str, how: How, *, on: str = "*", times: int = 1) -> None:
        """Plan to refuse (`error`), do it but time out (`late`), make half a container (`half`), or `hang`."""
        self._plans.add(Mischief(verb, how, on, times))

    def set_down(self, down: bool) -> None:
        """Make the engine not answer, or answer again; for every process that shares it."""
        with self._store.open() as world:
            world.down = down

    def restart(self, *, losing: str = "") -> None:
        """The engine's machine restarts: containers end, the guard is gone, those that match `losing` vanish."""
        with self._store.open() as world:
            world.guarded = False
            for box in list(world.boxes.values()):
                if losing and fnmatch(box.name, losing):
                    world.boxes.drop(box.name)
                elif box.state in ("running", "paused"):
                    box.state, box.exit_code = "exited", 137

    def crash(self, name: str, exit_code: int = 1) -> None:
        """A container ends by itself."""
        with self._store.open() as world:
            box = world.box(name)
            box.state, box.exit_code = "exited", exit_code

    def set_health(self, name: str, health: Health | None) -> None:
        """Fix what a container's healthcheck says; None gives it back its own."""
        with self._store.open() as world:
            world.box(name).forced_health = health

    # What every engine does.

    def info(self) -> EngineInfo:
        with self._call("info"):
            return EngineInfo("simulated", "1", cpus=64, memory_mib=1_048_576, runtimes=("runc",))

    def shortcomings(self) -> Sequence[str]:
        with self._call("shortcomings"):
            return ()

    def host_addresses(self) -> Sequence[str]:
        with self._call("host_addresses"):
            return ("192.0.2.1",)

    def is_near(self) -> bool:
        # There are no wires to it, however near it is.
        return False

    def image(self, reference: str) -> SeenImage | None:
        with self._call("image", reference) as world:
            return SeenImage(0.0) if reference in world.images else None

    def ensure_image(self, spec: ImageSpec, progress: Progress) -> None:
        with self._call("ensure_image", spec.reference) as world:
            if spec.context is not None and not (spec.context / spec.dockerfile).is_file():
                raise EngineError(f"image {spec.reference}: there is no {spec.dockerfile} in {spec.context.name}")
            if spec.reference not in world.images:
                progress(f"image {spec.reference}")
                world.images.append(spec.reference)

    def save_image(self, reference: str) -> Iterator[bytes]:
        with self._call("save_image", reference) as world:
            yield archive(reference, reference in world.images)

    def ensure_guard(self) -> Sequence[str]:
        with self._call("ensure_guard") as world:
            restored = [] if world.guarded else ["every rule of the guard"]
            world.guarded = True
            return restored

    def ensure_network(self, spec: NetworkSpec) -> None:
        with self._call("ensure_network", spec.name) as world:
            world.make_network(spec, time.time())

    def ensure_volume(self, spec: VolumeSpec) -> None:
        with self._call("ensure_volume", spec.name) as world:
            world.make_volume(spec, time.time())

    def ensure_container(self, spec: ContainerSpec) -> None:
        with self._call("ensure_container", spec.name) as world:
            world.make_container(spec, time.time())

    def start(self, name: str) -> None:
        with self._call("start", name) as world:
            box = world.box(name)
            if box.state in ("running", "paused"):
                return
            if not box.whole:
                raise EngineError(f"container {name} was never finished")
            box.state, box.started_at, box.exit_code = "running", time.time(), None
            if box.service in self._completes:
                box.state, box.exit_code = "exited", self._completes[box.service]

    def pause(self, name: str) -> None:
        with self._call("pause", name) as world:
            box = world.box(name)
            if box.state not in ("running", "paused"):
                raise EngineError(f"container {name} is {box.state}: nothing to pause")
            box.state = "paused"

    def unpause(self, name: str) -> None:
        with self._call("unpause", name) as world:
            box = world.box(name)
            if box.state not in ("running", "paused"):
                raise EngineError(f"container {name} is {box.state}: nothing to unpause")
            box.state = "running"

    def stop(self, name: str, grace_s: float = 10.0) -> None:
        with self._call("stop", name) as world:
            box = world.boxes.get(name)
            if box is not None and box.state in ("running", "paused"):
                box.state, box.exit_code = "exited", 143

    def connect(self, container: str, place: Attachment) -> None:
        with self._call("connect", container) as world:
            world.connect(container, place)

    def disconnect(self, container: str, network: str) -> None:
        with self._call("disconnect", container) as world:
            world.disconnect(container, network)

    def remove_container(self, name: str) -> None:
        with self._call("remove_container", name) as world:
            world.boxes.drop(name)

    def remove_network(self, name: str) -> None:
        with self._call("remove_network", name) as world:
            world.drop_network(name)

    def remove_volume(self, name: str) -> None:
        with self._call("remove_volume", name) as world:
            world.vols.drop(name)

    def observe(self, labels: Labels) -> Observed:
        with self._call("observe") as world:
            return Observed(
                {b.name: self._seen(b) for b in world.boxes.labelled(labels)},
                {n.name: n.seen() for n in world.nets.labelled(labels)},
                {v.name: v.seen() for v in world.vols.labelled(labels)},
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
        with self._call("exec", name) as world:
            box = world.running_box(name)
            seen, files, known = self._seen(box), dict(box.files), {**box.environment, **environment}
        answer = self.on_exec(seen, command, stdin) if self.on_exec else None
        return answer or run_program(command, files, known, stdin, timeout_s)

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
        with self._call("attach", name) as world:
            seen = self._seen(world.running_box(name))
        if size is None:
            place = self.on_relay(seen, command) if self.on_relay else None
            return SimulatedRelay(place, lambda: self._runs(name))
        return SimulatedAttached(
            lambda line: self._typed(name, line),
            lambda: self._runs(name),
            lambda: self.end_marked(name, mark),
            size,
        )

    def end_marked(self, name: str, mark: str, *, user: str | None = None) -> bool:
        with self._call("end_marked", name) as world:
            return name not in world.boxes or world.boxes[name].state != "paused"

    def run(self, spec: ContainerSpec, timeout_s: float) -> ExecResult:
        with self._call("run", spec.name) as world:
            world.make_container(spec, time.time())
            world.boxes.drop(spec.name)
            guarded = world.guarded
        answer = self.on_run(spec) if self.on_run else None
        return answer or run_container(spec, guarded, timeout_s)

    def put_files(self, name: str, files: Sequence[FileSpec]) -> None:
        with self._call("put_files", name) as world:
            world.box(name).files.update({file.path: file.content.decode("latin-1") for file in files})

    def read_logs(self, name: str, lines: int = 50) -> str:
        with self._call("read_logs", name) as world:
            return f"{world.box(name).service} says nothing\n"

    def disk_usage(self) -> Mapping[str, float]:
        with self._call("disk_usage") as world:
            return {box.name: sum(map(len, box.files.values())) / 2**20 for box in world.boxes.values()}

    def _typed(self, name: str, line: str) -> bytes:
        """What a line typed into a simulated shell comes to."""
        try:
            result = self.exec(name, shlex.split(line))
        except (EngineError, ValueError) as error:
            return f"{error}\n".encode()
        return result.stdout + result.stderr

    def _runs(self, name: str) -> bool:
        with self._store.open() as world:
            box = world.boxes.get(name)
            return not world.down and box is not None and box.state in ("running", "paused")

    # How it slows down and fails.

    @contextmanager
    def _call(self, verb: str, target: str = "") -> Iterator[World]:
        time.sleep(self._latency_s.get(verb, self._latency_s.get("*", 0.0)))
        self.calls.append((verb, target))
        how = self._plans.take(verb, target)
        if how == "error":
            raise EngineError(f"{target or verb}: refused, as planned")
        if how == "hang":
            time.sleep(self.hang_s)
            raise EngineUnavailable(f"{target or verb}: no answer")
        with self._store.open() as world:
            if world.down:
                raise EngineUnavailable
            yield world
            if how == "half" and verb == "ensure_container":
                world.boxes[target].whole = False
                world.boxes[target].addresses.clear()
        if how in ("late", "half"):
            raise EngineUnavailable(f"{target or verb}: no answer in time")

    def _seen(self, box: Box) -> SeenContainer:
        return box.seen(time.time(), self._health_after_s)
