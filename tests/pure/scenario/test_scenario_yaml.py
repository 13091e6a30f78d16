"""YAML: what authors most often get wrong is told in their words, and what attackers send costs little."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncr.scenario import yamlfile
from ncr.scenario.tree import Findings, Node, plain
from tests.pure.scenario.directories import COMPOSE, DEFINITION, problems, write

SAID = [
    ("a: {nb: ? hva, en: x}\n", "1:9: this is not a value; a text with"),
    ("a: {nb: Hei: du, en: x}\n", "1:12: the braces or brackets opened on line 1 do not fit together"),
    ("a: {nb: Sak #12, en: x}\n", "1:4: the braces or brackets opened on line 1"),
    ("a: {nb: Hei, du, en: x}\n", "1:14: `du` has no value; a text with a comma inside braces must stand in quotes"),
    ("a: {nb: NCR{x}, en: y}\n", "1:12: the braces or brackets opened on line 1"),
    ("a: Hei: du\n", "1:7: a second `: ` on one line"),
    ("a: @x\n", "1:4: a text cannot begin with @; put it in quotes"),
    ("a: `x\n", "1:4: a text cannot begin with `"),
    ("\ta: b\n", "1:1: a tab cannot indent; use spaces"),
    ("a: 'b\nc: d\n", "1:4: the quote opened on line 1 is never closed"),
    ('a: "x" y\n', "1:8: text after a closing quote"),
    ('a: "\\q"\n', "1:5: this backslash means nothing in double quotes"),
    ("a: - b\n", "1:4: `- ` cannot begin here"),
    ("a:\n  - b\n c: d\n", "3:2: this does not line up with what began on line 1"),
    ("  a: 1\n b: 2\n", "2:2: this does not line up with the lines above"),
    ("a: [\n", "1:5: this is not a value"),
    ("a: [1, 2]]\n", "1:10: a bracket is closed that was not opened"),
    ("a: {{ x }}\n", "1:5: is not a key; a text that begins with { or [ must stand in quotes"),
    ("a: |x\n  b\n", "1:5: a text cannot begin with | or >"),
    ("a: {b:[ c]}\n", "1:6: `:` in a text inside braces"),
    ("a: ? b\n", "1:4: a text cannot begin with `? `"),
    ("a: 1\n% b\n", "2:2: a line cannot begin with %"),
    ('a: !"b"\n', "1:5: a text cannot begin with !"),
    ('a: "\\uth"\n', "1:7: this backslash means nothing in double quotes"),
    ("a: b\n\tc: d\n", "2:1: a tab cannot indent"),
    ("a:\n  }- b\n", "2:3: a brace is closed that was not opened"),
    ("a: & b\n", "1:5: a text cannot begin with & or *"),
    ("a: 1\nb\n", "2:1: this line is neither `key: value`"),
    ("a: *b\n", "1:4: refers to `&b`, which is not above"),
    ("&a [*a]\n", "1:5: `*a` stands inside `&a` itself"),
    ("a: !!python/object:os.system x\n", "1:4: has the tag `!!python/object:os.system`"),
    ("a: !own x\n", "1:4: has the tag `!own`"),
    ("a: 1\na: 2\n", "2:1: `a` stands twice (first on line 1)"),
    ("a: 1\n---\nb: 2\n", "2:1: begins a second document"),
    ("", "1:1: is empty"),
    ("a: 1e999\n", "1:4: `1e999` is no number that fits here"),
    ("a: .inf\n", "1:4: `.inf` is no number that fits here"),
    (f"a: {'9' * 400}\n", "is no number that fits here"),
    (f"a: {'9' * 5000}\n", "is no number that fits here"),
    ('a: "\\x00"\n', "1:4: holds a control, direction or broken character"),
    ("a: \u202eabc\n", "1:4: holds a control, direction or broken character"),
    ("a: 1\n\x01: b\n", "2:1: holds a character that text files may not hold"),
    ("[" * 100 + "]" * 100, "is nested deeper than 32 levels"),
    ("a: &a [1, [1, [1]]]\n" + "b: " + "[" * 29 + "*a" + "]" * 29, "nests deeper than 32 levels by its aliases"),
]


def read(text: str | bytes) -> tuple[Node | None, list[str]]:
    findings = Findings()
    node = yamlfile.read(text if isinstance(text, bytes) else text.encode(), "x.yml", findings)
    return node, [str(problem) for problem in findings.sorted_problems()]


@pytest.mark.parametrize(("text", "said"), SAID, ids=[said[:40] for _, said in SAID])
def test_a_yaml_error_is_explained_in_an_authors_words(text: str, said: str) -> None:
    _, found = read(text)
    assert any(said in one and one.startswith("x.yml:") for one in found), found


def test_values_are_read_as_authors_mean_them() -> None:
    node, found = read("{a: yes, b: 0x1f, c: 2024-01-01, d: '1', e: ~, f: true, g: 1_000, h: 22:22, 8080: x, i: }")
    assert not found
    assert node is not None
    assert plain(node) == {
        "a": "yes", "b": 31, "c": "2024-01-01", "d": "1", "e": None, "f": True, "g": 1000, "h": "22:22", "8080": "x",
        "i": None,
    }  # fmt: skip


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.process_time()
    node, found = read("\n".join(lines))
    assert node is None
    assert "writes out to more than 6000 values by its aliases" in found[0]
    assert time.process_time() - started < 1


def test_a_file_over_256_kib_is_refused_unread() -> None:
    assert read(b"a: 1\n" * 60_000) == (
        None,
        ["x.yml:1:1: is larger than 256 KiB; split it or move data to other files"],
    )


def test_a_file_that_is_not_utf8_is_refused_with_its_line() -> None:
    assert read(b"a: 1\nb: \xff\n")[1] == ["x.yml:2:1: is not UTF-8 text; save the file as UTF-8"]


KEYS = (
    "title",
    "duration",
    "tasks",
    "checks",
    "entries",
    "variables",
    "injects",
    "scoring",
    "duel",
    "rooms",
    "environment",
)
CHARS = st.sampled_from([*"{}[]:,#&*!|>'\"%@`?-<~$ \n\t0aé", "\x00", "\u202e", "${", "&a ", "*a", "<<: *a", "!!set "])
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.lists(CHARS, max_size=6).map("".join)), min_size=1, max_size=4
)


def mutated(text: str, edits: list[tuple[float, int, str]]) -> str:
    for where, cut, put in edits:
        at = int(where * len(text))
        text = text[:at] + put + text[at + cut :]
    return text


@settings(max_examples=60, deadline=None)
@given(definition=EDITS, compose=EDITS)
def test_no_mutation_of_a_scenario_ends_in_anything_but_problems(
    tmp_path_factory: pytest.TempPathFactory,
    definition: list[tuple[float, int, str]],
    compose: list[tuple[float, int, str]],
) -> None:
    folder: Path = tmp_path_factory.mktemp("m")
    files = {
        "scenario.yml": mutated(DEFINITION, definition).encode(errors="replace"),
        "compose.yml": mutated(COMPOSE, compose).encode(errors="replace"),
    }
    started = time.process_time()
    for problem in problems(write(folder, files)):
        file, line, column, message = problem.split(":", 3)
        assert file
        assert int(line) >= 1
        assert int(column) >= 1
        assert message.strip()
    assert time.process_time() - started < 1


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from(KEYS),
)
def test_any_value_under_any_key_is_a_problem_or_fine(
    tmp_path_factory: pytest.TempPathFactory, value: object, key: str
) -> None:
    text = (
        "\n".join(line for line in DEFINITION.splitlines() if not line.startswith(key)) + f"\n{key}: {as_yaml(value)}\n"
    )
    problems(write(tmp_path_factory.mktemp("v"), {"scenario.yml": text.encode(errors="replace")}))


def as_yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(str(key))}: {as_yaml(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_yaml(child) for child in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''").replace("\n", " ") + "'"
    return "null" if value is None else str(value).lower()
