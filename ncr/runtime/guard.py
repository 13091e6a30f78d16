"""The guard: rules on the engine's machine that keep containers off it; in place and verified, or nothing starts."""

import time
from threading import Lock

from ncr.errors import EngineError, EngineUnavailable
from ncr.runtime.guard_rules import missing, repair
from ncr.runtime.host import Host

SAVE = {4: "iptables-save", 6: "ip6tables-save"}
RESTORE = {4: "iptables-restore", 6: "ip6tables-restore"}

TRIES = 3
LOOKS = 4
PAUSE_S = 0.05


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
        absent, dump = self._absent(family)
        restored, trouble = absent, "not there after it was put in place"
        for _ in range(TRIES):
            if not absent:
                return restored
            try:
                self._host.command([RESTORE[family], "-w", "5", "--noflush"], repair(dump, family).encode())
            except EngineError as error:
                # The rules may have changed since they were looked at; the next try starts from a new look.
                trouble = str(error)
            absent, dump = self._absent(family)
        if absent:
            raise EngineError(f"{', '.join(absent)}: {trouble}")
        return restored

    def _absent(self, family: int) -> tuple[list[str], str]:
        """What is missing look after look: the engine takes its jumps out and in again for each network it makes."""
        dump = self._dump(family)
        absent = missing(dump, family)
        for _ in range(LOOKS):
            if not absent:
                break
            time.sleep(PAUSE_S)
            dump = self._dump(family)
            absent = [words for words in missing(dump, family) if words in absent]
        return absent, dump

    def _dump(self, family: int) -> str:
        return self._host.command([SAVE[family], "-t", "filter"]).decode(errors="replace")
