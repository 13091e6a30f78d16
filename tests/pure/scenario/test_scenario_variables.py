"""Names in `${…}` and the values drawn for them."""

import re
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.errors import Invalid
from ncr.scenario.interpolation import flag_name, interpolate, known_names, literal, names, settled
from ncr.scenario.model import Variable
from ncr.scenario.variables import UNAMBIGUOUS, draw

KNOWN = frozenset({"a", "NCR_TEAM"})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("x ${a} y", "x 1 y"),
        ("NCR{${a}}", "NCR{1}"),
        ("$${a} $5 $ $a", "${a} $5 $ $a"),
        ("${b:-two}", "two"),
        ("${b-two}", "two"),
        ("${b:-}", ""),
        ("${b:-${c:-${a}}}", "1"),
        ("${a:-two}", "1"),
        ("", ""),
    ],
)
def test_names_become_their_values(text: str, result: str) -> None:
    assert interpolate(text, {"a": "1"}) == result


@pytest.mark.parametrize("text", ["${b}", "${", "${a", "${}", "${a b}", "${a:?must}", "${1}", "${b:-${c}}"])
def test_what_has_no_value_or_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        interpolate(text, {"a": "1"})


def test_a_value_is_never_read_as_a_template() -> None:
    assert interpolate("${a}", {"a": "${b} $$"}) == "${b} $$"


def test_names_are_found_in_defaults_too() -> None:
    assert names("${a} ${b:-${c}} $$d $${e}") == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$a ${a}", "${a} ${a}"),
        ("$$a", "$$a"),
        ("${x:-$a}", "${a}"),
        ("${x-y$$z}", "y$$z"),
        ("5$", "5$$"),
        ("$5", "$$5"),
    ],
)
def test_a_compose_string_is_settled_to_known_names(text: str, result: str) -> None:
    assert settled(text, KNOWN) == result


@given(st.text())
def test_a_literal_is_given_back_as_it_was(text: str) -> None:
    assert interpolate(literal(text), {}) == text


@given(st.text(alphabet="${}:-ab$ "))
def test_any_text_is_interpolated_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert settled(settled(text, KNOWN), KNOWN) == settled(text, KNOWN)
        interpolate(text, {"a": "1"})


def test_the_closed_set_is_the_team_the_exercise_the_variables_and_the_flags() -> None:
    assert known_names(["db"], ["find-hmi"]) == {"NCR_TEAM", "NCR_TEAM_NAME", "NCR_EXERCISE", "db", "FLAG_FIND_HMI"}
    assert flag_name("a-b") == "FLAG_A_B"


VARIABLES = {
    "secret": Variable(kind="password", length=20),
    "word": Variable(kind="text", length=6),
    "host": Variable(kind="name", length=8),
    "pump": Variable(kind="number", min=11, max=49),
    "door": Variable(kind="port"),
    "near": Variable(kind="port", min=8000, max=8001),
}


def test_the_same_seed_draws_the_same_and_another_seed_another() -> None:
    assert draw(VARIABLES, "s") == draw(VARIABLES, "s")
    assert draw(VARIABLES, "s")["secret"] != draw(VARIABLES, "t")["secret"]
    assert draw({"secret": VARIABLES["secret"]}, "s")["secret"] == draw(VARIABLES, "s")["secret"]


@given(st.text())
def test_every_draw_has_the_shape_of_its_kind(seed: str) -> None:
    drawn = draw(VARIABLES, seed)
    assert len(drawn["secret"]) == 20
    assert set(drawn["secret"]) <= set(UNAMBIGUOUS)
    assert not set("0O1lI") & set(UNAMBIGUOUS)
    assert re.fullmatch(r"[a-z]{6}", drawn["word"])
    assert re.fullmatch(r"([bdfghjklmnprstv][aeiou]){4}", drawn["host"])
    assert 11 <= int(drawn["pump"]) <= 49
    assert 1024 <= int(drawn["door"]) <= 65535
    assert drawn["near"] in ("8000", "8001")


def test_draws_are_spread_evenly() -> None:
    die = {"die": Variable(kind="number", min=1, max=6)}
    counts = Counter(draw(die, str(seed))["die"] for seed in range(6000))
    assert sorted(counts) == list("123456")
    assert all(850 <= count <= 1150 for count in counts.values())


def test_a_number_may_span_all_that_is_allowed() -> None:
    wide = {"wide": Variable(kind="number", min=-(2**53), max=2**53)}
    assert -(2**53) <= int(draw(wide, "s")["wide"]) <= 2**53
