"""The flags of a challenge as answers here: one, any of several, or all of them."""

from typing import Any

import re2

from ncr.scenario.expressions import pattern
from ncr.scenario.importers.ctfcli.model import Challenge, FlagFields
from ncr.scenario.importers.naming import as_text
from ncr.scenario.tree import Findings, Node

LONGEST_REGEX = 500
MOST_FLAGS = 100
_WRONG = "NCR{not-this-one}"


def check(root: Node, challenge: Challenge, findings: Findings) -> None:
    """Problems for flags that no answer here can be made of."""
    if len(challenge.flags) > MOST_FLAGS:
        findings.add(root.mapping["flags"].mark, f"are over {MOST_FLAGS}; keep fewer of them")
        return
    for node, flag in zip(root.mapping["flags"].items, challenge.flags, strict=True):
        where = node.mapping.get("content", node).mark
        if flag.type not in ("static", "regex"):
            at = node.mapping.get("type", node).mark
            findings.add(at, f"`{flag.type[:40]}` is a plugin's kind of flag; write static or regex")
        elif flag.type == "regex":
            try:
                pattern(flag.content, _ignores_case(flag))
            except ValueError as error:
                findings.add(where, f"is not a regular expression here ({error}); no look-around or back-references")
            if len(flag.content) > LONGEST_REGEX:
                findings.add(where, f"has over {LONGEST_REGEX} characters; write a shorter expression")
    if not findings.problems and challenge.logic != "all" and len(_together(challenge.flags)) > LONGEST_REGEX:
        message = f"come to an expression of over {LONGEST_REGEX} characters; keep fewer of them"
        findings.add(root.mapping["flags"].mark, message)


def answers(challenge: Challenge) -> list[dict[str, Any]]:
    """What makes a task's answer right; several where every flag must be found, which are as many tasks here."""
    if challenge.logic == "all":
        return [_one(flag) for flag in challenge.flags]
    if len(challenge.flags) == 1:
        return [_one(challenge.flags[0])]
    return [{"answer": {"regex": as_text(_together(challenge.flags))}}]


def known(challenge: Challenge) -> list[str | None]:
    """A right answer to each of `answers`, where the flags tell one."""
    told = [flag.content.strip() if flag.type == "static" else None for flag in challenge.flags]
    return told if challenge.logic == "all" else [next((one for one in told if one), None)]


def wrong(challenge: Challenge) -> str | None:
    """An answer that is wrong for certain; None when none is known."""
    return None if any(_takes(flag, _WRONG) for flag in challenge.flags) else _WRONG


def _takes(flag: FlagFields, answer: str) -> bool:
    if flag.type == "regex":
        return pattern(flag.content, _ignores_case(flag)).fullmatch(answer) is not None
    return flag.content.casefold() == answer.casefold()


def _one(flag: FlagFields) -> dict[str, Any]:
    folds: dict[str, Any] = {"ignore_case": True} if _ignores_case(flag) else {}
    content = as_text(flag.content.strip() if flag.type == "static" else flag.content)
    if flag.type == "regex":
        return {"answer": {"regex": content, **folds}}
    return {"answer": {"exact": content, **folds}} if folds else {"flag": content}


def _together(flags: tuple[FlagFields, ...]) -> str:
    return "|".join(f"(?{'i' if _ignores_case(flag) else ''}:{_expression(flag)})" for flag in flags)


def _expression(flag: FlagFields) -> str:
    found = re2.escape(flag.content.strip()) if flag.type == "static" else flag.content
    return str(found)


def _ignores_case(flag: FlagFields) -> bool:
    return flag.data == "case_insensitive"
