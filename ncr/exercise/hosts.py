"""Hosts of web entries: `<entry>--<team>--<exercise>.<entry domain>`, each an origin of its own; pure."""

from urllib.parse import quote, urlsplit

SHORT = 12
LONGEST_ENTRY = 35
# What is ours on such a host; every other path is the lab's own.
OURS = "/.ncr/"
ENTER = f"{OURS}enter"


def label(entry: str, participant: str, exercise: str) -> str:
    """The first label of an entry's host; it has at most 63 characters, so its parts are cut."""
    return f"{entry[:LONGEST_ENTRY]}--{participant[:SHORT]}--{exercise[:SHORT]}"


def host(entry: str, participant: str, exercise: str, domain: str) -> str:
    """The name of a participant's web entry."""
    return f"{label(entry, participant, exercise)}.{domain}"


def web_address(door: str, domain: str, entry: str, participant: str, exercise: str, ticket: str) -> str:
    """Where a browser redeems a ticket for the entry; `door` is where it reaches the entries (scheme, host, port)."""
    at = urlsplit(door)
    port = f":{at.port}" if at.port else ""
    return f"{at.scheme}://{host(entry, participant, exercise, domain)}{port}{ENTER}?ticket={quote(ticket, safe='')}"


def is_safe(scheme: str, domain: str) -> bool:
    """Whether browsers keep Secure cookies of hosts below the domain: behind TLS, and on localhost."""
    return scheme == "https" or domain == "localhost" or domain.endswith(".localhost")
