"""What rehearsals leave on the engine when they die, or keep for an author: found again by a file each."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ncr.errors import EngineError
from ncr.runtime.engine import Engine
from ncr.runtime.environment import remove
from ncr.runtime.objects import INSTANCE

PREFIX = "rehearsal-"
KEPT = b"kept"


class Traces:
    """A file for each rehearsal in `folder`, locked as long as the rehearsal lives, gone when nothing of it is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def leave(self) -> Iterator["Trace"]:
        """The trace of a rehearsal that begins now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{PREFIX}{secrets.token_hex(4)}"
        path = self._folder / name
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield Trace(name, path)
        finally:
            os.close(file)

    def dead(self) -> Iterator["Trace"]:
        """Those that nobody lives behind any more."""
        for path in sorted(self._folder.glob(f"{PREFIX}*")):
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                yield Trace(path.name, path)
            finally:
                os.close(file)


class Trace:
    """One rehearsal's: `instance` is what its objects on the engine are labelled with."""

    def __init__(self, instance: str, path: Path) -> None:
        self.instance = instance
        self._path = path

    @property
    def is_kept(self) -> bool:
        """Whether an author wants what is there."""
        return self._path.read_bytes() == KEPT

    def keep(self) -> None:
        """Let nobody but `clear` sweep it."""
        self._path.write_bytes(KEPT)

    def left(self, engine: Engine) -> list[str]:
        """The names of everything on the engine that is the rehearsal's."""
        seen = engine.observe({INSTANCE: self.instance})
        return [*seen.containers, *seen.networks, *seen.volumes]

    def sweep(self, engine: Engine) -> None:
        """Remove everything of it from the engine, and then the trace. Raises EngineError while something is left."""
        remove(engine, {INSTANCE: self.instance})
        self._path.unlink(missing_ok=True)


def sweep(traces: Traces, engine: Engine, *, kept: bool = False) -> list[str]:
    """Sweep what the dead left, and with `kept` what was kept too; the rehearsals swept.

    What cannot be removed now is left to the next. Raises EngineUnavailable.
    """
    swept: list[str] = []
    trouble: list[EngineError] = []
    for trace in traces.dead():
        if trace.is_kept and not kept:
            continue
        try:
            trace.sweep(engine)
        except EngineError as error:
            trouble.append(error)
        else:
            swept.append(trace.instance)
    if trouble and kept:
        raise trouble[0]
    return swept
