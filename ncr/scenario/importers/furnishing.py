"""Makes an environment that came without a story playable: entries, checks, a briefing, words on what to fill in."""

from collections.abc import Iterable

from ncr.scenario.importers.compose.sheet import Sheet
from ncr.scenario.importers.frame import Draft
from ncr.scenario.importers.guesses import WORKPLACE_SERVICE, Guessed, free_name, guess
from ncr.scenario.importers.report import Report
from ncr.scenario.importers.yamltext import styled
from ncr.scenario.topology import Topology

COMPOSE = "compose.yml"
_COMMENTS = {
    "title": "Fill in: title, summary and objectives as participants read them; {nb: …, en: …} gives each language.",
    "duration": "Fill in: how long it takes to play.",
    "entries": "Guessed: keep those that lead somewhere participants should be.",
    "checks": "Guessed: each port offered is asked for a connection. http: {port, path, status} asks for more.",
}
_BRIEFING = {
    "nb": "# {title}\n\nSkriv her hva deltakerne skal gjøre, hva de har, og hva de ikke får røre.\n",
    "en": "# {title}\n\nWrite here what participants are to do, what they have, and what they must not touch.\n",
}


def furnish(draft: Draft, topology: Topology, report: Report, shells: Iterable[str] = ()) -> None:
    """Give a draft whose Compose file is text what is missing, by guesses that the report tells.

    `shells` are services in which people work; when nothing looks like a way in, a service to work from is added.
    """
    guessed = guess(topology.services, shells)
    draft.definition |= {"duration": "2h", "entries": guessed.entries, "checks": guessed.checks}
    draft.comments |= _COMMENTS
    title = str(draft.definition["title"]).replace("$", "$$")
    draft.briefing = {language: text.format(title=title) for language, text in _BRIEFING.items()}
    _tell(guessed, report)
    if guessed.workplace:
        name = free_name(topology.services)
        draft.compose = _with_workplace(str(draft.compose), name, topology)
        report.warn("no-entry", COMPOSE, f"nothing looks like a way in, so a service `{name}` is added")


def _tell(guessed: Guessed, report: Report) -> None:
    for entry in guessed.entries:
        where = entry.get("web") or entry.get("terminal")
        report.mapped(f"guess {where}", f"scenario.yml entries {entry['id']}", "looks like a way in")
    for check in guessed.checks:
        where = f"{check['service']}:{check['probe']['tcp']}"
        report.mapped(f"guess {where}", f"scenario.yml checks {check['id']}", "is offered, so it should answer")


def _with_workplace(text: str, name: str, topology: Topology) -> str:
    networks = [network for network in topology.networks if network != "default"]
    default = ["default"] if "default" in topology.networks else []
    sheet = Sheet(text, COMPOSE)
    service = {**WORKPLACE_SERVICE, **({"networks": [*default, *networks]} if networks else {})}
    sheet.doc["services"][name] = styled(service)
    return sheet.settle()
