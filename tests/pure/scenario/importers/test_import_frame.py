"""The frame of imports: YAML reads back as it was, reports lose nothing, a scenario is written whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncr.errors import Refused, ScenarioInvalid
from ncr.scenario import yamlfile
from ncr.scenario.importers import formats, sources
from ncr.scenario.importers.frame import Draft, write
from ncr.scenario.importers.report import UNKNOWN, Report, step
from ncr.scenario.importers.yamltext import yaml_text
from ncr.scenario.tree import Findings, Node, plain

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf")) | st.sampled_from("\n :#{}[]'\"-"))
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(WORDS, inner, min_size=1),
    max_leaves=12,
)
COMPOSE = {"services": {"web": {"image": "ncr/base:bookworm", "expose": ["80"]}}}


def read(text: str) -> Node:
    findings = Findings()
    root = yamlfile.read(text.encode(), "f.yml", findings)
    assert root is not None
    assert not findings.problems
    return root


def draft(**changed: Any) -> Draft:
    definition = {"title": "Imported", "summary": "Something", "duration": "60m"}
    return Draft(**{"id": "thing", "definition": definition, "compose": COMPOSE, **changed})


def report() -> Report:
    made = Report("source.yml", "a format")
    made.mapped("a", "services.web", "it fits")
    return made


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1), VALUES, min_size=1))
def test_what_is_written_reads_back_as_it_was(value: dict[str, Any]) -> None:
    kept = {key: member for key, member in value.items() if member not in ([], {}, ())}
    assert plain(read(yaml_text(value, dict.fromkeys(value, "see to this"), "above all"))) == kept


def test_yaml_is_pleasant_to_read() -> None:
    text = yaml_text(
        {"ncr": 1, "modes": ["exercise"], "tasks": [{"id": "a", "text": "one\n\n* two\n"}]}, {"tasks": "points"}, "Hei"
    )
    assert text == (
        "# Hei\nncr: 1\nmodes: [exercise]\n\n# points\ntasks:\n  - id: a\n    text: |\n      one\n\n      * two\n"
    )


def test_nothing_in_the_source_is_lost_silently() -> None:
    root = read("a: {b: 1, c: 2, d: {e: 3}}\nf: [1, {g: 2}]\nh.i: 4\nj: {}\n")
    account = Report("s", "f")
    account.carried("a.b", "x")
    account.mapped("f[1]", "y")
    account.finish(root)
    left = {entry.source for entry in account.entries if entry.why == UNKNOWN}
    assert left == {"a.c", "a.d", "f[0]", '["h.i"]', "j"}
    assert account.counts() == {"carried": 1, "mapped": 1, "left": 5}


def test_the_report_s_table_keeps_its_columns() -> None:
    account = Report("s", "f")
    account.left(step("a", "x|y`z"), "one | two\nthree")
    account.warn("speed-0", "s:1:1", "divides\nby zero")
    assert '| `a["x\\|y´z"]` | left |  | one \\| two three |' in account.markdown()
    assert "* **speed-0** at `s:1:1`: divides by zero" in account.markdown()


def test_a_scenario_and_its_report_are_written(tmp_path: Path) -> None:
    extra: dict[str, bytes | Path] = {"files/map.txt": b"x"}
    scenario = write(draft(files=extra, briefing={"en": "Hello\n"}), report(), tmp_path / "into")
    assert scenario.path == tmp_path / "into" / "thing"
    assert (scenario.path / "files/map.txt").read_bytes() == b"x"
    assert json.loads((tmp_path / "into/thing.import-report.json").read_text())["mapped"] == 1
    assert "it fits" in (tmp_path / "into/thing.import-report.md").read_text()
    assert sorted(path.name for path in (tmp_path / "into").iterdir()) == [
        *("thing", "thing.import-report.json", "thing.import-report.md")
    ]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"definition": {"duration": "soon"}}, ScenarioInvalid),
        ({"compose": {"services": {"web": {"image": "a", "privileged": True}}}}, ScenarioInvalid),
        ({"files": {"../outside": b""}}, Refused),
        ({"files": {"/outside": b""}}, Refused),
        ({"id": "Not an id"}, Refused),
        ({"id": ".."}, Refused),
    ],
)
def test_what_does_not_pass_is_not_written(tmp_path: Path, changed: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        write(draft(**changed), report(), tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thing").symlink_to("nowhere")
    with pytest.raises(Refused, match="is there already"):
        write(draft(), report(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: {b\n", "thing.txt:1:4: the braces"),
        (b"\xff\n", "thing.txt:1:1: is not UTF-8"),
        (b"a: 1\n", "thing.txt:1:1: is of no format"),
        (b"a: " + b"x" * 300_000, "thing.txt:1:1: is larger than"),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "thing.txt"
    path.write_bytes(content)
    with pytest.raises(ScenarioInvalid, match=message.replace("{", "{")):
        formats.read(path)


def test_links_are_never_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to("/etc/hostname")
    with pytest.raises(ScenarioInvalid, match="is not a file"):
        sources.content(tmp_path / "link.yml")
    with pytest.raises(ScenarioInvalid, match="is a link"):
        sources.survey(tmp_path)
