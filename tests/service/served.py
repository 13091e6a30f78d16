"""A web application served for as long as a test wants it, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


@asynccontextmanager
async def served(app: Any, *, cuts: bool = False, **options: Any) -> AsyncIterator[None]:
    """Served by uvicorn with these options from when it answers.

    At the end whoever is still connected is waited for two seconds, or is left at once (`cuts`).
    """
    given = {"log_level": "warning", "lifespan": "off", "timeout_graceful_shutdown": 2, **options}
    server = uvicorn.Server(uvicorn.Config(app, **given))
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit, server.force_exit = True, cuts
        await task
