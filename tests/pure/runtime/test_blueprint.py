"""The blueprint: what an environment consists of, from a scenario and a team."""

from dataclasses import replace
from pathlib import Path

import pytest

from ncr.errors import Invalid
from ncr.runtime.blueprint import relay_ports
from ncr.runtime.identity import Identity
from ncr.runtime.objects import GENERATION, INSTANCE, SERVICE, SPEC, TEAM
from ncr.scenario.topology import FileMount, Healthcheck, Membership, Network, VolumeMount
from tests.pure.runtime.scenes import made, scene, service

OFFICE = {"plant": Network("plant", "172.20.0.0/24"), "office": Network("office")}


def test_every_object_says_whose_it_is() -> None:
    plan = made(scene(service("hmi")), Identity("site", "ex", "team-with-a-long-name", 3))
    for labels in [spec.labels for spec in (*plan.networks, *plan.volumes, *plan.everything)]:
        assert labels[INSTANCE] == "site"
        assert labels[TEAM] == "team-with-a-long-name"
        assert labels[GENERATION] == "3"
        assert len(labels[SPEC]) == 32


def test_names_are_safe_and_differ_between_teams() -> None:
    names = {
        spec.name
        for team in ("team-10", "team-1", "Lag Øst", "../..", "exercise-1", "exercise-10")
        for spec in made(scene(service("hmi")), Identity("t", f"ex{team}", team)).everything
    }
    assert len(names) == 12
    assert all(name.replace("-", "").replace(".", "").isalnum() and name.isascii() for name in names)


def test_replicas_share_the_services_name_and_have_one_of_their_own() -> None:
    plan = made(scene(service("web", replicas=2)))
    assert [spec.name[-6:] for spec in plan.of("web")] == ["-web-1", "-web-2"]
    assert [spec.attachments[0].aliases for spec in plan.of("web")] == [("web", "web-1"), ("web", "web-2")]


def test_a_service_named_like_a_replica_is_refused() -> None:
    with pytest.raises(Invalid, match="web and web-1"):
        made(scene(service("web", replicas=2), service("web-1")))


def test_depending_on_replicas_waits_for_all_of_them() -> None:
    plan = made(scene(service("db", replicas=2), service("app", depends_on={"db": "healthy"})))
    assert list(plan.of("app")[0].depends_on) == [spec.name for spec in plan.of("db")]


def test_fixed_addresses_keep_their_host_part() -> None:
    plan = made(scene(service("plc", networks={"plant": Membership(ipv4="172.20.0.23")}), networks=OFFICE))
    assert plan.address("plc") == "10.130.0.87"


def test_fixed_addresses_that_do_not_fit_get_another_and_hosts_follow() -> None:
    plc = service("plc", networks={"plant": Membership(ipv4="172.20.0.200")})
    hmi = service("hmi", extra_hosts={"plc": "172.20.0.200", "other": "203.0.113.9"})
    plan = made(scene(plc, hmi, networks=OFFICE))
    assert plan.of("hmi")[0].extra_hosts == {"plc": plan.address("plc"), "other": "203.0.113.9"}
    assert plan.address("plc").startswith("10.130.0.")


def test_no_address_is_given_twice() -> None:
    services = [service("a", replicas=20), service("b", networks={"plant": Membership(ipv4="172.20.0.3")})]
    plan = made(scene(*services, networks=OFFICE))
    given = [place.ipv4 for spec in plan.everything for place in spec.attachments]
    assert None not in given
    assert len(set(given)) == len(given)


def test_a_full_network_is_refused() -> None:
    with pytest.raises(Invalid, match="no address left"):
        made(scene(service("a", replicas=61)))


def test_bridges_carry_the_prefix_the_guard_knows() -> None:
    plan = made(scene(service("hmi")))
    assert [network.bridge[:-10] for network in plan.networks] == ["ncrc-", "ncr-"]
    online = made(scene(service("hmi"), environment={"internet": True}))
    assert [network.bridge[:-10] for network in online.networks] == ["ncrc-", "ncri-"]
    assert all(len(network.bridge) <= 15 for network in (*plan.networks, *online.networks))


def test_the_gate_is_on_every_network_and_listens_on_the_control_side_only() -> None:
    plan = made(scene(service("hmi"), networks=OFFICE))
    assert [place.network for place in plan.gate.attachments] == [network.name for network in plan.networks]
    assert plan.gate.command == ("-i", plan.gate_address[0], "-p", "1080")
    assert plan.gate.read_only
    assert plan.gate.cap_add == ()


