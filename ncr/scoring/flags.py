"""Per-team flags: derived, never stored, so that any copy of the service can verify one; pure."""

import hmac
from base64 import b32encode
from collections.abc import Iterable

LENGTH = 26


def flag(secret: str, exercise: str, task: str, participant: str) -> str:
    """`NCR{…}`: this participant's own flag of a task, from the exercise's secret (130 bits of HMAC-SHA-256)."""
    content = "\x00".join(("flag", exercise, task, participant)).encode()
    digest = hmac.digest(secret.encode(), content, "sha256")
    return "NCR{" + b32encode(digest).decode().lower()[:LENGTH] + "}"


def same(given: str, wanted: str) -> bool:
    """Whether the answer is the flag, in a time that does not tell how much of it was right."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def owner(given: str, secret: str, exercise: str, task: str, participants: Iterable[str]) -> str | None:
    """The participant whose own flag this is, looking at all of them however early one matches."""
    found = None
    for participant in participants:
        if same(given, flag(secret, exercise, task, participant)):
            found = participant
    return found


def digest(given: str, secret: str, exercise: str, task: str) -> str:
    """A keyed print of an answer for the ledger: shows which answers are equal, and nothing of their text."""
    content = "\x00".join(("answer", exercise, task, given)).encode()
    return hmac.digest(secret.encode(), content, "sha256").hex()[:32]
