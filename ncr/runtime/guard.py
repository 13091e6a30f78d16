"""The guard: rules on the engine's machine that keep containers off it; in place and verified, or nothing starts."""

from threading import Lock

from ncr.errors import EngineError, EngineUnavailable
from ncr.runtime.guard_rules import missing, repair
from ncr.runtime.host import Host

SAVE = {4: "iptables-save", 6: "ip6tables-save"}
RESTORE = {4: "iptables-restore", 6: "ip6tables-restore"}


class Guard:
    """Verifies the rules and puts back what is missing."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = Lock()

    def ensure(self) -> list[str]:
        """Put the rules in place; what had to be put back, in words. Raises EngineError when it cannot be."""
        with self._lock:
            try:
                return [word for family in self._families() for word in self._ensure(family)]
            except EngineUnavailable:
                raise
            except EngineError as error:
                raise EngineError(f"the guard cannot be put in place, so nothing may start: {error}") from error

    def _families(self) -> list[int]:
        # A kernel without IPv6 has no table to guard.
        return [4, 6] if self._host.read("/proc/net/if_inet6") else [4]

    def _ensure(self, family: int) -> list[str]:
        dump = self._dump(family)
        absent = missing(dump, family)
        if not absent:
            return []
        self._host.command([RESTORE[family], "-w", "5", "--noflush"], repair(dump, family).encode())
        still = missing(self._dump(family), family)
        if still:
            raise EngineError(f"not there after it was put in place: {', '.join(still)}")
        return absent

    def _dump(self, family: int) -> str:
        return self._host.command([SAVE[family], "-t", "filter"]).decode(errors="replace")
