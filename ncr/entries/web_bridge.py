"""A bridge to an engine reached over TLS: event loops take plain sockets only, so a thread pours between the two."""

import socket
import ssl
from contextlib import suppress
from select import select
from threading import Thread

PIECE = 65536


def plain(stream: socket.socket) -> socket.socket:
    """The socket itself, or one that is connected with it by a thread until either ends."""
    if not isinstance(stream, ssl.SSLSocket):
        return stream
    ours, theirs = socket.socketpair()
    Thread(target=_pour, args=(stream, theirs), name="entries-bridge", daemon=True).start()
    return ours


def _pour(tls: ssl.SSLSocket, plain: socket.socket) -> None:
    with plain, suppress(OSError, ValueError):
        # One thread for both directions: a TLS connection is not for two at once.
        tls.setblocking(False)
        to_tls, to_plain, has_more = b"", b"", True
        plain.setblocking(False)
        while True:
            readable = [tls, *([plain] if has_more and not to_tls else [])] if not to_plain else []
            writable = [*([tls] if to_tls else []), *([plain] if to_plain else [])]
            if to_plain or not tls.pending():
                select(readable, writable, [])
            if has_more and not to_tls:
                chunk = _read(plain)
                if chunk == b"":
                    has_more = False
                    # Past TLS, whose own end Python takes for the end of both directions. The engine knows it as well.
                    socket.socket.shutdown(tls, socket.SHUT_WR)
                to_tls = chunk or b""
            if not to_plain:
                chunk = _read(tls)
                if chunk == b"":
                    return
                to_plain = chunk or b""
            to_tls, to_plain = to_tls[_write(tls, to_tls) :], to_plain[_write(plain, to_plain) :]


def _read(end: socket.socket) -> bytes | None:
    """What has come; nothing at the end, None when nothing is there now."""
    try:
        return end.recv(PIECE)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


def _write(end: socket.socket, data: bytes) -> int:
    """How much of it went out."""
    if not data:
        return 0
    try:
        return end.send(data)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0
