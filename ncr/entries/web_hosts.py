"""Whose a request is by the host it names: NCR's own, a lab's, or nobody's; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from ncr.config import Settings

_NAME = re.compile(r"([a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,20})\.?(?::[0-9]{1,5})?")
_SIX = re.compile(r"\[[0-9a-f:.]{2,45}\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Whose:
    """`label` is what stands before the entry domain of a lab's host; it may be anything."""

    kind: Literal["ours", "lab", "nobody"]
    label: str = ""


OURS, NOBODY = Whose("ours"), Whose("nobody")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The domain below which labs are seen, and the names that are NCR's own all the same."""

    domain: str
    own: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Hosts":
        """As the settings say."""
        known = (settings.public_url, settings.entries_url)
        return cls(settings.entry_domain, frozenset(name for url in known if (name := urlsplit(url).hostname)))

    def whose(self, given: Sequence[bytes], http_version: str) -> Whose:
        """Of a request with these Host headers. Only what can be read beyond doubt is anybody's."""
        if not given:
            # A request of the old kind names no host, and so no lab's.
            return NOBODY if http_version == "1.1" else OURS
        return _whose(given[0], self.domain, self.own) if len(given) == 1 else NOBODY


@lru_cache(4096)
def _whose(given: bytes, domain: str, own: frozenset[str]) -> Whose:
    text = given.decode("latin-1").lower()
    if _SIX.fullmatch(text):
        return OURS
    match = _NAME.fullmatch(text)
    if match is None:
        return NOBODY
    name = match[1]
    if name in own:
        return OURS
    if name == domain:
        # What a lab may set for the whole domain must never be seen by us, save on localhost, where it can set nothing.
        return OURS if domain == "localhost" else Whose("lab")
    if name.endswith(f".{domain}"):
        return Whose("lab", name.removesuffix(f".{domain}"))
    return OURS
