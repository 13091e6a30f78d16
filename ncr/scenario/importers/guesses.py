"""A first set of entries and checks for an environment that came without: guesses, and said to be."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ncr.scenario.importers.naming import Ids
from ncr.scenario.topology import Service

WORKPLACE = "workstation"
WORKPLACE_SERVICE: Mapping[str, Any] = {"image": "ncr/base:bookworm", "command": ["sleep", "infinity"]}
_HTTP = frozenset(
    {80, 81, 88, 631, 2375, 3000, 3001, 4000, 4200, 4242, 5000, 5050, 5173, 5601, 5678, 6080, 6800, 7001, 7070, 7474}
    | {7860, 8111, 8161, 8200, 8500, 8848, 8888, 8983, 9000, 9001, 9080, 9090, 9200, 9999, 10000, 15672, 18080}
    | set(range(8000, 8100)) - {8009}
)
_SHELLS = frozenset({("bash",), ("sh",), ("/bin/bash",), ("/bin/sh",), ("zsh",), ("ash",)})
_WAITS = ("sleep", "tail")
_BARE = frozenset({"kali", "kali-rolling", "debian", "ubuntu", "alpine", "busybox", "base", "fedora", "archlinux"})
_MOST = 30


@dataclass(frozen=True, slots=True)
class Guessed:
    """Entries and checks as scenario.yml has them; `workplace` when a service to work from has to be added."""

    entries: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    workplace: bool


def guess(services: Mapping[str, Service], shells: Iterable[str] = ()) -> Guessed:
    """Terminals in `shells` and where a service looks like a place to work, web pages at ports that look like HTTP.

    Every TCP port that is offered is checked.
    """
    entries = [*_terminals(services, frozenset(shells)), *_pages(services)]
    workplace = not entries
    if workplace:
        entries = [{"id": "desk", "terminal": free_name(services), "title": "Workstation"}]
    return Guessed(entries[:_MOST], list(_checks(services))[:_MOST], workplace)


def free_name(services: Mapping[str, Service]) -> str:
    """A name for the service to work from that no other has."""
    return next(name for name in _names() if name not in services)


def _names() -> Iterator[str]:
    yield WORKPLACE
    number = 1
    while True:
        number += 1
        yield f"{WORKPLACE}-{number}"


def _terminals(services: Mapping[str, Service], shells: frozenset[str]) -> Iterator[dict[str, Any]]:
    ids = Ids("desk")
    for name, service in services.items():
        if name in shells or is_workplace(service):
            user = (service.user or "root").partition(":")[0]
            who = "student" if service.image == WORKPLACE_SERVICE["image"] else user
            yield {"id": ids.new(name), "terminal": name, "user": who, "title": name}


def is_workplace(service: Service) -> bool:
    """Whether a service does nothing but wait for somebody to work in it."""
    words = service.command or service.entrypoint or ()
    waits = bool(words) and (words in _SHELLS or words[0].split("/")[-1] in _WAITS)
    bare = (service.image or "").split("@")[0].split(":")[0].split("/")[-1] in _BARE
    return not service.ports and (waits or (bare and not words and (service.tty or service.stdin_open)))


def _pages(services: Mapping[str, Service]) -> Iterator[dict[str, Any]]:
    ids = Ids("web")
    for name, port in _tcp(services):
        if port in _HTTP:
            ident = ids.new(f"{name}-{port}")
            yield {"id": ident, "web": f"{name}:{port}", "title": f"{name}, port {port}"}


def _checks(services: Mapping[str, Service]) -> Iterator[dict[str, Any]]:
    ids = Ids("up")
    for name, port in _tcp(services):
        yield {"id": ids.new(f"{name}-{port}"), "service": name, "probe": {"tcp": port}, "points": 5}


def _tcp(services: Mapping[str, Service]) -> list[tuple[str, int]]:
    return [(name, port.number) for name, service in services.items() for port in service.ports
            if port.protocol == "tcp"]  # fmt: skip
