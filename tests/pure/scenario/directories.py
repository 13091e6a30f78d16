"""Scenario directories for tests: a small good one, and the problems of one with something changed."""

from collections.abc import Mapping
from pathlib import Path

from ncr.errors import ScenarioInvalid
from ncr.scenario.loader import load
from ncr.scenario.topology import Scenario, Service

DEFINITION = """\
ncr: 1
id: small
version: 1.0.0
title: {nb: Liten, en: Small}
summary: {nb: Kort, en: Short}
duration: 60m
variables:
  secret: {kind: password, length: 16}
entries:
  - {id: desk, terminal: web, title: {nb: Pult, en: Desk}}
tasks:
  - id: first
    title: {nb: Den første, en: The first}
    text: {nb: Finn, en: Find}
    flag: NCR{fixed-text}
  - id: root
    title: {nb: Rot, en: Root}
    text: {nb: Bli rot, en: Become root}
    flag: {per_team: true, deliver: {service: web, file: /root/flag.txt}}
    requires: [first]
checks:
  - id: web-up
    service: web
    probe: {tcp: 8080}
    points: 5
"""
COMPOSE = """\
services:
  web:
    image: ncr/base:bookworm
    environment: {SECRET: "${secret}"}
"""
FILES = {
    "scenario.yml": DEFINITION,
    "compose.yml": COMPOSE,
    "briefing.nb.md": "Hei\n",
    "briefing.en.md": "Hello\n",
}


def write(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """The small scenario in `folder`/small, with `files` added or put in place of its own."""
    place = folder / "small"
    for name, content in {**FILES, **(files or {})}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def problems(place: Path) -> list[str]:
    """Every problem of a scenario; none when it is good."""
    try:
        load(place)
    except ScenarioInvalid as error:
        return [str(problem) for problem in error.problems]
    return []


def of_definition(folder: Path, old: str, new: str, files: Mapping[str, str | bytes] | None = None) -> list[str]:
    """The problems after `old` in scenario.yml became `new`."""
    assert old in DEFINITION
    return problems(write(folder, {**(files or {}), "scenario.yml": DEFINITION.replace(old, new)}))


def with_compose(folder: Path, compose: str, files: Mapping[str, str | bytes] | None = None) -> Scenario:
    """The good scenario of a Compose file; `secret` is used whatever the file holds."""
    return load(write(folder, {**(files or {}), "compose.yml": compose}))


def service(folder: Path, lines: str, files: Mapping[str, str | bytes] | None = None, rest: str = "") -> Service:
    """The service `web` with some more lines under it."""
    return with_compose(folder, compose_of(lines, rest), files).topology.services["web"]


def refusals(folder: Path, lines: str, files: Mapping[str, str | bytes] | None = None, rest: str = "") -> list[str]:
    """The problems of the service `web` with some more lines under it, the first of them line 4."""
    return problems(write(folder, {**(files or {}), "compose.yml": compose_of(lines, rest)}))


def compose_of(lines: str, rest: str = "") -> str:
    """A Compose file with one service `web` that has these lines too; `rest` follows at the top level."""
    inner = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"services:\n  web:\n    image: ncr/base:bookworm\n{inner}{rest}"
