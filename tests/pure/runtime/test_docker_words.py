"""The container profile, and what the engine's lists and the host's files say."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ncr.runtime.docker_networks import options
from ncr.runtime.docker_observe import seen_container, seen_network
from ncr.runtime.docker_profile import create_body
from ncr.runtime.host import parse_local, parse_routes, parse_six
from ncr.scenario.topology import FileMount, Healthcheck
from tests.pure.runtime.scenes import made, scene, service

NEVER = ("Binds", "Devices", "PidMode", "UTSMode", "UsernsMode", "PortBindings", "VolumesFrom", "DeviceRequests")


def test_the_profile_is_the_security_pages() -> None:
    spec = made(scene(service("hmi", cap_add=("CHOWN",), sysctls={"net.ipv4.ip_forward": "1"}))).of("hmi")[0]
    host = create_body(spec, "/ncr")["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert host["CapAdd"] == ["CHOWN"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Memory"] == host["MemorySwap"] == 256 * 2**20
    assert (host["NanoCpus"], host["PidsLimit"], host["ShmSize"]) == (500_000_000, 128, 16 * 2**20)
    assert {(limit["Name"], limit["Soft"], limit["Hard"]) for limit in host["Ulimits"]} == {
        ("nofile", 1024, 1024), ("core", 0, 0),
    }  # fmt: skip
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}
    assert host["RestartPolicy"] == {"Name": "no"}
    assert host["Init"] is True
    assert host["DnsOptions"] == ["timeout:1", "attempts:1"]
    assert host["Sysctls"]["net.ipv4.ip_forward"] == "0"
    assert host["Sysctls"]["net.ipv6.conf.all.disable_ipv6"] == "1"
    assert host["CgroupParent"] == "/ncr"
    assert host["Privileged"] is False
    assert host["IpcMode"] == "private"
    assert not set(NEVER) & set(host)


def test_the_gate_has_no_powers_and_cannot_write() -> None:
    host = create_body(made(scene(service("hmi"))).gate, "/ncr")["HostConfig"]
    assert (host["CapAdd"], host["ReadonlyRootfs"], host["Mounts"]) == ([], True, [])


def test_a_team_network_is_closed_to_the_host_and_gates_are_kept_apart() -> None:
    control, team = made(scene(service("hmi"))).networks
    assert options(team, is_isolating=False)["com.docker.network.bridge.inhibit_ipv4"] == "true"
    assert options(team, is_isolating=True)["com.docker.network.bridge.gateway_mode_ipv4"] == "isolated"
    assert options(control, is_isolating=True) == {
        "com.docker.network.bridge.name": control.bridge,
        "com.docker.network.bridge.enable_icc": "false",
    }


def test_a_healthcheck_is_told_in_nanoseconds() -> None:
    check = Healthcheck(("CMD", "true"), 1.5, 2.0, 3.0, 4)
    body = create_body(made(scene(service("hmi", healthcheck=check))).of("hmi")[0], "/ncr")
    assert body["Healthcheck"] == {
        "Test": ["CMD", "true"], "Interval": 1_500_000_000, "Timeout": 2_000_000_000,
        "StartPeriod": 3_000_000_000, "Retries": 4,
    }  # fmt: skip


def test_files_of_a_read_only_service_get_labelled_volumes(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("b")
    hmi = service("hmi", read_only=True, files=(FileMount("b", "/etc/a/b"),))
    spec = made(scene(hmi, path=tmp_path)).of("hmi")[0]
    mounts = create_body(spec, "/ncr")["HostConfig"]["Mounts"]
    assert [(mount["Type"], mount["Target"]) for mount in mounts] == [("volume", "/etc/a")]
    assert mounts[0]["VolumeOptions"]["Labels"] == dict(spec.labels)


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("running", "Up 2 hours", ("running", "none", None)),
        ("running", "Up 3 seconds (health: starting)", ("running", "starting", None)),
        ("running", "Up 3 minutes (healthy)", ("running", "healthy", None)),
        ("running", "Up 3 minutes (unhealthy)", ("running", "unhealthy", None)),
        ("paused", "Up 3 minutes (Paused)", ("paused", "none", None)),
        ("exited", "Exited (137) 5 seconds ago", ("exited", "none", 137)),
        ("removing", "Removal In Progress", ("dead", "none", None)),
        ("created", "Created", ("created", "none", None)),
    ],
)
def test_a_listed_container_is_understood(state: str, status: str, expected: tuple[str, str, int | None]) -> None:
    row = {"Names": ["/c"], "State": state, "Status": status, "Labels": None, "Created": 5, "NetworkSettings": None}
    seen = seen_container(row)
    assert (seen.state, seen.health, seen.exit_code) == expected
    assert (seen.name, seen.created_at) == ("c", 5.0)


def test_a_listed_network_is_understood() -> None:
    ipam = {"Config": [{"Subnet": "10.0.0.0/26"}]}
    seen = seen_network({"Name": "n", "Labels": {"a": "b"}, "IPAM": ipam, "Created": "2026-01-02T03:04:05.123456789Z"})
    assert (seen.subnet, seen.labels) == ("10.0.0.0/26", {"a": "b"})
    assert seen.created_at == pytest.approx(1767323045.123456)


ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0
docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0
"""
TRIE = """Main:
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
"""
SIX = """00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
"""


def test_the_hosts_routes_and_addresses_are_read() -> None:
    assert list(parse_routes(ROUTES)) == [(IPv4Network("172.17.0.0/16"), "docker0")]
    assert list(parse_local(TRIE * 2)) == [IPv4Address("192.0.2.2")]
    assert list(parse_six(SIX)) == ["fe80:0000:0000:0000:00fc:00ff:fe00:0001%eth0"]
