"""shared.yml: what may stand in it, where it meets the teams, and how it is told of them."""

from pathlib import Path

import pytest

from ncr.scenario.loader import load
from ncr.scenario.shared import is_for_all, meetings, nicknames, shared_part
from ncr.scenario.topology import Scenario
from tests.pure.scenario.directories import DEFINITION, problems, write

BARE = """ncr: 1
id: small
version: 1.0.0
title: a
summary: a
duration: 90m
variables: {secret: {kind: password}}
environment: {shared: shared.yml}
"""
TEXT = DEFINITION + "environment: {shared: shared.yml}\n"


def place(folder: Path, shared: str, **more: str) -> Path:
    return write(folder, {"scenario.yml": TEXT, "shared.yml": shared, **more})


def read(folder: Path, shared: str, **more: str) -> Scenario:
    return load(place(folder, shared, **more))


@pytest.mark.parametrize("name", ["secret", "NCR_TEAM", "NCR_TEAM_NAME", "FLAG_ROOT"])
def test_what_is_each_teams_own_cannot_stand_in_what_is_shared(tmp_path: Path, name: str) -> None:
    value = f"${{{name}}}"
    [found] = problems(place(tmp_path, "services: {bots: {image: a, environment: {A: '" + value + "'}}}\n"))
    assert found.startswith("shared.yml:1:")
    assert f"`{value}` is each team's own" in found


def test_what_is_the_same_for_all_can(tmp_path: Path) -> None:
    shared = "services: {bots: {image: a, environment: {A: '${NCR_TEAMS} ${NCR_EXERCISE} ${NOPE:-x}'}}}\n"
    found = read(tmp_path, shared).shared
    assert found is not None
    assert found.services["bots"].environment == {"A": "${NCR_TEAMS} ${NCR_EXERCISE} x"}


def test_it_meets_the_teams_on_networks_of_the_same_name(tmp_path: Path) -> None:
    shared = """
services:
  bots: {image: a, networks: [lan, deep]}
  deep: {image: a, networks: [deep]}
networks: {lan: {}, deep: {}}
"""
    compose = "services: {web: {image: a, expose: ['8080'], networks: [lan]}, hmi: {image: a, networks: [lan]}}\n"
    scenario = read(tmp_path, shared, **{"compose.yml": compose + "networks: {lan: {}}\n"})
    assert meetings(scenario) == {"bots": ("lan",), "deep": ()}


def test_it_is_a_scenario_of_its_own_that_is_told_the_teams(tmp_path: Path) -> None:
    part = shared_part(read(tmp_path, "services: {bots: {image: a, environment: {A: b}}}\n"))
    assert part is not None
    bots = part.topology.services["bots"]
    assert dict(bots.environment) == {"NCR_TEAMS": "${NCR_TEAMS}", "A": "b"}
    assert bots.sysctls["net.ipv4.conf.all.rp_filter"] == "1"
    assert (part.shared, part.definition.entries, nicknames(3)) == (None, (), "t1 t2 t3")


def test_it_cannot_fix_its_address_on_a_teams_network(tmp_path: Path) -> None:
    shared = """
services: {bots: {image: a, networks: {default: {ipv4_address: 10.1.0.5}}}}
networks: {default: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}
"""
    assert "which every team has its own of" in problems(place(tmp_path, shared))[0]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("entries: [{id: a, title: a, terminal: bots}]", "9:39: `bots` is in shared.yml: all teams would meet in it"),
        ("entries: [{id: a, title: a, web: 'bots:80'}]", "9:34: `bots` is in shared.yml: an entry leads into"),
        (
            "tasks: [{id: a, title: a, text: a, flag: {per_team: true, deliver: {service: bots, file: /f}}}]",
            "9:78: `bots` is in shared.yml: all teams would find each other's flags there",
        ),
        (
            "injects: [{id: a, at: T+1m, network: {service: bots, disconnect: default}}]",
            "9:48: `bots` is in shared.yml: it is on every team's network at once",
        ),
        ("injects: [{id: a, at: T+1m, stop: bot}]", "9:35: the service `bot` does not exist"),
    ],
)
def test_what_cannot_be_shared_is_refused_and_why_is_said(tmp_path: Path, more: str, found: str) -> None:
    text = BARE + more + "\n"
    told = problems(write(tmp_path, {"scenario.yml": text, "shared.yml": "services: {bots: {image: a}}\n"}))
    assert [one for one in told if one.startswith(f"scenario.yml:{found}")], told


def test_injects_checks_and_their_play_may_name_what_is_shared(tmp_path: Path) -> None:
    text = BARE + (
        "checks: [{id: a, service: bots, probe: {exec: [x]}}]\n"
        "injects:\n"
        "  - {id: b, at: T+1m, exec: {service: bots, command: [x]}}\n"
        "  - {id: c, when: {check: a, is: down}, restart: bots}\n"
        "  - {id: d, when: {manual: true}, stop: bots}\n"
    )
    play = "checks: {a: {break: {service: bots, command: [x]}, repair: {service: bots, command: [x]}}}\n"
    files = {"scenario.yml": text, "shared.yml": "services: {bots: {image: a}}\n", "play.yml": play}
    scenario = load(write(tmp_path, files))
    assert [is_for_all(scenario, inject) for inject in scenario.definition.injects] == [True, False, True]
