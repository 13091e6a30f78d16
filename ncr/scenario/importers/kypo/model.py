"""A KYPO sandbox as data: topology.yml, containers.yml and variables.yml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ncr.scenario.importers.loose import Snake
from ncr.scenario.values import TcpPort, Whole

NAME = r"^[a-z][a-z0-9A-Z-]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=63)]
User = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$")]
_OLD_NAMES = {"man_user": "mgmt_user", "mng_user": "mgmt_user", "mng_protocol": "mgmt_protocol",
              "man_protocol": "mgmt_protocol"}  # fmt: skip


def _renamed(value: object) -> object:
    return {_OLD_NAMES.get(key, key): child for key, child in value.items()} if isinstance(value, dict) else value


def _as_kinds(value: object) -> object:
    return {"tcp": value} if isinstance(value, list) else value


class BaseBoxFields(Snake):
    """What a machine starts from."""

    image: Annotated[str, Field(min_length=1)]
    mgmt_user: User = "debian"
    mgmt_protocol: Annotated[
        Literal["ssh", "winrm"], BeforeValidator(lambda v: v.lower() if isinstance(v, str) else v)
    ] = "ssh"


BaseBox = Annotated[BaseBoxFields, BeforeValidator(_renamed)]


class Host(Snake):
    """A machine."""

    name: Name
    base_box: BaseBox
    flavor: str | None = None
    block_internet: bool = False
    hidden: bool = False
    volumes: object = None
    extra: object = None


class Router(Snake):
    """What leads from one network to another."""

    name: Name
    base_box: BaseBox | None = None
    flavor: str | None = None
    hidden: bool = False
    extra: object = None


class Wan(Snake):
    """The way out."""

    name: str = "wan"
    cidr: str = "100.100.100.0/24"


class Net(Snake):
    """A network."""

    name: Name
    cidr: str
    accessible_by_user: bool = True
    hidden: bool = False


class NetMapping(Snake):
    """A host's place on a network."""

    host: str
    network: str
    ip: str


class RouterMapping(Snake):
    """A router's place on a network."""

    router: str
    network: str
    ip: str


class Group(Snake):
    """Machines under one name, for provisioning."""

    name: str
    nodes: tuple[str, ...] = ()


class TcpTarget(Snake):
    """A port that should answer."""

    port: TcpPort
    interface: str | None = None
    address: str | None = None


class NodeTargets(Snake):
    """What is watched on one machine."""

    node: str
    targets: tuple[TcpTarget, ...] = ()


class HttpTarget(Snake):
    """A page that should answer."""

    url: str
    check_string: str | None = None


class HttpTargets(Snake):
    """Pages that are watched."""

    targets: tuple[HttpTarget, ...] = ()


class Monitoring(Snake):
    """What is watched, by kind."""

    tcp: tuple[NodeTargets, ...] = ()
    icmp: object = None
    http: Annotated[HttpTargets, BeforeValidator(lambda v: {"targets": v} if isinstance(v, list) else v)] = (
        HttpTargets()
    )


class Topology(Snake):
    """The whole of topology.yml."""

    name: Name
    hosts: tuple[Host, ...] = ()
    routers: tuple[Router, ...] = ()
    wan: Wan = Wan()
    networks: tuple[Net, ...] = ()
    net_mappings: tuple[NetMapping, ...] = ()
    router_mappings: tuple[RouterMapping, ...] = ()
    groups: tuple[Group, ...] = ()
    monitoring_targets: Annotated[Monitoring, BeforeValidator(_as_kinds)] = Monitoring()


class Container(Snake):
    """A container, from an image or a Dockerfile."""

    name: Name
    image: str | None = None
    dockerfile: str | None = None


class ContainerMapping(Snake):
    """Which machine a container runs on."""

    container: str
    host: str
    port: TcpPort | None = None
    hidden: bool = False


class Containers(Snake):
    """The whole of containers.yml."""

    containers: tuple[Container, ...] = ()
    container_mappings: tuple[ContainerMapping, ...] = ()
    hide_all: bool = False


class Variable(Snake):
    """What is drawn for every sandbox."""

    type: Literal["username", "password", "text", "port", "IP", "ip"]
    min: Whole | str | None = None
    max: Whole | str | None = None
    length: Annotated[Whole, Field(ge=1, le=63)] | None = None
    prohibited: tuple[object, ...] = ()
