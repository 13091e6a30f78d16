"""YAML's own errors in an author's words."""

from collections.abc import Sequence

from yaml import MarkedYAMLError

BRACES = "a text with : , ? # { } [ or ] inside braces must stand in quotes"
_WORDS = (
    # (what the parser says is wrong, what it was doing) -> what an author should do
    ("expected ',' or", "", f"the braces or brackets opened on line {{line}} do not fit together; {BRACES}"),
    ("expected node content", "flow", f"this is not a value; {BRACES}"),
    ("expected node content", "", "this is not a value; put texts in quotes"),
    ("mapping values are not allowed", "", "a second `: ` on one line; quote the text, or see the line above"),
    ("sequence entries are not allowed", "", "`- ` cannot begin here; begin the list on the next line, or quote it"),
    ("that cannot start any token", "", "a text cannot begin with {char}; put it in quotes"),
    ("found unexpected", "quoted", "the quote opened on line {line} is never closed; close it"),
    ("unknown escape character", "", "this backslash means nothing in double quotes; write \\\\ or use single quotes"),
    ("could not find expected ':'", "", "this line is neither `key: value` nor part of the text above; indent it"),
    ("expected key", "", "this does not line up with what began on line {line}; indent both alike"),
    ("expected '-'", "", "this does not line up with what began on line {line}; indent both alike"),
    ("expected <document start>", "", "this does not line up with the lines above; begin in the first column"),
    ("", "block scalar", "a text cannot begin with | or > and go on on its line; put it in quotes"),
    ("found unexpected ':'", "", f"`:` in a text inside braces; {BRACES}"),
    ("mapping keys are not allowed", "", "a text cannot begin with `? `; put it in quotes"),
    ("", "directive", "a line cannot begin with %; put the text in quotes"),
    ("", "tag", "a text cannot begin with !; put it in quotes"),
    ("hexdecimal", "", "this backslash means nothing in double quotes; write \\\\ or use single quotes"),
    ("tab character", "", "a tab cannot indent; use spaces"),
    ("expected alphabetic or numeric", "", "a text cannot begin with & or *; put it in quotes"),
)  # fmt: skip
_ELSEWHERE = ("expected key", "expected <document start>", "expected '-'", "expected node content")
# What stands where the parser expected another line: told before what the parser says of it.
_MISPLACED = {
    "\t": "a tab cannot indent; use spaces",
    "]": f"a bracket is closed that was not opened; {BRACES}",
    "}": f"a brace is closed that was not opened; {BRACES}",
}


def explain(error: MarkedYAMLError, lines: Sequence[str]) -> tuple[tuple[int, int], str]:
    """((line, column), message) of a parser's error; lines and columns count from 1."""
    mark, opened = error.problem_mark, error.context_mark or error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if opened and line >= len(lines):
        line, column = opened.line, opened.column
    if lines and line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    text = lines[line] if line < len(lines) else ""
    words = _misplaced(str(error.problem), text, column) or _words(str(error.problem), str(error.context))
    words = words.replace("{line}", str(opened.line + 1 if opened else 1)).replace("{char}", text[column : column + 1])
    return (line + 1, column + 1), words


def _misplaced(problem: str, text: str, column: int) -> str | None:
    char, before = text[column : column + 1], text[:column].rstrip()
    if char == "\t" or any(said in problem for said in _ELSEWHERE):
        if before.endswith(("'", '"')) and char not in "]}":
            return "text after a closing quote; put the whole text in quotes"
        return _MISPLACED.get(char)
    return None


def _words(problem: str, context: str) -> str:
    for said, doing, words in _WORDS:
        if said in problem and doing in context:
            return words
    return f"is not YAML here ({problem}); put texts in quotes and check the indentation"
