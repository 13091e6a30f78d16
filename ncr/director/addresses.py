"""Addresses: a piece of the pool for each network of an environment, claimed as rows before any engine call."""

import secrets
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.director.means import Means
from ncr.errors import NoRoom
from ncr.exercise.tables import Subnet

ATTEMPTS = 50


def claim(means: Means, environment_id: str, networks: Sequence[str]) -> dict[str, Subnet]:
    """A row for each of `networks`, by name: those it has already, and the first free pieces for the rest.

    Raises NoRoom when the pool is used up.
    """
    for _ in range(ATTEMPTS):
        try:
            with means.lead.writing() as session:
                return _claim(means.settings, session, environment_id, networks)
        except IntegrityError:
            # Another environment took the same piece in this instant; the next look sees it.
            continue
    raise NoRoom("the address pool is too busy; try again")


def give_to_stranger(means: Means, cidr: str) -> None:
    """Somebody else's network has these addresses: mark them, so that nobody tries them again."""
    with means.lead.writing() as session:
        session.execute(delete(Subnet).where(Subnet.cidr == cidr))
        session.add(Subnet(cidr=cidr, bridge=None, environment_id=None, network=None))


def free(session: Session, environment_id: str) -> None:
    """Give back what the environment had."""
    session.execute(delete(Subnet).where(Subnet.environment_id == environment_id))


def pieces(settings: Settings) -> Iterator[IPv4Network]:
    """The pool cut into pieces of the site's size, lowest first."""
    return settings.subnet_pool.subnets(new_prefix=settings.subnet_prefix)


def _claim(settings: Settings, session: Session, environment_id: str, networks: Sequence[str]) -> dict[str, Subnet]:
    mine = session.scalars(select(Subnet).where(Subnet.environment_id == environment_id))
    rows = {row.network: row for row in mine if row.network in networks}
    missing = [network for network in networks if network not in rows]
    taken = set(session.scalars(select(Subnet.cidr))) if missing else set()
    unused = (str(piece) for piece in pieces(settings) if str(piece) not in taken)
    for network in missing:
        cidr = next(unused, None)
        if cidr is None:
            raise NoRoom(f"the address pool {settings.subnet_pool} is used up; tear something down or widen it")
        bridge = f"ncr-{secrets.token_hex(5)}"
        rows[network] = Subnet(cidr=cidr, bridge=bridge, environment_id=environment_id, network=network)
        session.add(rows[network])
    session.flush()
    return {network: rows[network] for network in networks}
