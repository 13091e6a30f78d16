"""Writes YAML as an author would: blocks, short lists on one line, long texts as they read, comments where asked."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

WIDTH = 120
_SHORT = 90
# A block text keeps these lines as they are; anything else is safer in quotes.
_BLOCK = re.compile(r"(?![ \n])[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
_WORD = re.compile(r"[\w/.][\w /.+@=-]*")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")


def yaml_text(value: Mapping[str, Any], comments: Mapping[str, str] | None = None, header: str = "") -> str:
    """The file's text; `comments` stand above the top-level keys they are for, `header` above all.

    Keys without a value, or with an empty list or mapping, are left out.
    """
    parts = [_commented(header)] if header else []
    for key, member in value.items():
        if member is not None and member not in ([], {}, ()):
            parts.append(_commented((comments or {}).get(key, "")) + dump(CommentedMap({key: styled(member)})))
    return _joined(parts)


def dump(value: Any) -> str:
    """A tree of ruamel's as text."""
    stream = io.StringIO()
    writer().dump(value, stream)
    return stream.getvalue()


def writer() -> YAML:
    """A reader and writer that keeps comments, order and quotes."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width, yaml.preserve_quotes = WIDTH, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    # An anchor may be set anew: no reason to write to standard error.
    cast(Any, yaml.composer).warn_double_anchors = False
    return yaml


def styled(value: Any) -> Any:
    """A plain value as ruamel's, in the style that reads best."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return CommentedMap((key, styled(child)) for key, child in value.items())
    if isinstance(value, Sequence):
        items = CommentedSeq([styled(child) for child in value])
        if _is_short(items):
            items = CommentedSeq([_in_brackets(child) for child in items])
            items.fa.set_flow_style()
        return items
    return value


def _is_short(items: Sequence[Any]) -> bool:
    one_line = all(not isinstance(item, Mapping | list | LiteralScalarString) for item in items)
    return one_line and sum(len(str(item)) + 2 for item in items) < _SHORT


def _text(text: str) -> str:
    if "\n" in text and _BLOCK.fullmatch(text):
        return str.__new__(LiteralScalarString, text)
    return text if _PLAIN.fullmatch(text) else str.__new__(DoubleQuotedScalarString, text)


def _in_brackets(value: Any) -> Any:
    # Inside brackets more characters mean something than ruamel reckons with: `[?0]` would be a mapping.
    if isinstance(value, str) and not _WORD.fullmatch(value):
        return str.__new__(DoubleQuotedScalarString, value)
    return value


def _commented(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _joined(parts: Sequence[str]) -> str:
    # Long parts stand apart; the first few short keys of a file stay together.
    text = ""
    for part in parts:
        tall = part.count("\n") > 1
        text += ("\n" if text and (tall or text.endswith("\n\n")) else "") + part + ("\n" if tall else "")
    return text.rstrip("\n").replace("\n\n\n", "\n\n") + "\n"
