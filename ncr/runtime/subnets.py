"""What a bridge is called so that the guard knows its kind, and where a fixed address moves to; pure."""

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

Kind = Literal["team", "control", "internet"]
PREFIX: dict[Kind, str] = {"team": "ncr-", "control": "ncrc-", "internet": "ncri-"}
UNIQUE = 10


def bridge_name(kind: Kind, given: str) -> str:
    """The kind's prefix and the last 10 characters of the name given: at most the 15 that an interface may have.

    The guard's rules know networks by the prefix alone, so it is never left to whoever numbers them.
    """
    return PREFIX[kind] + given[-UNIQUE:]


def moved(address: IPv4Address, old: IPv4Network, new: IPv4Network) -> IPv4Address | None:
    """The address with the same host part in another subnet; None where the engine or the probe has it, or outside."""
    at = int(address) - int(old.network_address)
    return new[at] if 1 < at < new.num_addresses - 2 else None
