"""The doors of this room: terminals under `router`, and web entries on hosts of their own.

`Entries` is wired in by the composition root of every process that may exec in environments and relay to them; it has
`start()` and `await stop()` to call on the event loop.
"""

from starlette.types import ASGIApp

from ncr.entries.means import Means
from ncr.entries.socket import Socket
from ncr.runtime.engine import Engine
from ncr.site import Site


class Entries:
    """Everybody who is in an environment through this process."""

    def __init__(self, site: Site, engine: Engine, instance: str) -> None:
        self._means = Means(site, engine, instance)
        self._terminals = Socket(self._means)
        self.router = self._terminals.router

    def hosts(self, app: ASGIApp) -> ASGIApp:
        """The application, with the hosts of web entries answered before it: no header or limit of ours is theirs."""
        # WebEntries(app, self._means) goes here.
        return app

    def start(self) -> None:
        """Begin to serve."""
        self._terminals.start()

    async def stop(self) -> None:
        """Ask everybody to come back in a moment, end what runs for them, and stop."""
        await self._terminals.stop()
        self._means.close()
