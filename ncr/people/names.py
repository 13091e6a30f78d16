"""Names people type: normalised, and free of characters that hide or reorder what is read."""

import re
import unicodedata

from ncr.errors import Invalid, Problem

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def name(text: str, where: str = "name", longest: int = 120) -> str:
    """The name in normal form C, without control, bidi and other unseen characters; Invalid when nothing is left."""
    normal = unicodedata.normalize("NFC", text)
    clean = " ".join("".join(c for c in normal if unicodedata.category(c) not in _HIDDEN).split())
    if not 1 <= len(clean) <= longest:
        raise Invalid(problems=[Problem(where, f"must be 1 to {longest} visible characters")])
    return clean


def login(text: str, where: str = "login") -> str:
    """A user name: lower case letters, digits and . _ @ -"""
    lowered = text.strip().lower()
    if not _LOGIN.fullmatch(lowered):
        raise Invalid(problems=[Problem(where, "must be a letter a-z or digit, then also . _ @ -, at most 63 in all")])
    return lowered


def slug(text: str, where: str = "id") -> str:
    """An id that people choose: lower case letters, digits and -"""
    if not _ID.fullmatch(text):
        raise Invalid(problems=[Problem(where, "must be a letter a-z, then letters, digits and -, at most 63 in all")])
    return text
