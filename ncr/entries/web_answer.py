"""A lab's answer as it comes: read by a strict parser, bounded, and one answer only; pure."""

from dataclasses import dataclass

import httptools

from ncr.entries.web_headers import Header, Headers, is_websocket

LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 200
MOST_INTERIM = 16
WITHOUT_BODY = frozenset({204, 304})


class Garbled(Exception):
    """What came is no answer that can be passed on."""


@dataclass(frozen=True, slots=True)
class Head:
    """The status and headers of an answer, names in lower case."""

    status: int
    headers: list[Header]


class Answer:
    """The answer to a request with `method`: `feed` it what comes, and `end` it when the connection does.

    `head` is there as soon as it is known. Status 101, only where the request `upgrades`, means: what follows is no
    HTTP, and `rest` is what came of it already. `is_clean`: it ended where both sides say so, and nothing came after.
    """

    def __init__(self, method: str, *, upgrades: bool = False) -> None:
        self.head: Head | None = None
        self.rest = b""
        self.held = 0
        self.is_done = False
        self.is_untouched = True
        self._method, self._upgrades = method, upgrades
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[Header] = []
        self._chunks: list[bytes] = []
        self._size = self._fed = self._interims = 0
        self._is_interim = False
        self._has_more = False
        self._stays = False
        self._has_body = True
        self._ends_with_the_connection = False
        # Of a body of known length, once its head has been read.
        self._left: int | None = None

    @property
    def is_clean(self) -> bool:
        """Whether another exchange may follow on the same connection."""
        return self.is_done and self._stays and not self._has_more

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises Garbled for what is not HTTP, can be read in two ways, or is too large."""
        self.is_untouched = False
        if self._left is not None and not self.is_done:
            self._count(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as end:
            self.rest = data[end.args[0] :]
        except httptools.HttpParserError as error:
            self._has_more = True
            if not self.is_done:
                raise Garbled(str(error)) from error
        if self.head is None:
            self._fed += len(data)
            if self._fed > LARGEST_HEAD:
                raise Garbled("no end of the head")

    def _count(self, data: bytes) -> None:
        """More of a body of known length: nothing in it is to be read, so it is not copied either."""
        assert self._left is not None  # noqa: S101 - for the type checker
        part = data if len(data) <= self._left else data[: self._left]
        self._has_more = len(part) < len(data)
        self._left -= len(part)
        self._chunks.append(part)
        self.held += len(part)
        self.is_done = self._left == 0

    def end(self) -> None:
        """Nothing more comes."""
        self.is_done = self.is_done or self._ends_with_the_connection

    def take(self) -> bytes:
        """What has come of the body and was not taken yet."""
        found = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.held = 0
        return found

    # What the parser says.

    def on_message_begin(self) -> None:
        self._has_more = self.is_done
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._size += len(name) + len(value)
        if self._size > LARGEST_HEAD or len(self._headers) >= MOST_HEADERS:
            raise Garbled("too many or too large headers")
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.head is not None:
            raise Garbled("a second answer")
        status = self._parser.get_status_code()
        self._is_interim = 100 <= status < 200 and status != 101
        if self._is_interim:
            self._interims += 1
            if self._interims > MOST_INTERIM:
                raise Garbled("no end of interim answers")
        else:
            self._begin_body(status)
            self.head = Head(status, self._headers)

    def on_body(self, body: bytes) -> None:
        if self._has_body:
            self._chunks.append(body)
            self.held += len(body)
            if self._left is not None:
                self._left -= len(body)
        else:
            self._has_more = True

    def on_message_complete(self) -> None:
        if not self._is_interim:
            self.is_done = True

    def _begin_body(self, status: int) -> None:
        if self._parser.get_http_version() not in ("1.0", "1.1"):
            raise Garbled("a version nobody asked for")
        switches = status == 101 and self._upgrades and is_websocket(self._headers)
        if not (switches or 200 <= status <= 599):
            raise Garbled("a status nobody asked for")
        chunked, length = _framing(self._headers)
        self._has_body = self._method != "HEAD" and status not in WITHOUT_BODY
        self._left = length if self._has_body else None
        self._ends_with_the_connection = self._has_body and not chunked and length is None
        self._stays = self._parser.should_keep_alive() and not self._ends_with_the_connection
        self.is_done = not self._has_body or status == 101


def _framing(headers: Headers) -> tuple[bool, int | None]:
    """Whether the body is chunked, else its length where told. Raises Garbled when it can be read in two ways."""
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    lengths = [value.strip() for name, value in headers if name == b"content-length"]
    if codings not in ([], [b"chunked"]) or len(lengths) + len(codings) > 1:
        raise Garbled("the length can be read in two ways")
    if lengths and not (lengths[0].isdigit() and len(lengths[0]) < 16):
        raise Garbled("no length")
    return bool(codings), int(lengths[0]) if lengths else None
