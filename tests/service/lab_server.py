"""A lab's web service in tests: a proper one that shows what reached it, on an address of the loopback of its own."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send
from websockets.asyncio.server import ServerConnection, serve

from tests.service.served import served

PIECE = b"x" * 65536


class Lab:
    """What came, and what is answered; `/…` paths as `answer` says."""

    def __init__(self) -> None:
        self.requests: list[Scope] = []
        self.gone = asyncio.Event()
        self.most_ahead = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(scope)
        work = getattr(self, f"_{scope['path'].strip('/') or 'show'}", self._show)
        await work(scope, receive, send)

    @property
    def headers(self) -> dict[str, str]:
        """Of the latest request; those that came several times are joined."""
        found: dict[str, str] = {}
        for name, value in self.requests[-1]["headers"]:
            text = value.decode("latin-1")
            found[name.decode()] = f"{found[name.decode()]}, {text}" if name.decode() in found else text
        return found

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        }
        await _say(send, json.dumps(shown).encode(), ("content-type", "application/json"))

    async def _digest(self, scope: Scope, receive: Receive, send: Send) -> None:
        digest, size = hashlib.sha256(), 0
        while True:
            message = await receive()
            digest.update(message.get("body", b""))
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await _say(send, f"{size} {digest.hexdigest()}".encode())

    async def _large(self, scope: Scope, receive: Receive, send: Send) -> None:
        count = int(scope["query_string"] or b"16")
        length = str(count * len(PIECE))
        await send({"type": "http.response.start", "status": 200, "headers": _headers(("content-length", length))})
        for number in range(count):
            await send({"type": "http.response.body", "body": PIECE, "more_body": number < count - 1})
            self.most_ahead = number

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(_start(("content-type", "text/event-stream")))
        watching = asyncio.create_task(self._watch(receive))
        try:
            for number in range(1000):
                await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
                await asyncio.sleep(0.05)
                if self.gone.is_set():
                    return
        finally:
            watching.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()

    async def _cookies(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = (
            "plain=1; Path=/",
            "wide=2; Domain=localhost; Path=/",
            "__Host-ncr-entry=evil; Path=/; Secure",
            "ncr-entry=evil",
            "ncr=evil; domain=localhost",
            "=__Host-ncr=evil",
        )
        await _say(send, b"", *(("set-cookie", each) for each in given), ("clear-site-data", '"*"'))

    async def _away(self, scope: Scope, receive: Receive, send: Send) -> None:
        where = scope["query_string"].decode()
        await send({"type": "http.response.start", "status": 302, "headers": _headers(("location", where))})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": int(scope["query_string"]), "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _early(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _say(send, b"enough", ("connection", "close"), status=413)


async def _say(send: Send, body: bytes, *headers: tuple[str, str], status: int = 200) -> None:
    told = _headers(("content-length", str(len(body))), *headers)
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def _start(*headers: tuple[str, str]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": _headers(*headers)}


def _headers(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]


@asynccontextmanager
async def lab(host: str, port: int) -> AsyncIterator[Lab]:
    """The proper one."""
    app = Lab()
    async with served(
        app, host=host, port=port, log_level="critical", ws="none", cuts=True, timeout_graceful_shutdown=None
    ):
        yield app


@asynccontextmanager
async def echo(host: str, port: int) -> AsyncIterator[list[ServerConnection]]:
    """A WebSocket service that says everything back; `close CODE` makes it close."""
    seen: list[ServerConnection] = []

    async def talk(connection: ServerConnection) -> None:
        seen.append(connection)
        async for message in connection:
            if isinstance(message, str) and message.startswith("close "):
                await connection.close(int(message.split()[1]), "as asked")
            else:
                await connection.send(message)

    async with serve(talk, host, port, subprotocols=["lab.v1"], max_size=None) as server:  # type: ignore[list-item]
        yield seen
        server.close()
