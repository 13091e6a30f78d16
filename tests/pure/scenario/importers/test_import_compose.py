"""Compose labs: what is carried, mapped, left with a reason, and refused; nothing silently."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from benchmarks.imports import lost_fields
from ncr.scenario.importers.compose import format as compose
from ncr.scenario.topology import Build, FileMount, Port, Scenario, VolumeMount
from tests.pure.scenario.importers.labs import FILES, LAB, brought_in, lab, outcomes, refusals

SERVICE = "services:\n  web:\n    image: nginx\n"


@pytest.fixture
def guestbook(tmp_path: Path) -> Path:
    return lab(tmp_path / "2031-guest-book", FILES)


def of(folder: Path, compose: str, **files: str) -> Path:
    return lab(folder / "lab", {"compose.yml": compose, **files})


def imported(folder: Path, lines: str, **files: str) -> tuple[Scenario, dict[str, str]]:
    """The scenario of one service with more lines, and outcomes by field."""
    scenario, report = brought_in(of(folder, SERVICE + lines, **files), folder / "into")
    return scenario, outcomes(report)


def test_a_lab_comes_in_as_it_was(guestbook: Path, tmp_path: Path) -> None:
    scenario, _ = brought_in(guestbook, tmp_path)
    web, db = scenario.topology.services["web"], scenario.topology.services["db"]
    assert scenario.path.name == "lab-2031-guest-book"
    assert scenario.definition.title.get("en") == "The guest book (CVE-2031-1)"
    assert web.build == Build("images/web", args={})
    assert (web.ports, web.networks.keys()) == ((Port(80), Port(9443)), {"front", "back"})
    assert set(web.files) == {
        FileMount("www", "/var/www/html"),
        FileMount("conf/site.conf", "/etc/site.conf"),
        FileMount("mounts/web/files/banner.txt", "/banner"),
    }
    assert set(web.volumes) == {VolumeMount("web-data", "/data"), VolumeMount("cache", "/cache")}
    assert web.environment == {"A": "1", "DB_PASSWORD": "hunter2", "MODE": "open"}
    assert (web.cap_add, web.depends_on) == (("NET_RAW",), {"db": "healthy"})
    assert (db.image, db.command) == ("mariadb:10.11", ("--character-set-server=utf8",))


def test_it_is_playable_at_once(guestbook: Path, tmp_path: Path) -> None:
    scenario, _ = brought_in(guestbook, tmp_path)
    assert [entry.web for entry in scenario.definition.entries] == ["web:80"]
    assert [(check.service, check.probe.tcp) for check in scenario.definition.checks] == [("web", 80), ("web", 9443)]
    assert scenario.definition.tasks == ()
    assert scenario.notes == ()


def test_the_compose_file_stays_near_the_original(guestbook: Path, tmp_path: Path) -> None:
    scenario, _ = brought_in(guestbook, tmp_path)
    text = (scenario.path / "compose.yml").read_text()
    kept = [line.strip() for line in LAB.splitlines()]
    for line in text.splitlines():
        if line.strip() not in kept:
            assert any(
                word in line for word in ("build", "./", "/data", "${DB_PASSWORD:-hunter2}", "cap_add", "files/")
            ) or (line.strip() in ("x-common: &common {}", "back: {}", "back:", "front: {driver: bridge}", "{}")), line
    assert "image: mariadb:10.11  # the old one" in text
    assert text.startswith("# A guest book with a hole in it.\n")


def test_every_field_has_its_outcome(guestbook: Path, tmp_path: Path) -> None:
    scenario, report = brought_in(guestbook, tmp_path)
    found = outcomes(report)
    assert lost_fields(guestbook, scenario.path / "compose.yml", report) == []
    left = {path for path, outcome in found.items() if outcome == "left"}
    assert left == {
        *("version", "x-common.restart", "x-common.logging", "services.web.restart", "services.web.logging"),
        *("services.web.container_name", "services.web.volumes[3]", "services.web.environment[2]"),
        *("services.web.cap_add[1]", "services.db.mem_reservation", "networks.front.name", "networks.back.external"),
    }
    assert (
        found["services.web.volumes[4]"]
        == found["services.web.ports"]
        == found["services.web.environment[0]"]
        == "mapped"
    )
    assert found["services.web.volumes[5]"] == found["services.db.image"] == "carried"
    assert {warned.trap for warned in report.warnings} == {"env_file", "empty-folder", "volumes", "cap_add", "external"}


def test_what_is_used_is_copied(guestbook: Path, tmp_path: Path) -> None:
    scenario, _ = brought_in(guestbook, tmp_path)
    there = {path.relative_to(scenario.path).as_posix() for path in scenario.path.rglob("*") if path.is_file()}
    own = {"scenario.yml", "compose.yml", "briefing.nb.md", "briefing.en.md"}
    used = {"www/index.php", "conf/site.conf", "mounts/web/files/banner.txt", "web.env"}
    assert there == own | used | {f"images/web/{name}" for name in FILES}
    assert (scenario.path / "web.env").read_text() == "A=1\n# this is no setting\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("    privileged: true\n", "compose.yml:4:5: `privileged` is refused"),
        ("    network_mode: host\n", "compose.yml:4:5: `network_mode: host` is refused"),
        ("    pid: host\n", "compose.yml:4:5: `pid: host` is refused"),
        ("    devices: [/dev/kvm]\n", "compose.yml:4:5: `devices` gives a container"),
        (
            "    volumes:\n      - a:/a\n      - /var/run/docker.sock:/s\nvolumes: {a: }\n",
            "compose.yml:6:9: `/var/run/docker.sock`",
        ),
        ("    volumes_from: [other]\n", "compose.yml:4:5: `volumes_from` is not honoured"),
        ("    build: ./gone\n", "compose.yml:4:5: `./gone` is not there"),
        ("    build: ../up\n", "compose.yml:4:5: `../up` leaves"),
        ("    environment: {A: '${B:?must be}'}\n", "compose.yml:4:19: `${B}` must be set"),
        ("    extends: {service: other, file: other.yml}\n", "compose.yml:4:31: `other.yml` is not there"),
        ("  other: {}\n", "compose.yml:4:3: has neither `image` nor `build`"),
        ("    image: again\n", "compose.yml:4:5: `image` stands twice"),
        ("include: [more.yml]\n", "compose.yml:4:1: `include` is not honoured"),
    ],
)
def test_what_a_lab_cannot_be_without_refuses_it(tmp_path: Path, lines: str, message: str) -> None:
    found = refusals(of(tmp_path, SERVICE + lines))
    assert any(problem.startswith(message) for problem in found), found


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ("    volumes: [/srv/data:/data]\n", "services.web.volumes[0]"),
        ("    volumes: [{type: bind, source: /srv, target: /data}]\n", "services.web.volumes[0]"),
        ("    volumes: [./gone.conf:/etc/gone.conf]\n", "services.web.volumes[0]"),
        ("    security_opt: [seccomp:unconfined]\n", "services.web.security_opt[0]"),
        ("    cpu_shares: 5\n", "services.web.cpu_shares"),
        ("    sysctls: {kernel.shmmax: 1}\n", "services.web.sysctls[\"kernel.shmmax\"]"),
        ("    extra_hosts: ['host.docker.internal:host-gateway']\n", "services.web.extra_hosts[0]"),
        ("    dns: 8.8.8.8\n", "services.web.dns"),
        ("    network_mode: bridge\n", "services.web.network_mode"),
        ("    healthcheck: {interval: 5s}\n", "services.web.healthcheck"),
        ("    healthcheck: {test: [curl, x]}\n", "services.web.healthcheck"),
        ("    mem_limit: 64g\n", "services.web.mem_limit"),
        ("    ports: [{target: 80, mode: x, wrong: y}]\n", "services.web.ports[0]"),
        ("    depends_on: [gone]\n", "services.web.depends_on[0]"),
        ("    imagee: typo\n", "services.web.imagee"),
        ("    deploy: {placement: {}, replicas: 2}\n", "services.web.deploy.placement"),
        ("networks: {n: {driver_opts: {}}}\n", "networks.n.driver_opts"),
        ("volumes: {v: {driver: nfs}}\n", "volumes.v.driver"),
        ("name: mine\n", "name"),
    ],
)  # fmt: skip
def test_what_a_lab_can_be_without_is_left_with_the_reason(tmp_path: Path, lines: str, field: str) -> None:
    _, found = imported(tmp_path, lines)
    assert found[field] == "left", found
    assert found["services.web.image"] == "carried"


def test_a_field_behind_one_that_is_left_keeps_its_own_number(tmp_path: Path) -> None:
    scenario, report = brought_in(
        of(tmp_path, SERVICE + "    volumes: [/etc:/a, v:/b]\nvolumes: {v: }\n"), tmp_path / "into"
    )
    to = {entry.source: entry.to for entry in report.entries}
    assert to["services.web.volumes[1]"] == "compose.yml services.web.volumes[0]"
    assert scenario.topology.services["web"].volumes == (VolumeMount("v", "/b"),)


@pytest.mark.parametrize(
    ("written", "value"),
    [("${A}", "x"), ("$A", "x"), ("${A:-y}", "x"), ("${B:-y}", "y"), ("${B}", ""), ("${A:+z}", "z"), ("${B:+z}", ""),
     ("${A:?}", "x"), ("$${A}", "${A}"), ("${C}", "$1{}"), ("a${B:-b${A}}c", "abxc")],
)  # fmt: skip
def test_variables_read_as_compose_would_have_them(tmp_path: Path, written: str, value: str) -> None:
    files = {".env": "A=x\nC='$1{}'\n"}
    scenario, _ = imported(tmp_path, f"    environment: {{V: '{written}'}}\n", **files)
    environment = scenario.topology.services["web"].environment["V"]
    assert environment.replace("$$", "$") == value


def test_a_place_to_work_is_used_or_added(tmp_path: Path) -> None:
    scenario, _ = imported(
        tmp_path, "    ports: ['22:22']\n  kali:\n    image: kalilinux/kali-rolling\n    tty: true\n"
    )
    assert [(entry.terminal, entry.user) for entry in scenario.definition.entries] == [("kali", "root")]
    alone, _ = imported(tmp_path / "b", "    ports: ['22:22']\n    networks: [a]\nnetworks: {a: }\n")
    assert [(entry.terminal, entry.user) for entry in alone.definition.entries] == [("workstation", "student")]
    assert alone.topology.services["workstation"].networks.keys() == {"a"}


def test_the_author_gets_the_readme_and_unused_files_are_named(tmp_path: Path) -> None:
    scenario, found = imported(tmp_path, "", **{"README.md": "# ${x} $$\n", "poc.py": "x", "checks/a.txt": "y"})
    assert (scenario.path / "README.md").exists()
    assert scenario.definition.title.get("en") == "lab"
    assert not (scenario.path / "checks").exists()
    assert (found["file README.md"], found["file poc.py"], found["file checks/a.txt"]) == ("carried", "left", "left")


def test_services_of_a_profile_stay_and_stay_out(tmp_path: Path) -> None:
    scenario, found = imported(tmp_path, "    expose: [80]\n  debug:\n    image: busybox\n    profiles: [debug]\n")
    assert scenario.topology.services.keys() == {"web"}
    assert found["services.debug.image"] == "carried"


def test_an_override_file_is_not_merged_and_said_so(tmp_path: Path) -> None:
    _, report = brought_in(of(tmp_path, SERVICE, **{"compose.override.yml": SERVICE}), tmp_path / "into")
    assert ("override", "compose.override.yml") in {(one.trap, one.where) for one in report.warnings}


def test_links_in_a_lab_are_not_followed(tmp_path: Path) -> None:
    place = of(tmp_path, SERVICE + "    volumes: [./secret.txt:/s]\n")
    (place / "secret.txt").symlink_to("/etc/hostname")
    scenario, report = brought_in(place, tmp_path / "into")
    assert scenario.topology.services["web"].files == ()
    assert ("not-a-file", "secret.txt") in {(one.trap, one.where) for one in report.warnings}


def test_a_bare_file_of_any_name_is_read(tmp_path: Path) -> None:
    scenario, _ = brought_in(lab(tmp_path, {"stack.yaml": SERVICE}) / "stack.yaml", tmp_path / "into")
    assert scenario.path.name == "stack"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("services: {a: {image: b}\n", "compose.yml:1:11: the braces"),
        ("services: []\n", "compose.yml:1:1: has no services"),
        ("- a\n", "compose.yml:1:1: has no services"),
        ("web:\n  image: a\n", "compose.yml:1:1: has no services"),
        ("", "compose.yml:1:1: is empty"),
        ("a: &a [*a]\n", "compose.yml:1:8: `*a` stands inside"),
        ("services: !x {a: {image: b}}\n", "compose.yml:1:11: has the tag"),
    ],
)
def test_malformed_files_say_where(tmp_path: Path, content: str, message: str) -> None:
    found = refusals(of(tmp_path, content))
    assert [problem for problem in found if problem.startswith(message)], found


def test_what_is_written_can_be_imported_again(guestbook: Path, tmp_path: Path) -> None:
    scenario, _ = brought_in(guestbook, tmp_path)
    again, _ = brought_in(scenario.path, tmp_path / "again")
    assert again.topology == scenario.topology
    assert YAML(typ="safe").load(scenario.path / "scenario.yml")["id"] == "lab-2031-guest-book"
    assert compose.recognises(scenario.path)


def test_an_anchor_set_anew_is_read_as_yaml_reads_it(tmp_path: Path) -> None:
    lines = "    environment: &e {A: one}\n  second:\n    image: nginx\n    environment: &e {A: two}\n    labels: *e\n"
    scenario, _ = imported(tmp_path, lines)
    assert scenario.topology.services["web"].environment == {"A": "one"}
    assert scenario.topology.services["second"].labels == {"A": "two"}
