"""The variables of a Compose file: values from `.env` and the file's own defaults, written as our loader reads them."""

import re
from collections.abc import Callable, Mapping

from ncr.errors import Invalid

_REFERENCE = re.compile(
    r"\$\$|\$\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\$\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)",
)
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)")
# Looked for from where spaces begin only: from each of many it would take for ever.
_COMMENT = re.compile(r"(?<!\s)\s+#")


def dotenv(content: str) -> dict[str, str]:
    """The names and values of a `.env` file."""
    found = {}
    for line in content.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match:
            value = match[2]
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[match[1]] = value[1:-1] if quoted else _COMMENT.split(value, maxsplit=1)[0]
    return found


def rewritten(text: str, values: Mapping[str, str], known: frozenset[str], tell: Callable[[str, str], None]) -> str:
    """The text with every reference to what is not `known` given its value or default.

    `tell` is called with each such name and why it reads as it does. Raises Invalid for what must be set but is not.
    """
    return _REFERENCE.sub(lambda match: _reference(match, values, known, tell), text)


def _reference(
    match: re.Match[str], values: Mapping[str, str], known: frozenset[str], tell: Callable[[str, str], None]
) -> str:
    name = match[1] or match[4]
    if name is None or name in known:
        return match[0]
    operator, other, value = match[2] or "", match[3] or "", values.get(name)
    there = value is not None and (value != "" or ":" not in operator)
    if operator.endswith("+"):
        tell(name, "is written out as Compose would have")
        return rewritten(other, values, known, tell) if there else ""
    if value is not None and there:
        tell(name, "has its value from .env")
        return _with_default(name, value)
    if operator.endswith("?"):
        raise Invalid(f"`${{{name}}}` must be set; write {name}=… in a file .env beside the Compose file")
    if not operator:
        tell(name, "is set nowhere and reads as empty, as in Compose")
        return f"${{{name}:-}}"
    return f"${{{name}{operator}{rewritten(other, values, known, tell)}}}"


def _with_default(name: str, value: str) -> str:
    literal = value.replace("$", "$$")
    return literal if re.search(r"[{}$]", value) else f"${{{name}:-{literal}}}"
