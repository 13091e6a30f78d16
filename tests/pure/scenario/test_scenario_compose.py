"""Compose files: every honoured key in every form, and every refusal by name and line."""

from pathlib import Path

import pytest

from ncr.scenario.loader import load
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Build, FileMount, Healthcheck, Membership, Network, Port, VolumeMount
from tests.pure.scenario.directories import COMPOSE, FILES, problems, refusals, service, with_compose, write

HONOURED = [
    ("env_file: [{path: no.env, required: false}]", "environment", {}),
    ("depends_on: {nobody: {condition: service_started, required: false}}", "depends_on", {}),
    ("sysctls: {net.ipv4.ip_forward: '1', net.ipv4.tcp_syncookies: '0'}", "sysctls",
     {"net.ipv4.tcp_syncookies": "0"}),
    ("command: [a, 'b c']", "command", ("a", "b c")),
    ("command: a 'b c'", "command", ("a", "b c")),
    ("entrypoint: /start now", "entrypoint", ("/start", "now")),
    ("environment: {A: 1.10, B: 'x', C: true}", "environment", {"A": "1.10", "B": "x", "C": "true"}),
    ("environment: [A=1, B=x=y, 'C=${secret}']", "environment", {"A": "1", "B": "x=y", "C": "${secret}"}),
    ("environment: {A: $secret, B: '$$HOME', C: '${NOPE:-d}'}", "environment",
     {"A": "${secret}", "B": "$$HOME", "C": "d"}),
    ("environment: {A: '${FLAG_ROOT}', B: '${NCR_TEAM}'}", "environment", {"A": "${FLAG_ROOT}", "B": "${NCR_TEAM}"}),
    ("working_dir: /srv", "working_dir", "/srv"),
    ("user: '1000:1000'", "user", "1000:1000"),
    ("user: 1000", "user", "1000"),
    ("hostname: web-1", "hostname", "web-1"),
    ("expose: ['80', 443, 53/udp]", "ports", (Port(80), Port(443), Port(53, "udp"))),
    ("ports: ['8080:80', '127.0.0.1:53:53/udp', '90-91:70-71']", "ports",
     (Port(80), Port(53, "udp"), Port(70), Port(71))),
    ("ports: [{target: 80, published: 8080, protocol: tcp}]", "ports", (Port(80),)),
    ("cap_add: [CHOWN, CAP_NET_RAW, setuid]", "cap_add", ("CHOWN", "NET_RAW", "SETUID")),
    ("cap_drop: [ALL]", "cap_add", ()),
    ("mem_limit: 256m", "memory_mib", 256),
    ("mem_limit: 1g", "memory_mib", 1024),
    ("mem_limit: 268435456", "memory_mib", 256),
    ("mem_limit: 100MB", "memory_mib", 100),
    ("cpus: '0.25'", "cpus", 0.25),
    ("cpus: 2", "cpus", 2.0),
    ("pids_limit: 200", "pids", 200),
    ("deploy: {resources: {limits: {memory: 64m, cpus: '0.5', pids: 9}}}", "memory_mib", 64),
    ("deploy: {replicas: 3}", "replicas", 3),
    ("scale: 2", "replicas", 2),
    ("ulimits: {nofile: 2048, core: {soft: 0, hard: 1}}", "ulimits", {"nofile": (2048, 2048), "core": (0, 1)}),
    ("shm_size: 64m", "shm_mib", 64),
    ("sysctls: {net.core.somaxconn: 1024}", "sysctls", {"net.core.somaxconn": "1024"}),
    ("sysctls: [net.ipv4.tcp_syncookies=0]", "sysctls", {"net.ipv4.tcp_syncookies": "0"}),
    ("read_only: true", "read_only", True),
    ("tmpfs: /run", "tmpfs", {"/run": ""}),
    ("tmpfs: ['/tmp:size=64m,mode=1777,noexec']", "tmpfs", {"/tmp": "size=64m,mode=1777,noexec"}),
    ("volumes: [{type: tmpfs, target: /t, tmpfs: {size: 8m}}]", "tmpfs", {"/t": "size=8m"}),
    ("init: false", "init", False),
    ("tty: true", "tty", True),
    ("stdin_open: true", "stdin_open", True),
    ("stop_signal: SIGINT", "stop_signal", "SIGINT"),
    ("stop_grace_period: 1m30s", "stop_grace_s", 90.0),
    ("stop_grace_period: 500ms", "stop_grace_s", 0.5),
    ("stop_grace_period: 24h", "stop_grace_s", 120.0),
    (f"stop_grace_period: {'9' * 400}h", "stop_grace_s", 120.0),
    ("labels: [a=b, c]", "labels", {"a": "b", "c": ""}),
    ("labels: {a: b}", "labels", {"a": "b"}),
    ("extra_hosts: ['db:10.0.0.5', 'x=10.0.0.6']", "extra_hosts", {"db": "10.0.0.5", "x": "10.0.0.6"}),
    ("extra_hosts: {db: 10.0.0.5}", "extra_hosts", {"db": "10.0.0.5"}),
    ("security_opt: ['no-new-privileges:true']", "no_new_privileges", True),
    ("security_opt: ['no-new-privileges:false']", "no_new_privileges", False),
    ("healthcheck: {test: [CMD, ok], interval: 5s, timeout: 2s, retries: 4, start_period: 1s}", "healthcheck",
     Healthcheck(("CMD", "ok"), 5.0, 2.0, 1.0, 4)),
    ("healthcheck: {test: curl localhost}", "healthcheck", Healthcheck(("CMD-SHELL", "curl localhost"))),
    ("healthcheck: {disable: true}", "healthcheck", Healthcheck(("NONE",))),
    ("network_mode: none", "networks", {}),
    ("privileged: false", "name", "web"),
    ("x-anything: {goes: here}", "name", "web"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "field", "value"), HONOURED, ids=[line for line, _, _ in HONOURED])
