"""Every Python script of a scenario is parsed, and never run."""

import ast
import warnings

from ncr.scenario.files import LARGEST_SCRIPT, Directory
from ncr.scenario.tree import Findings, Mark

_FOLDERS = ("checks/", "play/")
# Parsing takes seconds and hundreds of MiB for what looks like little.
LARGEST_TOGETHER = 256 * 1024


def check_scripts(directory: Directory) -> None:
    """Findings for scripts that are too large or do not parse."""
    left = LARGEST_TOGETHER
    for name in directory.files:
        is_script = name.startswith(_FOLDERS) and name.endswith(".py")
        if is_script and directory.resolve_file(name, Mark(name), largest=LARGEST_SCRIPT) is not None:
            left -= directory.files[name]
            if left < 0:
                limit = f"{LARGEST_TOGETHER // 1024} KiB"
                directory.findings.add(Mark(name), f"brings the scripts over {limit} together; make them smaller")
                return
            _check(name, directory.read(name), directory.findings)


def _check(name: str, content: bytes, findings: Findings) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content, name)
    except SyntaxError as error:
        mark = Mark(name, error.lineno or 1, max(error.offset or 1, 1))
        findings.add(mark, f"does not parse as Python ({error.msg}); correct it")
    except (ValueError, RecursionError, MemoryError) as error:
        findings.add(Mark(name), f"does not parse as Python ({error or type(error).__name__}); correct it")
