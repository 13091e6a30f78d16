"""Regular expressions in answers: run in time linear in the answer, and tried before any team meets them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Any

import re2

from ncr.errors import Invalid
from ncr.scenario.interpolation import EXERCISE, TEAM, TEAM_NAME, fill, names
from ncr.scenario.model import Variable
from ncr.scenario.tasks import LONGEST_REGEX
from ncr.scenario.tree import Findings, Node, find
from ncr.scenario.variables import bounds, draw

MOST_TRIES = 64


@lru_cache(maxsize=512)
def pattern(regex: str, ignore_case: bool = False) -> Any:
    """The compiled expression, matched in time linear in the answer. Raises ValueError saying what it cannot hold."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(regex, options)
    except re2.error as error:
        detail = error.args[0]
        raise ValueError(detail.decode() if isinstance(detail, bytes) else str(detail)) from None


def fill_in(regex: str, words: Mapping[str, str]) -> str:
    """The expression with `${…}` filled in; a word stands for exactly itself."""
    return fill(regex, {name: re2.escape(word) for name, word in words.items()})


def check_expressions(root: Node, variables: Mapping[str, Variable], findings: Findings) -> None:
    """Findings for expressions that cannot be run, as written or with what a team's variables may come to."""
    for answer in find(root, "tasks.*.answer"):
        node, folds = answer.mapping.get("regex"), answer.mapping.get("ignore_case")
        # One that is too long has been found so, and may take much to compile.
        if node is not None and node.text is not None and len(node.text) <= LONGEST_REGEX:
            _check(node, node.text, folds is not None and folds.value is True, variables, findings)


def _check(node: Node, regex: str, ignore_case: bool, variables: Mapping[str, Variable], findings: Findings) -> None:
    try:
        for words in _drawn(regex, variables):
            pattern(fill_in(regex, words), ignore_case)
    except Invalid:
        return  # the name has been found unknown with all others
    except ValueError as error:
        findings.add(node.mark, f"is not a regular expression ({error}); no look-around or back-references")


def _drawn(regex: str, variables: Mapping[str, Variable]) -> Iterator[dict[str, str]]:
    """What the words of an expression may be: its numbers at both ends of what they are drawn from."""
    used = {name: variables[name] for name in sorted(names(regex) & variables.keys())} if "${" in regex else {}
    numbers = {name: bounds(variable) for name, variable in used.items() if variable.kind in ("number", "port")}
    others = {name: variable for name, variable in used.items() if name not in numbers}
    words = {EXERCISE: "exercise", TEAM: "team", TEAM_NAME: "Team", **draw(others, "check")}
    for ends in islice(product(*numbers.values()), MOST_TRIES):
        yield words | dict(zip(numbers, map(str, ends), strict=True))
