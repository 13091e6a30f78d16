"""Whose an object is: its name, its labels and the hash of what it was made from; pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson

from ncr.runtime.objects import (
    EXERCISE,
    GENERATION,
    INSTANCE,
    MANAGED,
    ROLE,
    SERVICE,
    SPEC,
    TEAM,
    ContainerSpec,
    NetworkSpec,
    VolumeSpec,
)
from ncr.scenario.shared import SHARED

Spec = TypeVar("Spec", NetworkSpec, VolumeSpec, ContainerSpec)
_SHORT = re.compile(r"[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Identity:
    """One environment: the installation, the exercise, the team and which making of it this is.

    `nickname` is what the team is called towards what is shared; empty when nothing is.
    """

    instance: str
    exercise: str
    team: str
    generation: int = 1
    team_name: str = ""
    nickname: str = ""

    @property
    def host(self) -> "Identity":
        """Whose the shared containers of the same exercise are."""
        return Identity(self.instance, self.exercise, SHARED)

    @property
    def labels(self) -> dict[str, str]:
        """What finds all objects of this environment, of whatever generation."""
        return {MANAGED: "1", INSTANCE: self.instance, EXERCISE: self.exercise, TEAM: self.team}

    @property
    def stem(self) -> str:
        """What the names of its objects begin with."""
        return f"ncr-{self.instance}-{_short(self.exercise)}-{_short(self.team)}"

    # A service's name cannot begin with a dot, so these two can be no service's.
    @property
    def gate_name(self) -> str:
        """The gate's name."""
        return f"{self.stem}.gate"

    @property
    def control_name(self) -> str:
        """The control network's name."""
        return f"{self.stem}.control"

    def name(self, part: str) -> str:
        """The name of a service's container, of a network or of a volume."""
        return f"{self.stem}-{part}"

    def object_labels(self, service: str, role: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
        """An object's labels; `own` are the scenario's, which never displace ours."""
        theirs = {key: value for key, value in (own or {}).items() if not key.startswith("ncr.")}
        ours = {**self.labels, GENERATION: str(self.generation), ROLE: role}
        return {**theirs, **ours, **({SERVICE: service} if service else {})}


def sealed(spec: Spec, *beside: NetworkSpec) -> Spec:
    """The spec with a label that holds the hash of all it is made from, and of the networks beside it."""
    content = [spec, *(network.labels[SPEC] for network in beside)]
    digest = hashlib.sha256(orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return replace(spec, labels={**spec.labels, SPEC: digest[:32]})


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return dict(value) if isinstance(value, Mapping) else str(value)


def _short(name: str) -> str:
    return name if _SHORT.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:8]
