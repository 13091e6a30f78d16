"""The few programs a simulated container knows, so that it answers commands as a real one would."""

import time
from collections.abc import Mapping, Sequence

from ncr.runtime.engine import ExecResult
from ncr.runtime.objects import ROLE, ContainerSpec


def run_program(
    command: Sequence[str], files: Mapping[str, str], environment: Mapping[str, str], stdin: bytes, timeout_s: float
) -> ExecResult:
    """What `command` comes to: true, false, echo, cat, printenv and sleep; any other ends well and says nothing."""
    program, arguments = (command[0], tuple(command[1:])) if command else ("true", ())
    match program, arguments:
        case "false", _:
            return ExecResult(1, b"")
        case "echo", words:
            return ExecResult(0, (" ".join(words) + "\n").encode())
        case "cat", ():
            return ExecResult(0, stdin)
        case "cat", (path, *_):
            return _cat(files.get(path), path)
        case "printenv", (name, *_):
            return ExecResult(0, environment[name].encode() + b"\n") if name in environment else ExecResult(1, b"")
        case "sleep", (seconds, *_):
            return _sleep(float(seconds), timeout_s)
        case _:
            return ExecResult(0, b"")


def _cat(content: str | None, path: str) -> ExecResult:
    if content is None:
        return ExecResult(1, b"", f"cat: {path}: No such file or directory\n".encode())
    return ExecResult(0, content.encode("latin-1"))


def _sleep(seconds: float, timeout_s: float) -> ExecResult:
    time.sleep(min(seconds, timeout_s))
    return ExecResult(0 if seconds <= timeout_s else None, b"")


def run_container(spec: ContainerSpec, guarded: bool, timeout_s: float) -> ExecResult:
    """How a throw-away container ends; a probe of isolation finds what the guard does not close."""
    if spec.labels.get(ROLE) == "probe":
        return ExecResult(0, b"done\n" if guarded else b"open the host, for want of the guard\ndone\n")
    files = {file.path: file.content.decode("latin-1") for file in spec.files}
    command = (*(spec.entrypoint or ()), *(spec.command or ()))
    return run_program(command, files, spec.environment, b"", timeout_s)