def test_each_web_entry_has_a_relay_of_its_own_in_the_gate() -> None:
    entries = [
        {"id": "shop", "title": "S", "web": "hmi:8080"},
        {"id": "desk", "title": "D", "terminal": "hmi"},
        {"id": "mail", "title": "M", "web": "plc:80"},
    ]
    plan = made(scene(service("hmi"), service("plc"), entries=entries))
    words = ("-i", plan.gate_address[0], "-p", "1080")
    relays = (f"1100={plan.address('hmi')}:8080", f"1101={plan.address('plc')}:80")
    assert plan.gate.command == (*words, *relays)
    assert plan.gate_ports == (1080, 1100, 1101)
    assert relay_ports(scene(service("hmi"), entries=entries).definition.entries) == {"shop": 1100, "mail": 1101}
    assert made(scene(service("hmi"))).gate_ports == (1080,)


def test_texts_are_filled_in_and_flags_delivered() -> None:
    tasks = [
        {"id": name, "title": "T", "text": "T", "flag": {"per_team": True, "deliver": {"service": "hmi", **where}}}
        for name, where in (("root", {"file": "/root/f"}), ("env", {"env": "FLAG"}))
    ]
    hmi = service("hmi", command=("run", "${pump}"), environment={"TEAM": "${NCR_TEAM_NAME}", "COST": "$$5"})
    plan = made(scene(hmi, tasks=tasks), flags={"root": "NCR{1}", "env": "NCR{2}"})
    spec = plan.of("hmi")[0]
    assert spec.command == ("run", "42")
    assert spec.environment == {"TEAM": "Team A", "COST": "$5", "FLAG": "NCR{2}"}
    assert [(file.path, file.content, file.mode) for file in spec.files] == [("/root/f", b"NCR{1}\n", 0o400)]


def test_files_and_directories_of_the_scenario_are_copied(tmp_path: Path) -> None:
    (tmp_path / "conf" / "sub").mkdir(parents=True)
    (tmp_path / "conf" / "a").write_text("a")
    (tmp_path / "conf" / "sub" / "run").write_text("b")
    (tmp_path / "conf" / "sub" / "run").chmod(0o755)
    files = (FileMount("conf", "/etc/conf"), FileMount("conf/a", "/run/secret", 0o400))
    spec = made(scene(service("hmi", files=files), path=tmp_path)).of("hmi")[0]
    assert {(file.path, file.mode) for file in spec.files} == {
        ("/etc/conf/a", 0o644), ("/etc/conf/sub/run", 0o755), ("/run/secret", 0o400),
    }  # fmt: skip


def test_limits_come_from_the_site_unless_the_scenario_says() -> None:
    desk = service("desk", memory_mib=512)
    entries = [{"id": "desk", "terminal": "desk", "title": "Desk"}]
    plan = made(scene(desk, service("hmi"), entries=entries))
    assert (plan.of("desk")[0].limits.memory_mib, plan.of("desk")[0].limits.pids) == (512, 256)
    assert (plan.of("hmi")[0].limits.memory_mib, plan.of("hmi")[0].limits.pids) == (256, 128)


def test_asking_for_more_than_the_site_gives_is_refused() -> None:
    with pytest.raises(Invalid, match="service hmi: asks for 8192 MiB of memory; this site gives at most 4096"):
        made(scene(service("hmi", memory_mib=8192)))


def test_the_scenarios_labels_never_displace_ours() -> None:
    spec = made(scene(service("hmi", labels={"ncr.team": "b", "x": "${pump}"}))).of("hmi")[0]
    assert spec.labels[TEAM] == "a"
    assert spec.labels["x"] == "42"
    assert spec.labels[SERVICE] == "hmi"


@pytest.mark.parametrize(
    "change",
    [{"command": ("other",)}, {"memory_mib": 300}, {"healthcheck": Healthcheck(("CMD", "true"))}, {"read_only": True}],
)
def test_the_spec_hash_changes_with_what_it_was_made_from(change: dict[str, object]) -> None:
    one = made(scene(service("hmi"))).of("hmi")[0].labels[SPEC]
    assert made(scene(service("hmi"))).of("hmi")[0].labels[SPEC] == one
    assert made(scene(service("hmi", **change))).of("hmi")[0].labels[SPEC] != one


def test_a_new_generation_or_another_network_changes_the_spec_hash() -> None:
    one = made(scene(service("hmi")))
    other = made(scene(service("hmi")), replace(one.who, generation=2))
    moved = made(scene(service("hmi")), first=8)
    assert len({plan.of("hmi")[0].labels[SPEC] for plan in (one, other, moved)}) == 3


def test_volumes_belong_to_the_team() -> None:
    spec = made(scene(service("db", volumes=(VolumeMount("store", "/data"),))))
    assert spec.of("db")[0].mounts[0].volume == spec.volumes[0].name
