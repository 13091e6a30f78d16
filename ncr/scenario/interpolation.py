"""`${NAME}` and `$$` in texts and Compose files, with names from a closed set."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ncr.errors import Invalid

TEAM, TEAM_NAME, EXERCISE = "NCR_TEAM", "NCR_TEAM_NAME", "NCR_EXERCISE"
# In what the teams share: what each of them is called there.
TEAMS = "NCR_TEAMS"
DEEPEST = 16
_OPENING = re.compile(r"\$\$|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"\$\$|\$\{|\$([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """One `${name}` or `${name:-default}`."""

    name: str
    default: str | None = None


def flag_name(task: str) -> str:
    """The name a task's flag goes by: FLAG_FIND_HMI for find-hmi."""
    return "FLAG_" + task.upper().replace("-", "_")


def known_names(variables: Iterable[str], tasks_with_flag: Iterable[str]) -> frozenset[str]:
    """Every name a scenario may use: the team, the exercise, its variables, and the flag of each task with one."""
    return frozenset({TEAM, TEAM_NAME, EXERCISE, *variables, *map(flag_name, tasks_with_flag)})


def parts(text: str) -> list[str | Reference]:
    """The text cut into plain pieces (`$$` is `$`) and references. Raises Invalid for a `${` that is no reference."""
    found: list[str | Reference] = []
    at = 0
    while match := _OPENING.search(text, at):
        found.append(text[at : match.start()])
        if match[0] == "$$":
            found.append("$")
            at = match.end()
        else:
            end = _closing(text, match.end())
            found.append(_reference(text[match.end() : end]))
            at = end + 1
    return [part for part in (*found, text[at:]) if part != ""]


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """The text with every `${name}` replaced; a name without a value takes its default. Raises Invalid without one."""
    return "".join(part if isinstance(part, str) else _value(part, values) for part in parts(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text for people, or an answer, with every `${name}` replaced; one without any stays as it is.

    `$$` there is two signs: an expression may end a line with one, and a flag may hold any.
    """
    return interpolate(text, values) if "${" in text else text


def names(text: str) -> frozenset[str]:
    """The names a text refers to, inside defaults too."""
    references = [part for part in parts(text) if isinstance(part, Reference)]
    inner = [names(reference.default) for reference in references if reference.default]
    return frozenset(reference.name for reference in references).union(*inner)


def settled(text: str, known: frozenset[str]) -> str:
    """A Compose string as a plain template: `$NAME` is `${NAME}`, a name outside `known` is its default.

    Raises Invalid naming what is neither known nor has a default.
    """
    bare = _BARE.sub(lambda match: "${" + match[1] + "}" if match[1] else match[0], text)
    return "".join(_kept(part, known) for part in parts(bare))


def literal(text: str) -> str:
    """The template that interpolates to exactly this text."""
    return text.replace("$", "$$")


def _kept(part: str | Reference, known: frozenset[str]) -> str:
    if isinstance(part, str):
        return literal(part)
    if part.name in known:
        return "${" + part.name + "}"
    if part.default is None:
        raise Invalid(f"`${{{part.name}}}` is no variable here; declare it, or write $${{{part.name}}} for the text")
    return settled(part.default, known)


def _value(reference: Reference, values: Mapping[str, str]) -> str:
    if reference.name in values:
        return values[reference.name]
    if reference.default is None:
        raise Invalid(f"`${{{reference.name}}}` has no value here")
    return interpolate(reference.default, values)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "}":
            if depth == 0:
                return at
            depth -= 1
        elif text.startswith("${", at):
            depth += 1
            if depth > DEEPEST:
                raise Invalid(f"`${{` stands over {DEEPEST} deep in other defaults; make it simpler")
    raise Invalid("`${` is never closed; write ${name}, or $${ for the text itself")


def _reference(inside: str) -> Reference:
    match = _NAME.match(inside)
    rest = inside[match.end() :] if match else inside
    if match and not rest:
        return Reference(match[0])
    if match and rest.startswith((":-", "-")):
        return Reference(match[0], rest.removeprefix(":").removeprefix("-"))
    raise Invalid(f"`${{{inside[:40]}}}` is not understood; write ${{name}} or ${{name:-default}}")
