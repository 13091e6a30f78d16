"""What a terminal's client may say, and nothing else; what it is told is JSON with a type."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.entries import terminal_words
from ncr.errors import Invalid


def test_what_a_client_says_is_understood() -> None:
    said = '{"type":"open","ticket":"t","columns":80,"rows":24}'
    assert terminal_words.read(said) == terminal_words.Open(type="open", ticket="t", columns=80, rows=24)
    said = '{"type":"resume","secret":"s","received":7,"columns":80,"rows":24}'
    assert terminal_words.read(said) == terminal_words.Resume(
        type="resume", secret="s", received=7, columns=80, rows=24
    )
    assert terminal_words.read('{"type":"ack","received":7}') == terminal_words.Ack(type="ack", received=7)
    assert terminal_words.read('{"type":"end"}') == terminal_words.End(type="end")


def test_a_size_that_no_terminal_has_is_made_sensible() -> None:
    assert terminal_words.read('{"type":"resize","columns":0,"rows":9999}') == terminal_words.Resize(
        type="resize", columns=2, rows=500
    )


@pytest.mark.parametrize(
    "said",
    [
        "", "{", "[]", "null", "1", '"open"', "{}", '{"type":"eval"}', '{"type":"open"}', '{"type":"open","ticket":""}',
        '{"type":"open","ticket":5,"columns":80,"rows":24}', '{"type":"ack","received":-1}', '{"type":"ack"}',
        '{"type":"ack","received":"7"}', '{"type":"ack","received":1e300}', '{"type":"resize","columns":-1,"rows":2}',
        '{"type":"resize","columns":80.5,"rows":24}', '{"type":"ack","received":7,"more":1}', "[" * 900,
        json.dumps({"type": "open", "ticket": "t" * 101, "columns": 80, "rows": 24}),
        json.dumps({"type": "ack", "received": 7, "x": "y" * 2000}),
    ],
)  # fmt: skip
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        terminal_words.read(said)


@given(st.text(max_size=2000))
def test_nonsense_is_refused_and_nothing_worse(said: str) -> None:
    with pytest.raises(Invalid):
        terminal_words.read(said)


def test_what_is_told_has_a_type_and_what_belongs_to_it() -> None:
    opened = json.loads(terminal_words.opened("i", "s", "own", 5, 80, 24))
    assert opened == {
        "type": "opened", "session": "i", "secret": "s", "mode": "own", "from": 5, "columns": 80, "rows": 24,
    }  # fmt: skip
    assert json.loads(terminal_words.closed("exit", 3)) == {"type": "closed", "reason": "exit", "exit_code": 3}
    assert json.loads(terminal_words.closed("refused", detail="nei"))["detail"] == "nei"
    assert [terminal_words.code(reason) for reason in ("exit", "refused", "slow", "restart")] == [
        1000,
        1008,
        4408,
        1012,
    ]
