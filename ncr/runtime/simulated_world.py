"""What a simulated engine holds: its containers, networks, volumes and images; in memory, or in a file."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import RLock
from typing import Any, Literal, TypeVar

import orjson

from ncr.errors import EngineError, SubnetTaken
from ncr.runtime.objects import (
    SERVICE,
    SPEC,
    TEAM,
    Attachment,
    ContainerSpec,
    Labels,
    NetworkSpec,
    SeenContainer,
    SeenNetwork,
    SeenVolume,
    VolumeSpec,
)

Health = Literal["none", "starting", "healthy", "unhealthy"]
Stamp = tuple[int, int, int]


@dataclass
class Box:
    """One simulated container; `files` is path to text in Latin-1, so that it fits in JSON."""

    name: str
    image: str
    labels: dict[str, str]
    created_at: float
    has_health: bool
    state: Literal["created", "running", "paused", "exited", "dead"] = "created"
    whole: bool = True
    started_at: float = 0.0
    exit_code: int | None = None
    forced_health: Health | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.labels.get(SERVICE, self.name)

    def health(self, now: float, health_after_s: float) -> Health:
        if not self.has_health or self.state not in ("running", "paused"):
            return "none"
        if self.forced_health is not None:
            return self.forced_health
        return "healthy" if now - self.started_at >= health_after_s else "starting"

    def seen(self, now: float, health_after_s: float) -> SeenContainer:
        return SeenContainer(
            name=self.name,
            state=self.state,
            labels=dict(self.labels),
            health=self.health(now, health_after_s),
            exit_code=self.exit_code,
            addresses=dict(self.addresses),
            created_at=self.created_at,
        )


@dataclass
class Net:
    """One simulated network; `low` and `high` are its first and last address as numbers."""

    name: str
    bridge: str
    subnet: str
    low: int
    high: int
    labels: dict[str, str]
    created_at: float

    def seen(self) -> SeenNetwork:
        return SeenNetwork(self.name, dict(self.labels), self.subnet, self.created_at)


@dataclass
class Vol:
    """One simulated volume."""

    name: str
    labels: dict[str, str]
    created_at: float

    def seen(self) -> SeenVolume:
        return SeenVolume(self.name, dict(self.labels), self.created_at)


Thing = TypeVar("Thing", bound=Box | Net | Vol)


class Things(dict[str, Thing]):
    """Things by name, found by team without looking at everybody's: an engine's cost a team must not grow."""

    def __init__(self, things: Mapping[str, Thing] | None = None) -> None:
        super().__init__()
        self._teams: dict[str, dict[str, Thing]] = {}
        for name, thing in (things or {}).items():
            self[name] = thing

    def __setitem__(self, name: str, thing: Thing) -> None:
        self.drop(name)
        super().__setitem__(name, thing)
        self._teams.setdefault(thing.labels.get(TEAM, ""), {})[name] = thing

    def drop(self, name: str) -> None:
        """Forget it; what is not there is forgotten already."""
        thing = self.pop(name, None)
        if thing is not None:
            del self._teams[thing.labels.get(TEAM, "")][name]

    def labelled(self, labels: Labels) -> list[Thing]:
        """Those with all these labels."""
        nearby = self._teams.get(labels[TEAM], {}) if TEAM in labels else self
        return [thing for thing in nearby.values() if matches(thing.labels, labels)]


@dataclass
class World:
    """Everything on the simulated machine."""

    down: bool = False
    guarded: bool = False
    images: list[str] = field(default_factory=list)
    boxes: Things[Box] = field(default_factory=Things)
    nets: Things[Net] = field(default_factory=Things)
    vols: Things[Vol] = field(default_factory=Things)

    def box(self, name: str) -> Box:
        if name not in self.boxes:
            raise EngineError(f"there is no container {name}")
        return self.boxes[name]

    def running_box(self, name: str) -> Box:
        box = self.box(name)
        if box.state != "running":
            raise EngineError(f"container {name} is {box.state}: nothing can run in it")
        return box

    def make_network(self, spec: NetworkSpec, now: float) -> None:
        there = self.nets.get(spec.name)
        if there is not None and there.labels.get(SPEC) == spec.labels.get(SPEC):
            return
        if there is not None:
            self.drop_network(spec.name)
        subnet = IPv4Network(spec.subnet)
        low, high = int(subnet.network_address), int(subnet.broadcast_address)
        for other in self.nets.values():
            if other.low <= high and low <= other.high:
                raise SubnetTaken(f"network {spec.name}: {spec.subnet} overlaps {other.name}", spec.subnet)
            if other.bridge == spec.bridge:
                raise EngineError(f"network {spec.name}: the bridge {spec.bridge} is taken by {other.name}")
        self.nets[spec.name] = Net(spec.name, spec.bridge, spec.subnet, low, high, dict(spec.labels), now)

    def connect(self, container: str, place: Attachment) -> None:
        box = self.box(container)
        if place.network not in self.nets:
            raise EngineError(f"container {container}: there is no network {place.network}")
        if place.network not in box.addresses:
            box.addresses[place.network] = place.ipv4 or self._free_address(self.nets[place.network])

    def disconnect(self, container: str, network: str) -> None:
        if container in self.boxes:
            self.boxes[container].addresses.pop(network, None)

    def drop_network(self, name: str) -> None:
        if name not in self.nets:
            return
        for box in self.boxes.values():
            box.addresses.pop(name, None)
        self.nets.drop(name)

    def make_volume(self, spec: VolumeSpec, now: float) -> None:
        there = self.vols.get(spec.name)
        if there is None or there.labels.get(SPEC) != spec.labels.get(SPEC):
            self.vols[spec.name] = Vol(spec.name, dict(spec.labels), now)

    def make_container(self, spec: ContainerSpec, now: float) -> None:
        there = self.boxes.get(spec.name)
        if there is not None and there.labels.get(SPEC) == spec.labels.get(SPEC) and there.state != "created":
            return
        self._demand(spec)
        self.boxes.drop(spec.name)
        box = Box(spec.name, spec.image, dict(spec.labels), now, spec.healthcheck is not None)
        box.environment = dict(spec.environment)
        box.files = {file.path: file.content.decode("latin-1") for file in spec.files}
        for place in spec.attachments:
            box.addresses[place.network] = place.ipv4 or self._free_address(self.nets[place.network])
        self.boxes[spec.name] = box

    def _demand(self, spec: ContainerSpec) -> None:
        if spec.image not in self.images:
            raise EngineError(f"container {spec.name}: there is no image {spec.image}")
        for place in spec.attachments:
            if place.network not in self.nets:
                raise EngineError(f"container {spec.name}: there is no network {place.network}")
        for mount in spec.mounts:
            if mount.volume not in self.vols:
                raise EngineError(f"container {spec.name}: there is no volume {mount.volume}")

    def _free_address(self, net: Net) -> str:
        used = {box.addresses.get(net.name) for box in self.boxes.values()}
        for number in range(net.low + 2, net.high):
            if str(IPv4Address(number)) not in used:
                return str(IPv4Address(number))
        raise EngineError(f"network {net.name} is full")


def matches(labels: Labels, wanted: Labels) -> bool:
    """Whether everything wanted is among the labels."""
    return all(labels.get(key) == value for key, value in wanted.items())


class Store:
    """Gives one caller at a time the world; with a path, also across processes and past their death.

    What this process wrote last it remembers, and reads the file again only when another process has replaced it.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = RLock()
        self._world = World()
        self._kept: tuple[Stamp | None, bytes] = (None, b"")

    @contextmanager
    def open(self) -> Iterator[World]:
        """The world; what was done to it is kept unless an error leaves the block."""
        with self._lock:
            if self._path is None:
                yield self._world
                return
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield from self._shared(self._path)

    def _shared(self, path: Path) -> Iterator[World]:
        stamp, content = self._kept
        if stamp is None or stamp != _stamp(path):
            self._world, content = _read(path), b""
        # Until all went well, nothing is remembered.
        self._kept = (None, b"")
        yield self._world
        fresh = _content(self._world)
        if fresh != content:
            _write(path, fresh)
        self._kept = (_stamp(path), fresh)


def _stamp(path: Path) -> Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def _read(path: Path) -> World:
    if not path.exists():
        return World()
    data: dict[str, Any] = orjson.loads(path.read_bytes())
    return World(
        down=data["down"],
        guarded=data["guarded"],
        images=data["images"],
        boxes=Things({name: Box(**box) for name, box in data["boxes"].items()}),
        nets=Things({name: Net(**net) for name, net in data["nets"].items()}),
        vols=Things({name: Vol(**vol) for name, vol in data["vols"].items()}),
    )


def _content(world: World) -> bytes:
    things = {"boxes": world.boxes, "nets": world.nets, "vols": world.vols}
    return orjson.dumps({"down": world.down, "guarded": world.guarded, "images": world.images, **things})


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)
