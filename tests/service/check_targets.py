"""What checks are asked of in tests: servers that behave and misbehave, and a gate, all on this machine's loopback."""

import asyncio
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HOST = "127.0.0.1"


def check(probe: Mapping[str, object], **more: object) -> dict[str, object]:
    """A check's definition."""
    return {"id": "c", "service": "web", "probe": probe, "timeout": "1s", **more}


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(handler: Handler, host: str = HOST, port: int = 0) -> AsyncIterator[int]:
    """A server on its port; connections that are still open are cut at the end."""
    open_now: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(handle, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in tuple(open_now):
            writer.transport.abort()


def answering(raw: bytes) -> Handler:
    """Says these bytes to whoever asked, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()

    return handle


def http(body: bytes, status: str = "200 OK", headers: bytes = b"") -> Handler:
    """A proper HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode()
    return answering(head + headers + b"\r\n" + body)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and never answers."""
    await reader.read()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers without ever coming to an end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a byte at a time, so that no single wait is ever long."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def gate() -> AsyncIterator[tuple[str, int]]:
    """The relay that stands in every environment, here on the loopback."""
    port = free_port()
    process = await asyncio.create_subprocess_exec("microsocks", "-i", HOST, "-p", str(port), stderr=DEVNULL)
    try:
        await until_open(port)
        yield HOST, port
    finally:
        process.kill()
        await process.wait()


async def until_open(port: int) -> None:
    """Waits until somebody listens there, at most ten seconds."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
