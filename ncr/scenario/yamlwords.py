"""YAML's own errors in an author's words."""

from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError

BRACES = "a text with : , ? # { } [ or ] inside braces must stand in quotes"
_WORDS = (
    # (what the parser says is wrong, what it was doing) -> what an author should do
    ("expected ',' or", "", f"the braces or brackets opened on line {{line}} do not fit together; {BRACES}"),
    ("expected the node content", "flow", f"this is not a value; {BRACES}"),
    ("mapping values are not allowed", "", "a second `: ` on one line; quote the text, or see the line above"),
    ("sequence entries are not allowed", "", "`- ` cannot begin here; begin the list on the next line, or quote it"),
    ("character '\\t'", "", "a tab cannot indent; use spaces"),
    ("that cannot start any token", "", "a text cannot begin with {char}; put it in quotes"),
    ("unexpected end of stream", "quoted", "the quote opened on line {line} is never closed; close it"),
    ("found unexpected", "quoted", "the quote opened on line {line} is never closed; close it"),
    ("unknown escape character", "", "this backslash means nothing in double quotes; write \\\\ or use single quotes"),
    ("could not find expected ':'", "", "this line is neither `key: value` nor part of the text above; indent it"),
    ("but found ']'", "", f"a bracket is closed that was not opened; {BRACES}"),
    ("but found '}'", "", f"a brace is closed that was not opened; {BRACES}"),
    ("but found '<scalar>'", "", "text after a closing quote; put the whole text in quotes"),
    ("expected <block end>", "", "this does not line up with what began on line {line}; indent both alike"),
    ("expected '<document start>'", "", "this does not line up with the lines above; begin it in the first column"),
    ("expected alphabetic or numeric character", "", "a text cannot begin with & or *; put it in quotes"),
)  # fmt: skip


def explain(error: MarkedYAMLError, lines: Sequence[str]) -> tuple[tuple[int, int], str]:
    """((line, column), message) of a parser's error; lines and columns count from 1."""
    mark, opened = error.problem_mark, error.context_mark or error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if "stream end" in str(error.problem) or line >= len(lines):
        line, column = (opened.line, opened.column) if opened else (line, column)
    char = lines[line][column : column + 1] if line < len(lines) else ""
    message = _words(str(error.problem), str(error.context))
    message = message.replace("{line}", str(opened.line + 1 if opened else 1)).replace("{char}", char)
    return (line + 1, column + 1), message


def _words(problem: str, context: str) -> str:
    for said, doing, words in _WORDS:
        if said in problem and doing in context:
            return words
    return f"is not YAML here ({problem}); put texts in quotes and check the indentation"
