"""Which requests another site's page may cause in a visitor's browser: other teams' labs are same-site to it; pure."""

import re
from collections.abc import Mapping

_ENTRY = re.compile(r"[a-z][a-z0-9-]{0,34}")
_LOOKS = frozenset({"GET", "HEAD"})


def is_foreign(method: str, headers: Mapping[bytes, bytes], scheme: str, host: str) -> bool:
    """Whether the request was made by a page of another origin, and is more than somebody following a link.

    `host` is the Host header. Pages of the same team's other entries are no strangers. A program sends neither Origin
    nor Sec-Fetch-Site; it has no visitor whose cookie it could misuse.
    """
    origin = headers.get(b"origin")
    if origin is not None:
        return not _is_family(origin.decode("latin-1").lower(), f"{scheme}://", host.lower())
    site = headers.get(b"sec-fetch-site")
    if site is None or site in (b"same-origin", b"none"):
        return False
    follows_link = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return not (follows_link and method in _LOOKS and b"upgrade" not in headers)


def _is_family(origin: str, scheme: str, host: str) -> bool:
    """Whether the origin is this host's own, or that of an entry beside it: the same team in the same exercise."""
    if origin == f"{scheme}{host}":
        return True
    entry, mark, rest = host.partition(".")[0].rpartition("--")[0].rpartition("--")
    beside = f"--{host[len(entry) + len(mark) :]}"
    is_beside = bool(mark and rest) and origin.startswith(scheme) and origin.endswith(beside)
    return is_beside and _ENTRY.fullmatch(origin[len(scheme) : -len(beside)]) is not None
