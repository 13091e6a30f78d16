"""What every answer carries: a strict content policy, no sniffing, no framing; and how large a request may be."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ncr.errors import NcrError

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LARGEST = 256 * 1024


class TooLarge(NcrError):
    """The request is too large."""

    slug = "too-large"
    status = 413


class Headed:
    """ASGI middleware: our headers on every answer, and requests over 256 KiB refused while they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIXED.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        declared = int(length) if length.isdigit() and len(length) < 16 else 0
        await self.app(scope, _bounded(receive, declared), headed)


def _bounded(receive: Receive, declared: int) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        if declared > LARGEST:
            raise TooLarge()
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST:
            raise TooLarge()
        return message

    return bounded
