"""The web shop on the real engine, beside its rehearsal: its zones, its secrets, and what a stranger changes in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr.scenario import loader
from tests.lab import Lab, opened, own_values

SCENARIO = loader.load(Path(__file__).parents[2] / "scenarios" / "nettbutikken")
INGRID = ("import evening as e; s = e.shop(); ask = s.__enter__(); e.shell_in(ask);"
          " ask('POST', '/admin/betaling', mottaker='Vott og Lue AS', kontonummer='1503.22.11110');"
          " s.__exit__(None, None, None)")  # fmt: skip


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One team's shop, open."""
    with opened(SCENARIO, tmp_path_factory.mktemp("data")) as lab:
        yield lab


def test_the_intranet_is_there_and_tells_how_to_see_the_shop(evening: Lab) -> None:
    gate = evening.blueprint.gate.name
    page = f"printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc {evening.blueprint.address('workstation')} 8000"
    seen = evening.engine.exec(gate, ["sh", "-c", page], timeout_s=20).stdout.decode()
    assert "200 OK" in seen
    assert "-g -L 8080:shop:8080" in seen


def test_what_the_stranger_changes_is_seen_and_mended_from_the_office_pages(evening: Lab) -> None:
    evening.solve("handover")  # which leaves the scripts of play/ on the workstation
    assert evening.fire("someone-else") == ""
    assert "stranger's account" in evening.comes_to("orders-go-through", "down").message
    assert "mons POST /admin/betaling" in evening.run("shop", "cat", "/srv/butikk/logg/tilgang.log")
    mended = evening.run("workstation", "env", "PYTHONPATH=/play", "python3", "-c", INGRID, user="student")
    assert mended == ""
    assert evening.comes_to("orders-go-through", "up").state == "up"


def test_each_zone_is_reached_only_from_the_one_before(evening: Lab) -> None:
    assert "bastion" in evening.run("workstation", "getent", "hosts", "bastion", user="student")
    for service, beyond, port in (("workstation", "shop", 8080), ("workstation", "db", 5432), ("bastion", "db", 5432)):
        address = evening.blueprint.address(beyond)
        knock = f"timeout 2 bash -c '</dev/tcp/{address}/{port}' && echo reached"
        assert evening.run(service, "getent", "hosts", beyond) == ""
        assert "reached" not in evening.run(service, "bash", "-c", knock)
        assert "reached" in evening.run("shop", "bash", "-c", knock)


def test_the_web_shops_user_does_not_get_at_roots_secrets(evening: Lab) -> None:
    own = own_values(SCENARIO)
    look = "cat /root/flag.txt /root/.pgpass; cat /proc/[0-9]*/environ; ls /root; true"
    # A clean environment: what the engine's exec adds is not there for a process that the shop starts.
    seen = evening.run("shop", "env", "-i", "setpriv", "--reuid=butikk", "--clear-groups", "sh", "-c", look)
    assert "Permission denied" in seen
    assert own["owner_password"] not in seen
    assert own["FLAG_PACKING_JOB"] not in seen
