"""Judging answers: each kind, and whatever is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.errors import Invalid
from ncr.scenario.model import Task
from ncr.scoring import answers


def task(**wanted: Any) -> Task:
    return Task.model_validate({"id": "t", "title": "T", "text": "x", **wanted})


OPTIONS = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "d", "text": "D"}]


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        ({"flag": "NCR{x}"}, ["NCR{x}"], ["NCR{X}", "ncr{x}", "NCR{x", "x"]),
        ({"answer": {"exact": "CVE-2021-44228", "ignore_case": True}}, ["cve-2021-44228"], ["CVE-2021-4422"]),
        ({"answer": {"exact": "Ærlig"}}, ["Ærlig"], ["ærlig"]),
        ({"answer": {"regex": "ab+c?"}}, ["abb", "abc"], ["xabc", "abcx", "AB"]),
        ({"answer": {"regex": "(?:10|172)\\.\\d+", "ignore_case": True}}, ["10.5"], ["11.5"]),
        (
            {"answer": {"number": 41.2, "tolerance": 0.5}},
            ["41.2", "41,7", "40.7", "4.12e1"],
            ["41.71", "nan", "inf", "x"],
        ),
        ({"answer": {"number": 8080}}, ["8080", "8 080", "8080.0"], ["8081", "0x1F90"]),
        ({"choice": {"options": OPTIONS, "correct": ["b", "d"]}}, ["b,d", "d b", "b, d"], ["b", "a,b,d", "b,d,x"]),
        ({"graded": {"rubric": [{"id": "f", "max": 2, "text": "F"}]}}, [], ["anything"]),
    ],
)
def test_right_is_right_and_wrong_is_wrong(wanted: dict[str, Any], right: list[str], wrong: list[str]) -> None:
    asked = task(**wanted)
    assert [given_ for given_ in right if not answers.is_right(asked, given_)] == []
    assert [given_ for given_ in wrong if answers.is_right(asked, given_)] == []


def test_a_per_team_flag_is_right_for_its_own_team_only() -> None:
    asked = task(flag={"per_team": True, "deliver": {"service": "s", "env": "FLAG"}})
    assert answers.is_right(asked, "NCR{mine}", "NCR{mine}")
    assert not answers.is_right(asked, "NCR{theirs}", "NCR{mine}")
    assert not answers.is_right(asked, "", None)


def test_an_expression_that_would_backtrack_for_ever_comes_to_an_end() -> None:
    asked = task(answer={"regex": "(a+)+b|(a|aa)+c"})
    assert not answers.is_right(asked, "a" * 1000)


def test_an_expression_that_cannot_be_matched_so_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="invalid perl operator"):
        answers.pattern("(?=a)b")


@pytest.mark.parametrize("sent", ["", "   ", "\n", "a" * 1001, "a\x00b", "\ud800"])
def test_what_is_no_answer_is_refused(sent: str) -> None:
    with pytest.raises(Invalid):
        answers.cleaned(sent)


@given(st.text(max_size=60))
def test_no_text_breaks_the_judge(sent: str) -> None:
    for wanted in (
        {"flag": "NCR{x}"},
        {"answer": {"regex": "a|b"}},
        {"answer": {"number": 1}},
        {"choice": {"options": OPTIONS, "correct": ["a"]}},
    ):
        try:
            text = answers.cleaned(sent)
        except Invalid:
            return
        assert isinstance(answers.is_right(task(**wanted), text), bool)
