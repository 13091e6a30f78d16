"""Labs for the tests of imports: one with everything that public collections do, and what imports make of labs."""

from collections.abc import Mapping
from pathlib import Path

from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import write
from ncr.scenario.importers.report import Report
from ncr.scenario.topology import Scenario

LAB = """\
# A guest book with a hole in it.
version: '3'
x-common: &common
  restart: unless-stopped
  logging: {driver: json-file}
services:
  web:
    <<: *common
    container_name: guestbook   # drops
    build: .
    ports:
      - "127.0.0.1:8080:80"
      - target: 9443
        published: 443
    volumes:
      - ./www:/var/www/html
      - ./conf/site.conf:/etc/site.conf:ro
      - ./data:/data
      - /etc/localtime:/etc/localtime:ro
      - {type: bind, source: ./files/banner.txt, target: /banner}
      - cache:/cache
    env_file: [web.env]
    environment:
      - DB_PASSWORD=${DB_PASSWORD}
      - MODE=${MODE:-open}
      - FROM_HOST
    depends_on:
      db: {condition: service_healthy}
    cap_add: [NET_RAW, SYS_PTRACE]
    networks: [front, back]
  db:
    image: mariadb:10.11  # the old one
    command: --character-set-server=utf8
    healthcheck: {test: ["CMD", "healthcheck.sh"], interval: 5s}
    networks:
      back: {aliases: [database]}
    mem_reservation: 128m
networks:
  front: {driver: bridge, name: front-net}
  back:
    external: true
volumes:
  cache:
"""
FILES: Mapping[str, str] = {
    "docker-compose.yml": LAB,
    "Dockerfile": "FROM ncr/base:bookworm\nCOPY www /var/www/html\n",
    "www/index.php": "<?php\n",
    "conf/site.conf": "listen 80\n",
    "files/banner.txt": "hi\n",
    "web.env": "A=1\nthis is no setting\n",
    ".env": "DB_PASSWORD=hunter2 # not very good\n",
    "README.md": "# The guest book (CVE-2031-1)\n\nHow it is solved.\n",
    "poc.py": "print()\n",
}


def lab(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def brought_in(path: Path, into: Path) -> tuple[Scenario, Report]:
    """The scenario that an import writes, and its report."""
    draft, report = formats.read(path)
    return write(draft, report, into), report


def refusals(path: Path) -> list[str]:
    """What an import refuses a path for."""
    try:
        formats.read(path)
    except ScenarioInvalid as error:
        return [str(problem) for problem in error.problems]
    return []


def outcomes(report: Report) -> dict[str, str]:
    """The outcome of every field of the source."""
    return {entry.source: entry.outcome for entry in report.entries}
