"""What every answer carries: a strict content policy, no sniffing, no framing; and how large a request may be."""

from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ncr.scenario.archive import LARGEST_ARCHIVE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LARGEST = 256 * 1024
# Where scenarios are uploaded, by a program and by a form that has little beside the archive.
UPLOADS = {("POST", "/api/v1/scenarios"): LARGEST_ARCHIVE, ("POST", "/scenarios"): LARGEST_ARCHIVE + 64 * 1024}


class Headed:
    """ASGI middleware: our headers on every answer, and requests over 256 KiB, or larger where scenarios are
    uploaded, refused while they are read.

    An error that nobody expected is answered by `unexpected` here, inside, so that this answer has the headers too.
    Our pages connect to where they come from, and to the origins in `beside`.
    """

    def __init__(
        self, app: ASGIApp, unexpected: Callable[[Request, Exception], Response], beside: Sequence[str] = ()
    ) -> None:
        self.app = app
        self._unexpected = unexpected
        fixed = {"Content-Security-Policy": POLICY.format(" ".join(["'self'", *beside])), **FIXED}
        # As they go out: merged once here, and not at every answer.
        self._everywhere = [(name.lower().encode(), value.encode()) for name, value in fixed.items()]
        self._api = [*self._everywhere, (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        has_begun = False

        async def headed(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                given = {name for name, _ in message["headers"]}
                own = self._api if scope["path"].startswith("/api/") else self._everywhere
                message["headers"] = [*message["headers"], *(pair for pair in own if pair[0] not in given)]
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        declared = int(length) if length.isdigit() and len(length) < 16 else 0
        try:
            most = UPLOADS.get((scope["method"], scope["path"]), LARGEST)
            await self.app(scope, _bounded(receive, declared, most), headed)
        except Exception as error:
            if has_begun:
                raise
            await self._unexpected(Request(scope), error)(scope, receive, headed)


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"This request has at most {most // 1024} KiB.")


def _bounded(receive: Receive, declared: int, most: int) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        if declared > most:
            raise _too_large(most)
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _too_large(most)
        return message

    return bounded
