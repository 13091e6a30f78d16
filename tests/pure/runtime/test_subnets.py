"""Bridge names and moved addresses."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from ncr.runtime.subnets import PREFIX, bridge_name, moved


def test_no_kinds_prefix_is_the_beginning_of_anothers() -> None:
    prefixes = list(PREFIX.values())
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and b.startswith(a)]


@pytest.mark.parametrize("kind", PREFIX)
def test_a_bridge_name_fits_an_interface(kind: str) -> None:
    assert len(bridge_name(kind, "ncr-0123456789")) <= 15  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"), [("10.0.0.5", "10.9.0.69"), ("10.0.0.1", None), ("10.0.0.62", None), ("10.0.0.200", None)]
)
def test_an_address_keeps_its_host_part_where_it_can(old: str, new: str | None) -> None:
    found = moved(IPv4Address(old), IPv4Network("10.0.0.0/24"), IPv4Network("10.9.0.64/26"))
    assert found == (IPv4Address(new) if new else None)
