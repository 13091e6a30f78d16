"""One parent in the control groups for all our containers, with a memory limit that leaves the service its own."""

from pathlib import Path

from ncr.errors import EngineError
from ncr.runtime.host import Host

ROOT = Path("/sys/fs/cgroup")
MIB = 1024 * 1024


def parent(driver: str) -> str:
    """The parent's name as the engine's cgroup driver wants it."""
    return "ncr.slice" if driver == "systemd" else "/ncr"


def limit(host: Host, driver: str, memory_mib: int) -> str | None:
    """Limit the memory of all our containers together; why it could not be done, or None."""
    if not host.is_ours:
        return "the control groups of the engine's machine are out of reach"
    try:
        _limit(host, driver, memory_mib)
    except (OSError, EngineError) as error:
        return f"the memory limit for all containers together is not in place: {error}"
    return None


def _limit(host: Host, driver: str, memory_mib: int) -> None:
    if driver == "systemd":
        host.command(["systemctl", "set-property", "--runtime", parent(driver), f"MemoryMax={memory_mib}M"])
        return
    is_unified = (ROOT / "cgroup.controllers").exists()
    folder = (ROOT if is_unified else ROOT / "memory") / parent(driver).lstrip("/")
    folder.mkdir(exist_ok=True)
    file = folder / ("memory.max" if is_unified else "memory.limit_in_bytes")
    if file.read_text().strip() != str(memory_mib * MIB):
        file.write_text(str(memory_mib * MIB))
