"""A team's own values: what `${…}` stands for in its flags and answers."""

from typing import Any

import pytest

from ncr.scenario.model import Definition, Task
from ncr.scoring import values
from ncr.scoring.answers import is_right

WORDS = {"year": "2011", "sign": "a.b"}


def task(**wanted: Any) -> Task:
    return Task.model_validate({"id": "t", "title": "T", "text": "…", **wanted})


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        ({"answer": {"exact": "Kofte${year}"}}, "Kofte2011", "Kofte${year}"),
        ({"answer": {"regex": "x${sign}y*"}}, "xa.byy", "xaxbyy"),
        ({"flag": "NCR{${year}}"}, "NCR{2011}", "NCR{2012}"),
    ],
)
def test_an_answer_is_the_teams_own(wanted: dict[str, Any], right: str, wrong: str) -> None:
    templated = task(**wanted)
    own = values.own_task(templated, WORDS)
    assert values.is_templated(templated)
    assert is_right(own, right)
    assert not is_right(own, wrong)


@pytest.mark.parametrize("wanted", [{"flag": "NCR{a$$b}"}, {"answer": {"regex": "a+$$"}}, {"answer": {"number": 3}}])
def test_what_names_no_word_stays_as_it_is(wanted: dict[str, Any]) -> None:
    plain = task(**wanted)
    assert not values.is_templated(plain)
    assert values.own_task(plain, WORDS) == plain


def test_the_compose_file_is_told_the_flag_that_is_right() -> None:
    tasks = ({"id": "t", "title": "T", "text": "…", "flag": "NCR{${year}}"},)
    variables = {"year": {"kind": "number", "min": 1998, "max": 2024}}
    parts = {"ncr": 1, "id": "s", "version": "1.0.0", "title": "S", "summary": "…", "duration": "1h"}
    definition = Definition.model_validate({**parts, "variables": variables, "tasks": tasks})
    told = values.own_values(definition, "e", "secret", "p1", "t1", "Lag")
    words = values.own_words(definition.variables, "e", "secret", "p1", "t1", "Lag")
    assert told["FLAG_T"] == f"NCR{{{words['year']}}}"
    assert is_right(values.own_task(definition.tasks[0], words), told["FLAG_T"])
