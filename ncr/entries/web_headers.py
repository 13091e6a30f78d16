"""Which headers pass between a browser and a lab, and in what form: everything but what is ours or the hop's; pure."""

from collections.abc import Iterable, Iterator, Sequence

Header = tuple[bytes, bytes]
Headers = Sequence[Header]

HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
# What we say of the visitor, and what others may have said before; and what the server in front answers itself.
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port"})
CLAIMS = FORWARDED | {b"x-forwarded-server", b"forwarded", b"x-real-ip", b"expect"}
# Where else a lab could be reached, which concerns the connection and not the page.
CONNECTION = frozenset({b"alt-svc"})

ENTRY_COOKIES = (b"__Host-ncr-entry", b"ncr-entry")
OUR_COOKIES = frozenset({*ENTRY_COOKIES, b"__Host-ncr", b"ncr", b"ncr-language", b"ncr-theme"})
# More values under one name than a browser has reason to send.
MOST_COOKIES = 16


def entry_cookie(*, safe: bool) -> bytes:
    """The name of our cookie on a lab's host: bound to that host where browsers allow it."""
    return ENTRY_COOKIES[0] if safe else ENTRY_COOKIES[1]


def secrets_of(headers: Iterable[Header], *, safe: bool) -> list[str]:
    """Every value of our cookie. Without the prefix a sibling host can add its own beside, so any may be the one."""
    wanted = entry_cookie(safe=safe)
    pairs = (part.partition(b"=") for name, value in headers if name == b"cookie" for part in value.split(b";"))
    found = (value.strip().decode("latin-1") for name, _, value in pairs if name.strip() == wanted)
    return [value for value in found if value][:MOST_COOKIES]


def to_lab(headers: Headers, client: str, scheme: str, *, upgrades: bool) -> list[Header]:
    """A request's headers as the lab gets them; `upgrades`: it asks for a WebSocket."""
    listed = _listed(headers)
    dropped = HOP | CLAIMS | listed - {b"host", b"cookie", b"content-length"}
    passed = [(name, value) for name, value in headers if name not in dropped and name != b"cookie"]
    cookie = b"; ".join(_without_ours(value for name, value in headers if name == b"cookie"))
    if cookie:
        passed.append((b"cookie", cookie))
    host = next((value for name, value in headers if name == b"host"), b"")
    ours = ((b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", scheme.encode()), (b"x-forwarded-host", host))
    hop = ((b"connection", b"Upgrade"), (b"upgrade", b"websocket")) if upgrades else ()
    return [*passed, *ours, *hop]


def to_browser(headers: Headers, host: str, scheme: str, inside: Sequence[str]) -> list[Header]:
    """A lab's headers as the browser gets them; `inside` are the names by which the lab knows its own service."""
    dropped = HOP | CONNECTION | _listed(headers) - {b"content-length"}
    passed: list[Header] = []
    for name, value in headers:
        if name in dropped:
            continue
        if name == b"set-cookie":
            kept = _own_host_only(value)
            passed += [(name, kept)] if kept else []
        elif name == b"clear-site-data":
            passed += [(name, kept)] if (kept := _own_origin_only(value)) else []
        elif name == b"location":
            passed.append((name, location(value, host, scheme, inside)))
        else:
            passed.append((name, value))
    return passed


def location(value: bytes, host: str, scheme: str, inside: Sequence[str]) -> bytes:
    """Where a redirect leads: to its own service by any name is to this origin, everything else is as it was."""
    for there in (host, *inside):
        for known in (f"http://{there}".encode(), f"https://{there}".encode()):
            rest = value[len(known) :]
            if value[: len(known)].lower() == known.lower() and rest[:1] in (b"", b"/", b"?", b"#"):
                return f"{scheme}://{host}".encode() + rest
    return value


def is_websocket(headers: Headers) -> bool:
    """Whether the request asks for a WebSocket; no other upgrade is passed on."""
    return (b"upgrade", b"websocket") in ((name, value.strip().lower()) for name, value in headers)


def _listed(headers: Headers) -> frozenset[bytes]:
    """The headers that Connection names as the hop's own."""
    values = (value for name, value in headers if name == b"connection")
    return frozenset(token.strip().lower() for value in values for token in value.split(b","))


def _without_ours(cookies: Iterable[bytes]) -> Iterator[bytes]:
    for value in cookies:
        kept = [part.strip() for part in value.split(b";") if part.partition(b"=")[0].strip() not in OUR_COOKIES]
        if any(kept):
            yield b"; ".join(part for part in kept if part)


def _own_host_only(value: bytes) -> bytes | None:
    """A Set-Cookie that reaches no other host and is none of ours; None for one of ours."""
    first, *attributes = value.split(b";")
    # Browsers send a cookie without a name as its bare value, which then reads like any other.
    if first.strip().lstrip(b"=").partition(b"=")[0].strip() in OUR_COOKIES:
        return None
    kept = [each for each in attributes if each.partition(b"=")[0].strip().lower() != b"domain"]
    return b";".join([first, *kept])


def _own_origin_only(value: bytes) -> bytes:
    """A Clear-Site-Data without cookies: those it would clear of every host of the domain."""
    kinds = [kind.strip() for kind in value.split(b",")]
    own = [b'"cache"', b'"storage"', b'"executionContexts"']
    return b", ".join(own if b'"*"' in kinds else [kind for kind in kinds if kind in own])
