"""Shells: one is started in an entry's service as the entry's user, looked at when it is gone, and ended.

Everything here blocks on the engine and runs in the threads for that.
"""

import time
from dataclasses import dataclass

from ncr.entries.ways import Way, container
from ncr.errors import EngineError, EngineUnavailable
from ncr.runtime.engine import Attached, Engine
from ncr.runtime.objects import Labels

# A service may have set HOME for itself, and its working directory is seldom what somebody at a terminal expects.
LOGIN = """
case "$1" in ""|*[!a-z0-9_-]*) ;; *)
  eval "home=~$1"; if [ -d "$home" ]; then HOME=$home; export HOME; fi;; esac
[ "$PWD" != / ] || cd 2>/dev/null
if [ -x /bin/bash ]; then exec /bin/bash -l; fi
exec /bin/sh -l
"""
LOOKS, LOOK_S, KILLED = 5, 0.2, 137
ENVIRONMENT = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a shell ended: a reason that its reader is told, and its exit code where there is one."""

    reason: str
    exit_code: int | None = None


def start(engine: Engine, instance: str, way: Way, mark: str, size: tuple[int, int]) -> tuple[str, Attached]:
    """A login shell in a terminal of this size, and the container it runs in. Raises EngineError."""
    name = container(engine, instance, way, service=way.entry.terminal).name
    user = way.entry.user
    command = ("/bin/sh", "-c", LOGIN, "sh", user)
    environment = {**ENVIRONMENT, "USER": user, "LOGNAME": user}
    return name, engine.attach(name, command, mark=mark, user=user, environment=environment, size=size)


def ending(engine: Engine, instance: str, way: Way, name: str, attached: Attached) -> Ending:
    """How the shell that has just ended by itself did so."""
    for _ in range(LOOKS):
        try:
            code = attached.exit_code()
            if container(engine, instance, way, service=way.entry.terminal).name != name:
                return Ending("container")
        except EngineUnavailable:
            return Ending("engine")
        except EngineError:
            return Ending("container")
        if code is not None and code != KILLED:
            return Ending("exit", code)
        # It may have been killed because its container is about to stop.
        time.sleep(LOOK_S)
    return Ending("engine") if code is None else Ending("exit", code)


def end(attached: Attached) -> bool:
    """End the shell and all that it started; whether nothing of it is left."""
    try:
        return attached.end()
    except EngineError:
        return False


def end_left(engine: Engine, labels: Labels, mark: str, user: str) -> bool:
    """End what a lost shell with this mark left in containers with these labels; whether nothing of it is left."""
    try:
        # All of them, also where one could not be cleared.
        return all([engine.end_marked(name, mark, user=user) for name in engine.observe(labels).containers])
    except EngineError:
        return False
