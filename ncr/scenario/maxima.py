"""What a site allows a service of a scenario at most."""

import sys
from dataclasses import dataclass
from typing import Protocol, Self


class Site(Protocol):
    """What a site's settings say of it."""

    @property
    def max_memory_mib(self) -> int:
        """MiB of memory."""

    @property
    def max_cpus(self) -> float:
        """Cores."""

    @property
    def max_pids(self) -> int:
        """Processes."""

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Container runtimes beside the engine's own."""


@dataclass(frozen=True, slots=True)
class Maxima:
    """Limits above these are problems of a scenario; so are runtimes that are not named (None: any is allowed)."""

    memory_mib: int = 4096
    cpus: float = 4.0
    pids: int = 2048
    runtimes: tuple[str, ...] | None = ()

    @classmethod
    def of(cls, settings: Site) -> Self:
        """The maxima of a site."""
        return cls(settings.max_memory_mib, settings.max_cpus, settings.max_pids, settings.runtimes)


# For what was allowed when it was planned: a site that allows less today keeps its exercises and their standings.
BOUNDLESS = Maxima(sys.maxsize, float(sys.maxsize), sys.maxsize, None)
