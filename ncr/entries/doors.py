"""The doors of this room: terminals under `router`, and web entries on hosts of their own.

`Entries` is wired in by the composition root of every process that may exec in environments and relay to them; it has
`start()` and `await stop()` to call on the event loop.
"""

import asyncio

from starlette.types import ASGIApp

from ncr.entries.means import Means
from ncr.entries.terminal_socket import Socket
from ncr.entries.web import WebEntries, WebServer
from ncr.runtime.engine import Engine
from ncr.site import Site


class Entries:
    """Everybody who is in an environment through this process."""

    def __init__(self, site: Site, engine: Engine, instance: str) -> None:
        self._means = Means(site, engine, instance)
        self._terminals = Socket(self._means)
        self._web = WebServer(self._means)
        self.router = self._terminals.router

    def hosts(self, app: ASGIApp) -> ASGIApp:
        """The application, with the hosts of web entries answered before it: no header or limit of ours is theirs."""
        return WebEntries(app, self._means.site, self._web)

    def start(self) -> None:
        """Begin to serve."""
        self._terminals.start()
        self._web.start()

    async def stop(self) -> None:
        """Ask everybody to come back in a moment, end what runs for them, and stop."""
        await asyncio.gather(self._terminals.stop(), self._web.stop())
        self._means.close()
