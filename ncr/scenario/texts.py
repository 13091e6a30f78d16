"""The texts of a scenario: languages, the names in `${…}`, files that must be there."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass

from ncr.errors import Invalid
from ncr.scenario.files import LARGEST_HANDOUT, LARGEST_SCRIPT, Directory
from ncr.scenario.interpolation import EXERCISE, TEAM, TEAM_NAME, known_names, names
from ncr.scenario.model import LANGUAGES
from ncr.scenario.tree import Findings, Mark, Node, find, nearest, walk

# What a team reads by itself or is asked for; everything else that is said is said to all teams alike.
_OWN = (
    *("tasks.*.text", "tasks.*.hints.*.text", "tasks.*.choice.options.*.text", "tasks.*.explanation"),
    *("tasks.*.flag", "tasks.*.answer", "injects.*.title", "injects.*.from", "injects.*.say"),
)
# A shell's own ${…} stands in these; they reach the service as they are written.
_COMMANDS = ("checks.*.probe", "checks.*.expect", "injects.*.exec", "tasks.*.flag.deliver")
_USED = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?=[:}-])")
_NOT_IN_COMMANDS = "is not replaced in checks and commands; read it in the service, from its environment"
_NOT_FOR_ALL = "is each team's own, and this is the same for all; use it in what a team alone reads, as a task's text"


def check_texts(root: Node, briefing: Mapping[str, str], used: frozenset[str], findings: Findings) -> None:
    """Findings for unknown names and names out of place; notes for missing languages and unused variables."""
    variables = next((node for node in find(root, "variables")), None)
    declared = frozenset(variables.mapping if variables else ())
    known = known_names(declared, ())
    mentioned = {*used}
    own, commands = _inside(root, _OWN), _inside(root, _COMMANDS)
    for inject in find(root, "injects.*"):
        if [node.text for node in find(inject, "to.*")] == ["staff"]:
            own -= _inside(inject, ("title", "from", "say"))
    for node in walk(root):
        _note_language(node, findings)
        if not isinstance(node.value, str) or "${" not in node.value:
            continue
        if id(node) in commands:
            _refuse_names(node, known, _NOT_IN_COMMANDS, findings)
        elif id(node) in own:
            mentioned |= _names(node.value, node.mark, known, findings)
        else:
            _refuse_names(node, known, _NOT_FOR_ALL, findings)
    for language, text in briefing.items():
        mentioned |= _names(text, Mark(f"briefing.{language}.md"), known, findings)
    for name in declared - mentioned:
        if variables is not None:
            findings.note(variables.keys[name], f"the variable `{name}` is never used; use ${{{name}}} or remove it")


def _inside(root: Node, patterns: tuple[str, ...]) -> set[int]:
    return {id(inside) for pattern in patterns for node in find(root, pattern) for inside in walk(node)}


def _refuse_names(node: Node, known: frozenset[str], why: str, findings: Findings) -> None:
    for name in sorted(known.intersection(_USED.findall(node.text or ""))):
        findings.add(node.mark, f"`${{{name}}}` {why}")


def _names(text: str, mark: Mark, known: frozenset[str], findings: Findings) -> frozenset[str]:
    try:
        found = names(text)
    except Invalid as error:
        findings.add(mark, error.detail)
        return frozenset()
    for name in sorted(found - known):
        if name.startswith("FLAG_"):
            findings.add(mark, f"`${{{name}}}` would give a flag away; flags are for Compose files, remove it here")
        else:
            right = nearest(name, known - {TEAM, TEAM_NAME, EXERCISE} or known)
            findings.add(mark, f"`${{{name}}}` is no variable here; {right} For the text itself write $${{{name}}}")
    return found


def names_of(value: object) -> frozenset[str]:
    """Every name in the templates of a service, however deep; what is no template is told of where it stands."""
    found: set[str] = set()
    for text in _strings(value):
        with suppress(Invalid):
            found |= names(text)
    return frozenset(found)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, tuple):
        for child in value:
            yield from _strings(child)
    elif is_dataclass(value):
        for member in fields(value):
            yield from _strings(getattr(value, member.name))


def _note_language(node: Node, findings: Findings) -> None:
    given = node.mapping.keys()
    if given and given < set(LANGUAGES):
        missing = next(language for language in LANGUAGES if language not in given)
        findings.note(node.mark, f"has no text in `{missing}`; the other language is shown instead")


def check_files(root: Node, directory: Directory) -> None:
    """Findings for hand-outs and scripts that are named but not there or too large."""
    for node in find(root, "checks.*.probe.script"):
        name = directory.resolve_file(node.text or "", node.mark, largest=LARGEST_SCRIPT)
        if name is not None and not name.endswith(".py"):
            directory.findings.add(node.mark, f"`{name}` is not a Python script; write checks/NAME.py")
    for node in find(root, "tasks.*.files.*"):
        name = directory.resolve_file(node.text or "", node.mark, largest=LARGEST_HANDOUT)
        if name is not None and not name.startswith("files/"):
            directory.findings.add(node.mark, f"`{name}` is not in files/, where hand-outs lie; move it there")
    for node in find(root, "duel.services.*"):
        directory.resolve_file(f"checks/{node.text}.py", node.mark, largest=LARGEST_SCRIPT)