def test_a_key_is_honoured(tmp_path: Path, lines: str, field: str, value: object) -> None:
    assert getattr(service(tmp_path, lines), field) == value


REFUSED = [
    ("privileged: true", "4:17: `privileged` is refused"),
    ("pid: host", "4:10: `pid: host` is refused"),
    ("ipc: host", "4:10: `ipc: host` is refused"),
    ("network_mode: host", "4:19: `network_mode: host` is refused"),
    ("network_mode: 'service:db'", "4:19: `network_mode: service:db` is refused"),
    ("userns_mode: host", "4:18: `userns_mode: host` is refused"),
    ("uts: host", "4:10: `uts: host` is refused"),
    ("cgroup: host", "4:13: `cgroup: host` is refused"),
    ("devices: [/dev/kvm]", "4:5: `devices` gives a container the machine's devices"),
    ("volumes: ['/etc:/host']", "4:15: `/etc` is not inside the scenario"),
    ("volumes: ['../../x:/host:ro']", "4:15: `../../x` leaves the scenario's directory"),
    ("volumes: ['~/x:/host:ro']", "4:15: `~/x` is not inside the scenario"),
    ("volumes: ['./nope:/x:ro']", "4:15: `./nope` is not there"),
    ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "4:15: `/var/run/docker.sock` is refused: the engine's"),
    ("volumes: [{type: bind, source: /run, target: /r}]", "4:15: `/run` is refused: the engine's"),
    ("volumes: [{type: npipe, source: a, target: /r}]", "4:22: the type `npipe` is refused"),
    ("volumes: ['data:/x']", "4:15: the volume `data` is not declared"),
    ("volumes: ['./compose.yml:x:ro']", "4:15: `x` is no place in the service"),
    ("volumes: ['./compose.yml:/x:shared']", "4:15: `shared` is not an option of a mount"),
    ("tmpfs: ['/t:bind']", "4:13: `bind` is not an option of tmpfs"),
    ("cap_add: [SYS_ADMIN]", "4:15: the capability `SYS_ADMIN` is refused"),
    ("cap_add: [ALL]", "4:15: the capability `ALL` is refused"),
    ("security_opt: ['seccomp:unconfined']", "4:20: `seccomp:unconfined` is refused"),
    ("cgroup_parent: /x", "4:5: `cgroup_parent` NCR decides this"),
    ("runtime: kata", "4:14: the runtime `kata` is refused"),
    ("sysctls: {kernel.msgmax: 1}", "4:30: the setting `kernel.msgmax` is refused"),
    ("sysctls: {net.core.somaxconn: '${secret}'}", "4:35: uses ${secret}, but must be the same for every team"),
    ("dns: 8.8.8.8", "4:10: `dns` is refused while internet is off"),
    ("ulimits: {nproc: 10}", "4:22: `nproc` is refused"),
    ("ulimits: {nofil: 10}", "4:22: the ulimit `nofil` is not known; did you mean `nofile`?"),
    ("labels: {ncr.team: x}", "4:24: the label `ncr.team` is refused"),
    ("mem_limit: 64g", "4:16: `64g` is not right here; write 6m to 4096m (the site's maximum)"),
    ("mem_limit: lots", "4:16: `lots` is not a size; write 256m or 1g"),
    ("cpus: 64", "4:11: `64` is not right here; write a number over 0, at most 4 (the site's maximum)"),
    ("pids_limit: -1", "4:17: `-1` is not right here; write a whole number from 1 to 2048"),
    ("deploy: {resources: {limits: {memory: 64g}}}", "4:43: `64g` is not right here"),
    ("deploy: {mode: global}", "4:20: `mode: global` is refused"),
    ("deploy: {placement: {}}", "4:14: `placement` is not honoured"),
    ("enviroment: {A: b}", "4:5: `enviroment` is not a key of a service; did you mean `environment`?"),
    ("logging: {driver: none}", "4:5: `logging` is not honoured"),
    ("depends_on: [db]", "4:18: the service `db` is not here"),
    ("depends_on: {web: {condition: service_fine}}", "4:23: `service_fine`"),
    ("links: [db]", "4:13: the service `db` is not here"),
    ("networks: [lan]", "4:16: the network `lan` is not declared"),
    ("ports: ['99999:99999']", "4:13: `99999` is not a port"),
    ("ports: [abc]", "4:13: `abc` is not a port"),
    ("expose: ['80/sctp']", "4:14: `sctp` is not a protocol"),
    ("extra_hosts: ['host.docker.internal:host-gateway']", "4:19: `host.docker.internal` needs an address"),
    ("environment: {A: '${NOPE}'}", "4:22: `${NOPE}` is no variable here; declare it"),
    ("environment: {A: '${'}", "4:22: `${` is never closed"),
    ("mem_limit: '${secret}'", "4:16: uses ${secret}, but must be the same for every team"),
    ("env_file: nope.env", "4:15: `nope.env` is not there"),
    ("healthcheck: {interval: 5s}", "4:18: has no `test`"),
    ("healthcheck: {test: [curl, x]}", "4:25: must begin with CMD, CMD-SHELL or NONE"),
    ("healthcheck: {test: x, interval: fast}", "4:38: `fast` is not a duration; write 30s, 1m30s or 500ms"),
    ("tty: maybe", "4:10: must be true or false"),
    ("environment: 5", "4:18: must be a mapping NAME: VALUE or a list of NAME=VALUE"),
    ("command: 'a \"b'", "4:14: has a quote that is never closed"),
    ("secrets: [s]", "4:15: `s` is not declared"),
    ("extends: {service: nope}", "4:14: the service `nope` is not there"),
    ("extends: web", "4:14: `extends` goes in a circle"),
    ("extends: {file: ../x.yml, service: a}", "4:21: `../x.yml` leaves the scenario's directory"),
    ("build: {context: ., network: host}", "4:25: `network` is not honoured"),
    ("build: nope", "4:12: `nope` is not there"),
    ("build: .", "4:12: `Dockerfile` is not there"),
]


