"""What may become of a spoiled file: read, or refused with a place for every problem and nothing written."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import write
from ncr.scenario.loader import load
from tests.pure.scenario.directories import DEFINITION
from tests.pure.scenario.directories import FILES as SMALL
from tests.pure.scenario.importers.clab import FILES as CLAB
from tests.pure.scenario.importers.labs import FILES as LAB
from tests.pure.scenario.importers.test_ctfcli import FILES as EVENT
from tests.pure.scenario.importers.test_kypo import FILES as KYPO
from tests.pure.scenario.importers.test_kypo import TRAINING
from tests.pure.scenario.importers.test_sdl import WATERWORKS

_PLACE = re.compile(r".+:\d+:\d+")
PLAY = """\
solve:
  first: {run: {entry: desk, command: [cat, /flag]}, answer_from: stdout}
  root: {script: play/root.sh, answer: "x"}
checks:
  web-up:
    break: {service: web, command: [pkill, web]}
    repair: {service: web, command: [web, start]}
wrong: {first: NCR{no}}
"""
FULLER = (
    DEFINITION
    + """\
  - id: hardened
    service: web
    probe: {exec: [sshd, -T]}
    expect: "no"
    once: 50
injects:
  - {id: call, at: T+20m, say: {nb: Hei, en: Hello}, title: Ring}
  - {id: cut, when: {check: web-up, is: down, for: 2m}, network: {service: web, disconnect: default, for: 5m}}
scoring:
  first_solves: [5%, 3%]
  freeze: T-15m
"""
)
WIDE = """\
x-common: &common
  stop_grace_period: 1m30s
  ulimits: {nofile: {soft: 10, hard: 20}}
services:
  web:
    <<: *common
    image: ncr/base:bookworm
    command: sh -c "sleep 5"
    environment: {SECRET: "${secret}", MODE: "${MODE:-open}"}
    ports: ["8080:80", {target: 53, protocol: udp}]
    volumes:
      - ./play/root.sh:/root.sh:ro
      - data:/data
      - {type: tmpfs, target: /scratch, tmpfs: {size: 16m}}
    networks:
      front: {aliases: [shop], ipv4_address: 10.9.0.7}
    depends_on: {db: {condition: service_healthy}}
    deploy: {resources: {limits: {cpus: "0.5", memory: 128m}}}
    cap_add: [NET_RAW]
    sysctls: [net.ipv4.ip_forward=1]
    extra_hosts: ["old:10.0.0.5"]
    configs: [{source: site, target: /etc/site, mode: "0440"}]
  db:
    image: postgres:16
    mem_limit: 256m
    healthcheck: {test: [CMD, pg_isready], interval: 5s, retries: 3}
    networks: [front, default]
networks:
  front: {internal: true, ipam: {config: [{subnet: 10.9.0.0/24}]}}
volumes:
  data: {}
configs:
  site: {file: ./play/root.sh}
"""
SCENARIO = {**SMALL, "scenario.yml": FULLER, "play.yml": PLAY.replace("NCR{no}", '"NCR{no}"'), "play/root.sh": "id\n"}

SANDBOX = {**KYPO, "training.json": json.dumps(TRAINING, indent=1)}


@dataclass(frozen=True, slots=True)
class Sample:
    """Good files of one kind and the one of them to spoil; a scenario is loaded, anything else is imported."""

    files: Mapping[str, str]
    spoiled: str
    path: str = "."
    is_scenario: bool = False


SAMPLES = {
    "scenario": Sample(SCENARIO, "scenario.yml", is_scenario=True),
    "scenario-compose": Sample({**SCENARIO, "compose.yml": WIDE}, "compose.yml", is_scenario=True),
    "play": Sample(SCENARIO, "play.yml", is_scenario=True),
    "compose": Sample(LAB, "docker-compose.yml"),
    "compose-env": Sample(LAB, "web.env"),
    "compose-dotenv": Sample(LAB, ".env"),
    "containerlab": Sample(CLAB, "lab.clab.yml"),
    "ctfcli": Sample(EVENT, "web/bakery/challenge.yml"),
    "kypo-topology": Sample(SANDBOX, "topology.yml"),
    "kypo-training": Sample(SANDBOX, "training.json"),
    "sdl": Sample({"waterworks.yml": WATERWORKS}, "waterworks.yml", "waterworks.yml"),
}


def lay(folder: Path, sample: Sample) -> Path:
    """The sample's files in a folder, as they are when good."""
    place = folder / "small"
    for name, text in sample.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


def outcome(place: Path, sample: Sample, content: bytes) -> str:
    """`read` or `refused` for the sample with its file spoiled; anything else that happens is raised."""
    (place / sample.spoiled).write_bytes(content)
    into = place.parent / "into"
    refused = None
    try:
        if sample.is_scenario:
            load(place)
        else:
            draft, report = formats.read(place / sample.path)
            draft.id = "made"
            assert load(write(draft, report, into).path).definition.id == "made"
            shutil.rmtree(into)
    except ScenarioInvalid as error:
        refused = error
    assert not into.exists()
    return "read" if refused is None else _told_well(refused)


def _told_well(error: ScenarioInvalid) -> str:
    assert error.problems, error
    for problem in error.problems:
        assert _PLACE.fullmatch(problem.where), problem
    return "refused"
