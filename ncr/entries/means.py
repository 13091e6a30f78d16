"""What everything in this room works with: the site, the engine, and threads of its own for both."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ncr.runtime.engine import Engine
from ncr.site import Site

T = TypeVar("T")
# An engine that is slow to open holds up neither closing nor the database.
THREADS = {"opening": 8, "ending": 4, "rows": 4}


class Means:
    """The site, the engine under `instance`, and the `process` these are used by, as the rows of its sessions name it.

    Each kind of work has a few threads; what is more waits its turn.
    """

    def __init__(self, site: Site, engine: Engine, instance: str) -> None:
        self.site, self.engine, self.instance = site, engine, instance
        self.process = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._pools = {kind: ThreadPoolExecutor(most, f"entries-{kind}") for kind, most in THREADS.items()}

    async def opening(self, work: Callable[..., T], *args: Any) -> T:
        """The result of a call to the engine that somebody waits for."""
        return await self._run("opening", work, *args)

    async def ending(self, work: Callable[..., T], *args: Any) -> T:
        """The result of a call to the engine that ends something."""
        return await self._run("ending", work, *args)

    async def rows(self, work: Callable[..., T], *args: Any) -> T:
        """The result of work on the database."""
        return await self._run("rows", work, *args)

    def close(self) -> None:
        """Let the threads go; what has begun is waited for."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, kind: str, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pools[kind], work, *args)
