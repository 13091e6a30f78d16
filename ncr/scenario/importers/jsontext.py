"""Reads JSON as a tree in which every value knows its line and column, by the YAML reader and its bounds."""

import json
import re

from ncr.scenario import yamlfile
from ncr.scenario.tree import Findings, Mark, Node

_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def read(content: bytes, file: str, findings: Findings) -> Node | None:
    """The tree of a JSON file's content; None when it cannot be read, and then the findings say why."""
    if len(content) > yamlfile.LARGEST_BYTES:
        return yamlfile.read(content, file, findings)
    try:
        # Tabs stand between JSON's values only, and YAML does not have them there; columns stay the same.
        text = _PAIR.sub(_joined, content.decode("utf-8-sig").replace("\t", " "))
        json.loads(text)
    except UnicodeDecodeError:
        return yamlfile.read(content, file, findings)
    except json.JSONDecodeError as error:
        findings.add(Mark(file, error.lineno, error.colno), f"is not JSON ({error.msg}); correct it")
        return None
    except (RecursionError, ValueError):
        findings.add(Mark(file), "is nested deeper, or holds a longer number, than can be read; make it simpler")
        return None
    return yamlfile.read(text.encode(), file, findings)


def _joined(match: re.Match[str]) -> str:
    high, low = (int(part, 16) for part in match.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
