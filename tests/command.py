"""The command `ncr` as a shell sees it: words in; exit code, standard output and standard error back."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from ncr.cli import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code in (0, 1), self
        return json.loads(self.out)


def ncr(*words: str, given: str = "") -> Done:
    """Run it; anything but an orderly end is raised."""
    out, err = _stream(), _stream()
    code: Any = 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["ncr", *words]),
        patch.object(sys, "stdin", io.StringIO(given)),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return Done(code, _text(out), _text(err))


def _stream() -> io.TextIOWrapper:
    # With bytes below, as the real ones have: some commands write bytes.
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def refused(code: int, said: str, *words: str) -> None:
    """The command ends with `code` and one message that holds `said`, and answers nothing."""
    done = ncr(*words)
    assert (done.code, done.out) == (code, ""), done
    assert said in done.err
    assert "Traceback" not in done.err
