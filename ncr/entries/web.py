"""Web entries: what a lab's web service shows on a host of its own, to whom a ticket let in; everything else is NCR's.

`WebEntries(app, site, server)` is the outermost ASGI layer: what names a lab's host never gets past it, and nothing
else is touched by it. Without a `server` (a process that reaches no engine) there are no labs here.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from ncr.entries import web_pages
from ncr.entries.front import EXTENSION, Front
from ncr.entries.means import Means
from ncr.entries.web_book import Book
from ncr.entries.web_crossing import is_foreign
from ncr.entries.web_flow import Flow
from ncr.entries.web_guests import Guest
from ncr.entries.web_headers import entry_cookie, secrets_of
from ncr.entries.web_hosts import Hosts
from ncr.entries.web_pool import Pool
from ncr.entries.web_relay import Asked, relay
from ncr.entries.web_wire import WireError
from ncr.entries.web_words import PAGES
from ncr.errors import NcrError, NotOpen
from ncr.exercise.hosts import ENTER, OURS, is_safe
from ncr.exercise.openness import CLOSED
from ncr.site import Site

log = structlog.get_logger()
WHY: Mapping[str, str] = {text: why for why, text in CLOSED.items()}
DENIED = 1008


class WebServer:
    """The labs that are seen through this process; `start()` and `await stop()` on the event loop."""

    def __init__(self, means: Means) -> None:
        self.book = Book(means)
        self.pool = Pool(means)

    def start(self) -> None:
        """Begin to serve."""
        self.book.start(self.pool.tidy)

    async def stop(self) -> None:
        """End what is under way."""
        await self.book.stop()
        await self.pool.close()


class WebEntries:
    """The layer."""

    def __init__(self, app: ASGIApp, site: Site, server: WebServer | None) -> None:
        self._app, self._site, self._server = app, site, server
        self._hosts = Hosts.of(site.settings)
        self._is_tls = urlsplit(site.settings.entries_origin).scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"host"]
        whose = self._hosts.whose(given, scope.get("http_version", "1.1"))
        if whose.kind == "ours":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Labs' WebSockets come as requests; this one named nobody's host, or came by another server than ours.
            await send({"type": "websocket.close", "code": DENIED})
        elif whose.kind == "nobody" or self._server is None:
            await self._say("bad-request" if whose.kind == "nobody" else "not-here", scope, send)
        else:
            await self._lab(self._server, whose.label, scope, receive, send)

    async def _lab(self, server: WebServer, label: str, scope: Scope, receive: Receive, send: Send) -> None:
        front, target = (scope.get("extensions") or {}).get(EXTENSION, (None, b""))
        if front is None or not target.startswith(b"/"):
            # A request line may name a host as well, and then two are named.
            await self._say("bad-request", scope, send)
        elif target.startswith(OURS.encode()):
            await self._ours(label, target, scope, send)
        else:
            await self._visit(server, label, self._asked(front, target, scope), scope, receive, send)

    async def _visit(
        self, server: WebServer, label: str, asked: Asked, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = dict(scope["headers"])
        try:
            guest = await self._guest(server, label, scope)
        except Exception:
            log.exception("entries.web.rows")
            await self._say("restart", scope, send)
            return
        why = "no-session" if guest is None else guest.why
        if guest is not None and is_foreign(asked.method, headers, asked.scheme, asked.host):
            why = "foreign"
        if guest is None or why is not None:
            await self._say(why or "no-session", scope, send)
            return
        if asked.front.is_gone:
            # While the rows were asked; nobody would miss it any more.
            return
        flow = Flow(asked.front)
        asked.front.on_lost = flow.gone
        try:
            with server.book.serving(guest, flow) as refusal:
                if refusal is None:
                    await relay(server.pool, guest, asked, flow, receive, send)
                else:
                    await self._say(refusal, scope, send)
        except WireError as error:
            await self._say(flow.why or error.key, scope, send)
        finally:
            # The next request on the connection may have begun.
            if asked.front.on_lost == flow.gone:
                asked.front.on_lost = None

    async def _guest(self, server: WebServer, label: str, scope: Scope) -> Guest | None:
        """Whose session the browser shows, if it is one of this host: an open one rather than one that has ended."""
        found = None
        for secret in secrets_of(scope["headers"], safe=self._is_safe(scope)):
            guest = await server.book.guest(secret)
            if guest is not None and guest.label == label:
                found = guest
                if guest.why is None:
                    break
        return found

    async def _ours(self, label: str, target: bytes, scope: Scope, send: Send) -> None:
        """A path of ours on a lab's host: where a ticket becomes a session."""
        path, _, query = target.decode("latin-1").partition("?")
        if path != ENTER or scope["method"] != "GET" or self._server is None:
            await self._say("no-page", scope, send)
            return
        headers = dict(scope["headers"])
        is_visit = headers.get(b"sec-fetch-dest", b"document") == b"document"
        try:
            if not is_visit:
                raise NcrError
            ticket = parse_qs(query, max_num_fields=4).get("ticket", [""])[0]
            secret = await self._server.book.enter(ticket, label)
        except NotOpen as closed:
            await self._say(WHY.get(closed.detail, "not-started"), scope, send)
        except (NcrError, ValueError):
            await self._say("bad-ticket", scope, send)
        else:
            await send({"type": "http.response.start", "status": 303, "headers": self._welcome(scope, secret)})
            await send({"type": "http.response.body", "body": b""})

    def _welcome(self, scope: Scope, secret: str) -> list[tuple[bytes, bytes]]:
        safe = self._is_safe(scope)
        cookie = b"%s=%s; Path=/; HttpOnly; SameSite=Lax" % (entry_cookie(safe=safe), secret.encode())
        return [
            (b"location", b"/"),
            (b"set-cookie", cookie + (b"; Secure" if safe else b"")),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-length", b"0"),
        ]

    def _asked(self, front: Front, target: bytes, scope: Scope) -> Asked:
        host = next(value for name, value in scope["headers"] if name == b"host").decode("latin-1")
        client = scope["client"][0] if scope.get("client") else ""
        return Asked(front, scope["method"], target, scope["headers"], host, self._scheme(scope), client)

    def _scheme(self, scope: Scope) -> str:
        return "https" if self._is_tls or scope.get("scheme") in ("https", "wss") else "http"

    def _is_safe(self, scope: Scope) -> bool:
        return is_safe(self._scheme(scope), self._hosts.domain)

    async def _say(self, key: str, scope: Scope, send: Send) -> None:
        """One of our own pages."""
        headers: dict[bytes, Any] = dict(scope["headers"])
        settings = self._site.settings
        known = key if key in PAGES else "no-session"
        language = headers.get(b"accept-language", b"")
        status, told, body = web_pages.page(known, language, settings.language, settings.origin)
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})
