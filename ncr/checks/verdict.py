"""What an answer to a check means, and whose fault it is when it is not the one hoped for; pure."""

from dataclasses import dataclass
from typing import Literal

State = Literal["up", "degraded", "recovering", "down", "error", "unknown"]
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Result:
    """A check's result and a line for people.

    `down` and `degraded` are the service's fault, `error` the checker's, `unknown` the platform's.
    """

    state: State
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (None when it ran out of time) and the beginning of what it printed."""

    exit_code: int | None
    stdout: str = ""


def of_exec(ended: Ended, expect: str | None) -> Result:
    """A command in the service's own container: up when it ends with 0 and prints what is expected, else down.

    Whatever goes wrong there is the service's fault: a team has the container in its hands, and must not be spared the
    cost of a broken service by breaking the command that looks at it.
    """
    if ended.exit_code is None:
        return Result("down", "ran out of time")
    if ended.exit_code != 0:
        return Result("down", f"ended with {ended.exit_code}")
    if expect is not None and expect not in ended.stdout:
        return Result("down", "did not print what was expected")
    return Result("up")


def of_script(ended: Ended) -> Result:
    """A checker's script: 0 up, 1 down, 2 degraded; anything else is the checker's own error.

    Out of time is down: the script knows its time, and a service that never answers must not pass for a broken checker.
    """
    states: dict[int | None, State] = {0: "up", 1: "down", 2: "degraded", None: "down"}
    lines = ended.stdout.strip().splitlines()
    message = "ran out of time" if ended.exit_code is None else lines[-1][:LONGEST] if lines else ""
    return Result(states.get(ended.exit_code, "error"), message)


def of_visit(status: int) -> Result:
    """A web page somebody goes to: whatever is told below 500 comes of a service that works, a refusal too."""
    return Result("up" if status < 500 else "down", f"answered {status}")


def of_http(status: int, body: str, wanted: int, contains: str | None) -> Result:
    """An HTTP answer: up when status and text are as wanted."""
    if status != wanted:
        return Result("down", f"answered {status}, not {wanted}")
    if contains is not None and contains not in body:
        return Result("down", f"the answer does not contain {contains!r}"[:LONGEST])
    return Result("up")