@pytest.mark.parametrize(("lines", "said"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_cannot_be_honoured_is_refused_by_name_and_line(tmp_path: Path, lines: str, said: str) -> None:
    found = refusals(tmp_path, lines)
    assert any(problem.startswith(f"compose.yml:{said}") for problem in found), found


TOP_REFUSED = [
    ("networks: {lan: {external: true}}", "`external` is refused"),
    ("networks: {lan: {driver: host}}", "the network driver `host` is refused"),
    ("networks: {lan: {driver_opts: {a: b}}}", "`driver_opts` is refused"),
    ("networks: {lan: {ipam: {config: [{subnet: 8.8.8.0/24}]}}}", "write a private subnet"),
    ("networks: {lan: {ipam: {config: [{subnet: ten}]}}}", "`ten` is not an IPv4 subnet"),
    ("networks: {lan: {enable_ipv6: true}}", "IPv6 is off"),
    ("volumes: {data: {external: true}}", "`external` is refused"),
    ("volumes: {data: {driver: nfs}}", "the volume driver `nfs` is refused"),
    ("volumes: {data: {driver_opts: {device: /}}}", "`driver_opts` is refused"),
    ("secrets: {s: {environment: HOME}}", "`environment` is not honoured"),
    ("configs: {s: {external: true}}", "`external` is refused"),
    ("include: [x.yml]", "`include` is not honoured"),
    ("servcies: {}", "`servcies` is not a key of a Compose file; did you mean `services`?"),
]


@pytest.mark.parametrize(("rest", "said"), TOP_REFUSED, ids=[rest for rest, _ in TOP_REFUSED])
def test_what_reaches_outside_is_refused_at_the_top_level_too(tmp_path: Path, rest: str, said: str) -> None:
    found = refusals(tmp_path, "", rest=rest + "\n")
    assert any(said in problem and problem.startswith("compose.yml:4:") for problem in found), found


def test_container_name_and_restart_are_dropped_with_a_note_and_version_without_one(tmp_path: Path) -> None:
    lines = "container_name: x\nrestart: always\ndeploy: {restart_policy: {condition: any}}"
    notes = with_compose(
        tmp_path, f'services: {{web: {{image: a, {lines.replace(chr(10), ", ")}}}}}\nversion: "3.8"\n'
    ).notes
    told = [note for note in notes if note.startswith("compose.yml")]
    assert [note.split("`")[1] for note in told] == ["container_name", "restart", "restart_policy"]


def test_networks_volumes_configs_secrets_and_builds_come_out_normalised(tmp_path: Path) -> None:
    rest = """\
networks:
  lan: {internal: true, ipam: {config: [{subnet: 10.20.0.0/24}]}}
  unused: {}
volumes: {data: }
configs: {c: {file: ./files/c.conf}}
secrets: {s: {file: files/s.txt}}
"""
    lines = """\
build: {context: images/web, args: [A=1], target: final}
networks: {lan: {aliases: [shop], ipv4_address: 10.20.0.10}}
volumes: ["data:/data", "./files/c.conf:/etc/c:ro", "/cache", {source: data, target: /again, read_only: true}]
configs: [c, {source: c, target: /etc/d, mode: 0440}]
secrets: [s]
env_file: files/e.env
environment: {B: own}"""
    files = {
        "files/c.conf": "c",
        "files/s.txt": "s",
        "images/web/Dockerfile": "FROM ncr/base:bookworm\n",
        "files/e.env": "# note\nexport A='$x'\nB=file\nC=1 # end\n",
    }
    scenario = with_compose(tmp_path, compose(lines, rest), files)
    web = scenario.topology.services["web"]
    assert web.build == Build("images/web", "Dockerfile", {"A": "1"}, "final")
    assert web.networks == {"lan": Membership(("shop",), "10.20.0.10")}
    assert scenario.topology.networks == {"lan": Network("lan", "10.20.0.0/24")}
    assert web.volumes == (
        VolumeMount("data", "/data"), VolumeMount("web-cache", "/cache"), VolumeMount("data", "/again", True),
    )  # fmt: skip
    assert scenario.topology.volumes == ("data", "web-cache")
    assert web.files == (
        FileMount("files/c.conf", "/etc/c"),
        FileMount("files/c.conf", "/c"),
        FileMount("files/c.conf", "/etc/d", 0o440),
        FileMount("files/s.txt", "/run/secrets/s"),
    )
    assert web.environment == {"A": "$$x", "B": "own", "C": "1"}


def compose(lines: str, rest: str) -> str:
    inner = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"services:\n  web:\n    image: ncr/base:bookworm\n{inner}{rest}"


def test_services_come_in_the_order_they_wait_for_each_other(tmp_path: Path) -> None:
    text = """\
services:
  web: {image: a, depends_on: {app: {condition: service_healthy}}, links: ["db:base"]}
  app: {image: a, depends_on: [db]}
  db: {image: a}
  job: {image: a, depends_on: {web: {condition: service_completed_successfully}}}
"""
    topology = with_compose(tmp_path, text).topology
    assert list(topology.services) == ["db", "app", "web", "job"]
    assert topology.services["web"].depends_on == {"app": "healthy", "db": "started"}
    assert topology.services["job"].depends_on == {"web": "completed"}
    assert topology.services["db"].networks["default"].aliases == ("base",)


def test_services_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    text = "services:\n  web: {image: a, depends_on: [b]}\n  b: {image: a, depends_on: [web]}\n"
    assert any("services wait for each other" in one for one in problems(write(tmp_path, {"compose.yml": text})))


def test_a_wait_that_is_too_long_is_cut_with_a_note(tmp_path: Path) -> None:
    found = with_compose(tmp_path, compose("stop_grace_period: 1h\nhealthcheck: {test: x, interval: 90m}", ""))
    assert any(note.endswith("`stop_grace_period` is taken as 120s, the longest here") for note in found.notes)
    assert any(note.endswith("`interval` is taken as 3600s, the longest here") for note in found.notes)


def test_a_service_of_a_profile_is_left_out_with_a_note(tmp_path: Path) -> None:
    text = "services:\n  web: {image: a}\n  debug: {image: a, profiles: [dev]}\n"
    scenario = with_compose(tmp_path, text)
    assert list(scenario.topology.services) == ["web"]
    assert any("`debug` is left out" in note for note in scenario.notes)


def test_extends_and_anchors_and_merge_keys_are_written_out(tmp_path: Path) -> None:
    text = """\
x-common: &common {mem_limit: 64m, environment: {A: "1"}}
services:
  web:
    <<: *common
    extends: {file: more/base.yml, service: base}
    environment: [B=2]
    command: [own]
"""
    base = "services:\n  base:\n    image: a\n    command: [x, y]\n    environment: {B: 1, C: 3}\n    expose: [80]\n"
    web = with_compose(tmp_path, text, {"more/base.yml": base}).topology.services["web"]
    assert (web.image, web.memory_mib, web.command, web.ports) == ("a", 64, ("own",), (Port(80),))
    assert web.environment == {"B": "2", "C": "3"}


def test_paths_in_an_extended_file_are_seen_from_that_file(tmp_path: Path) -> None:
    base = "services:\n  base: {image: a, volumes: ['./x.txt:/x:ro']}\n"
    text = "services:\n  web: {extends: {file: more/base.yml, service: base}}\n"
    web = with_compose(tmp_path, text, {"more/base.yml": base, "more/x.txt": "x"}).topology.services["web"]
    assert web.files == (FileMount("more/x.txt", "/x"),)


def test_overlapping_subnets_and_addresses_outside_them_are_refused(tmp_path: Path) -> None:
    rest = "networks:\n  a: {ipam: {config: [{subnet: 10.1.0.0/16}]}}\n  b: {ipam: {config: [{subnet: 10.1.2.0/24}]}}\n"
    found = refusals(tmp_path, "networks: {b: {ipv4_address: 10.1.3.5}}", rest=rest)
    assert any("overlap" in one for one in found)
    assert any("write an address in 10.1.2.0/24" in one for one in found)


def test_a_site_may_allow_more_or_less(tmp_path: Path) -> None:

    place = write(tmp_path, {"compose.yml": compose("runtime: runsc\nmem_limit: 8g", "")})
    web = load(place, Maxima(memory_mib=16384, runtimes=("runsc",))).topology.services["web"]
    assert (web.runtime, web.memory_mib) == ("runsc", 8192)


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    found = refusals(tmp_path, "privileged: true\npid: host\ncap_add: [SYS_ADMIN]\nmem_limit: 64g\nfoo: bar")
    assert [one.split(":")[1] for one in found] == ["4", "5", "6", "7", "8"]


def test_one_address_for_several_replicas_is_refused(tmp_path: Path) -> None:
    rest = "networks:\n  a: {ipam: {config: [{subnet: 10.1.0.0/24}]}}\n"
    found = refusals(tmp_path, "scale: 2\nnetworks: {a: {ipv4_address: 10.1.0.5}}", rest=rest)
    assert found == ["compose.yml:3:5: has one ipv4_address for several replicas; remove one of the two"]


def test_a_file_of_thousands_of_networks_is_refused_once(tmp_path: Path) -> None:
    subnet = "{ipam: {config: [{subnet: 10.9.0.0/24}]}}"
    networks = "networks:\n" + "".join(f"  n{number}: {subnet}\n" for number in range(1000))
    found = problems(write(tmp_path, {"compose.yml": f"{COMPOSE}{networks}"}))
    assert found == ["compose.yml:6:3: declares over 200 networks; declare those that are used"]


def test_nothing_is_put_into_the_root_of_a_read_only_service(tmp_path: Path) -> None:
    [found] = refusals(tmp_path, "read_only: true\nvolumes: ['./note:/note:ro']", {"note": "x"})
    assert "is read_only, and `/note` lies in the root" in found
    assert service(tmp_path, "read_only: true\nvolumes: ['./note:/etc/note:ro']", {"note": "x"}).read_only
    text = FILES["scenario.yml"].replace("/root/flag.txt", "/flag.txt")
    compose = FILES["compose.yml"] + "    read_only: true\n"
    [found] = problems(write(tmp_path, {"scenario.yml": text, "compose.yml": compose, "note": "x"}))
    assert found.startswith("scenario.yml:19:")
    assert "`web` is read_only, and `/flag.txt` lies in the root" in found


def test_a_runtime_the_site_has_is_honoured(tmp_path: Path) -> None:
    place = write(tmp_path, {"compose.yml": FILES["compose.yml"] + "    runtime: runsc\n"})
    assert load(place, Maxima(runtimes=("runsc",))).topology.services["web"].runtime == "runsc"
