"""Hosts of web entries: `<entry>--<team>--<exercise>.<entry domain>`, each an origin of its own; pure."""

SHORT = 12
LONGEST_ENTRY = 35


def host(entry: str, participant: str, exercise: str, domain: str) -> str:
    """The name of a participant's web entry; a label of a name has at most 63 characters, so its parts are cut."""
    return f"{entry[:LONGEST_ENTRY]}--{participant[:SHORT]}--{exercise[:SHORT]}.{domain}"
