"""Web origins: the host on which a participant sees one web entry, and the address that takes a ticket; pure."""

from urllib.parse import quote, urlsplit

from ncr.config import Settings

# What is ours on such a host; every other path is the lab's own.
OURS = "/.ncr/"
ENTER = f"{OURS}enter"
# A label of a host name has at most 63 characters: entry--team--exercise.
ENTRY_LENGTH, ID_LENGTH = 35, 12


def label(entry: str, participant: str, exercise: str) -> str:
    """The first label of the entry's host."""
    return f"{entry[:ENTRY_LENGTH]}--{participant[:ID_LENGTH]}--{exercise[:ID_LENGTH]}"


def web_origin(settings: Settings, entry: str, participant: str, exercise: str) -> str:
    """What a browser sends as Origin from the entry's pages: scheme, host and port."""
    at = urlsplit(settings.entries_origin)
    port = f":{at.port}" if at.port else ""
    return f"{at.scheme}://{label(entry, participant, exercise)}.{settings.entry_domain}{port}"


def web_address(settings: Settings, entry: str, participant: str, exercise: str, ticket: str) -> str:
    """Where a browser redeems a ticket for the entry; it arrives at the entry's front page."""
    return f"{web_origin(settings, entry, participant, exercise)}{ENTER}?ticket={quote(ticket, safe='')}"


def is_safe(settings: Settings) -> bool:
    """Whether browsers keep Secure cookies of such hosts: behind TLS, and on localhost."""
    domain = settings.entry_domain
    return urlsplit(settings.entries_origin).scheme == "https" or domain == "localhost" or domain.endswith(".localhost")
