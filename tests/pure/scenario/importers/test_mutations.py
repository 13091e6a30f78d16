"""Whatever becomes of a good file, an importer reads it or says where it is wrong; it never falls over."""

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import write
from tests.pure.scenario.importers import test_ctfcli, test_kypo, test_sdl

WORDS = re.compile(r"[\w.-]+")
ODD = [
    *(
        "",
        "null",
        "[]",
        "{}",
        "[null]",
        "{a: b}",
        "0",
        "-1",
        "1.5",
        "1e99",
        "99999999999",
        "true",
        "2026-01-01",
        "T+5m",
    ),
    *("..", "/", "'a b'", "'${NCR_TEAM}'", '"${secret}"', "'$$'", "'${'", "æøå", "'" + "x" * 300 + "'"),
    *("{", "}", "[", "]", ":", ",", "#", "&a", "*a", "!", "|", "'", '"', "%", "@", "`", "\t", "\n", "\x00", "\u202e"),
]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "put", "copy", "line"]), st.floats(0, 1, exclude_max=True), st.sampled_from(ODD)
    ),
    min_size=1,
    max_size=3,
)
SOURCES: Mapping[str, tuple[Mapping[str, str], Callable[[Path, Mapping[str, str]], Path]]] = {
    "sdl": ({"range.yml": test_sdl.WATERWORKS}, lambda folder, files: _put(folder, files) / "range.yml"),
    "ctfcli": (test_ctfcli.FILES, test_ctfcli.event),
    "kypo": ({**test_kypo.FILES, "training.json": json.dumps(test_kypo.TRAINING, indent=1)}, test_kypo.sandbox),
}


def _put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def mutated(text: str, edits: list[tuple[str, float, str]]) -> str:
    for kind, where, odd in edits:
        words, lines = list(WORDS.finditer(text)), text.splitlines(keepends=True)
        if not words:
            break
        at = words[int(where * len(words))]
        other = words[int((where * 7919) % 1 * len(words))][0]
        number = int(where * len(lines))
        text = {
            "drop": "".join(lines[:number] + lines[number + 1 :]),
            "line": "".join([*lines[:number], lines[int((where * 31) % 1 * len(lines))], *lines[number:]]),
            "put": text[: at.start()] + odd + text[at.end() :],
            "copy": text[: at.start()] + other + text[at.end() :],
        }[kind]
    return text


@pytest.mark.parametrize("kind", sorted(SOURCES))
@settings(max_examples=25, deadline=None)
@given(edits=EDITS, which=st.floats(0, 1, exclude_max=True))
def test_a_mutated_file_is_read_or_refused_with_its_place(
    kind: str, edits: list[tuple[str, float, str]], which: float
) -> None:
    files, put = SOURCES[kind]
    name = sorted(files)[int(which * len(files))]
    with tempfile.TemporaryDirectory() as folder:
        refused: ScenarioInvalid | None = None
        path = put(Path(folder), {**files, name: mutated(files[name], edits)})
        try:
            draft, report = formats.read(path)
            write(draft, report, Path(folder) / "into")
        except ScenarioInvalid as error:
            refused = error
        if refused is not None:
            assert refused.problems
            assert all(re.search(r":\d+:\d+$", problem.where) for problem in refused.problems)
            assert not (Path(folder) / "into").exists()
