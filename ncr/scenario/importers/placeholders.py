"""Images that stand for what an importer cannot fetch: they start, do nothing, and say what is to be filled in."""

from collections.abc import Iterable

BASE = "ncr/base:bookworm"
# What every base image has.
_THERE = frozenset({"root", "student"})
FILL_IN = "FILL IN"


def dockerfile(image: str | None, stands_for: str, users: Iterable[str] = (), lines: Iterable[str] = ()) -> bytes:
    """A Dockerfile from an image, or from the base with a word on what it stands for; with its users and more lines."""
    wanted = sorted(set(users) - _THERE)
    head = [] if image else [f"# {FILL_IN}: this stands for {_one_line(stands_for)}. It starts, and does nothing yet:",
                             "# install below what that holds, and start it in CMD."]  # fmt: skip
    made = [f"RUN id -u {user} > /dev/null 2>&1 || useradd --badname --create-home --shell /bin/bash {user}"
            for user in wanted]  # fmt: skip
    tail = [] if image else ['CMD ["sleep", "infinity"]']
    return "\n".join([*head, f"FROM {image or BASE}", *made, *lines, *tail, ""]).encode()


def script(what: str, ending: str) -> bytes:
    """A shell script that says what is to be filled in and ends the way given."""
    return f"#!/bin/sh\n# {FILL_IN}: {_one_line(what)}.\n{ending}\n".encode()


def _one_line(text: str) -> str:
    return " ".join(text.split())
