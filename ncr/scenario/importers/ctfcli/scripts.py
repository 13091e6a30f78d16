"""Health checks and solutions: read from the challenge's folder, and whether and how they can run here."""

import ast
import sys
import warnings
from pathlib import PurePosixPath

from ncr.scenario.files import LARGEST_SCRIPT, Directory
from ncr.scenario.importers.ctfcli.event import Found
from ncr.scenario.importers.ctfcli.making import Making

_CHECK = '''\
"""{what}, run as ctfcli runs it; ending with anything but 0 is down."""

import sys

SOURCE = {source!r}

sys.argv = ["healthcheck", "--connection-info", {info!r}]
try:
    exec(compile(SOURCE, "healthcheck", "exec"), {{"__name__": "__main__"}})
except SystemExit as ended:
    sys.exit(1 if ended.code else 0)
except Exception as error:
    print(type(error).__name__, error)
    sys.exit(1)
'''


def place(making: Making, found: Found, key: str, written: str) -> str | None:
    """A file that a challenge names, relative to its folder; None, with a problem, when it is not there or outside."""
    node = found.root.mapping[key]
    directory = Directory(found.folder, making.findings)
    directory.survey()
    return directory.resolve_file(written, node.mark, largest=LARGEST_SCRIPT)


def read(making: Making, found: Found, key: str, written: str) -> str | None:
    """The text of a file that a challenge names; None, with a problem, when there is none."""
    name = place(making, found, key, written)
    if name is None:
        return None
    try:
        return (found.folder / name).read_text()
    except UnicodeDecodeError:
        making.refuse(found, key, f"`{written}` is not UTF-8 text; save it as UTF-8")
    return None


def unfit(source: str, name: str) -> str:
    """Why a script cannot be a check here; empty when it can."""
    if PurePosixPath(name).suffix != ".py":
        return "is no Python script, and checks here are"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "does not parse as Python 3"
    foreign = sorted(_imported(tree) - sys.stdlib_module_names)
    return f"needs {', '.join(foreign)}, which checks here do not have" if foreign else ""


def as_check(source: str, connection: str) -> bytes:
    """The script as a check of ours, told the connection as ctfcli tells it."""
    return _CHECK.format(what="A challenge's own health check", source=source, info=connection).encode()


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
