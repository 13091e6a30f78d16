"""The ledger on both databases: gapless, once per key, chained, and any tampering found."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from ncr.db import Sessions, connect, reading, sessions
from ncr.errors import LostLead, NotFound, NotOpen
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind
from tests.service.played import NOON, START, plan


@pytest.fixture
def base(database_url: str) -> Iterator[Sessions]:
    engine = connect(database_url)
    factory = sessions(engine)
    plan(factory)
    yield factory
    engine.dispose()


def draft(key: str, **payload: object) -> Draft:
    return Draft(Kind.INJECTED, key, None, payload or {"inject": "x"})


def add(base: Sessions, *keys: str) -> list[int]:
    with base.begin() as session:
        return [fact.seq for fact in ledger.append(session, "e", [draft(key) for key in keys], NOON)]


def problems(base: Sessions) -> list[str]:
    with reading(base) as session:
        return [str(problem) for problem in ledger.verify(session, "e")]


def test_facts_are_numbered_without_gaps_under_50_writers(base: Sessions) -> None:
    def write(writer: int) -> list[int]:
        found = []
        for round_ in range(6):
            found += add(base, f"{writer}-{round_}-a", f"{writer}-{round_}-b")
            add(base, f"shared-{round_}")
            if round_ % 3 == 2:
                _give_up(base, f"{writer}-{round_}-never")
        return found

    with ThreadPoolExecutor(50) as pool:
        numbers = [seq for found in pool.map(write, range(50)) for seq in found]
    with reading(base) as session:
        facts = list(ledger.every(session, "e"))
        assert ledger.head(session, "e").seq == len(facts) == 50 * 6 * 2 + 6
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    assert len(set(numbers)) == len(numbers) == 600
    assert not any(fact.key.endswith("never") for fact in facts)
    assert problems(base) == []


def _give_up(base: Sessions, key: str) -> None:
    with base() as session:
        ledger.append(session, "e", [draft(key)], NOON)
        session.rollback()


def test_a_repeat_by_key_gives_the_earlier_fact(base: Sessions) -> None:
    assert add(base, "a", "b") == [1, 2]
    assert add(base, "b", "c", "a", "c", "d", "e", "f") == [2, 3, 1, 3, 4, 5, 6]
    assert problems(base) == []


def test_a_fact_comes_back_as_it_was_written(base: Sessions) -> None:
    payload = {"z": 1, "a": {"æ": [1.5, None, True, 'x"y'], "b": -3}, "big": 2**53, "small": 0.1}
    with base.begin() as session:
        written = ledger.append(session, "e", [Draft(Kind.ADJUSTED, "k", "p1", payload)], NOON)
    with reading(base) as session:
        assert ledger.read(session, "e") == written
    assert written[0].t == 1800.0
    assert problems(base) == []


def test_reading_goes_on_after_a_number(base: Sessions) -> None:
    add(base, *(f"k{number}" for number in range(2100)))
    with reading(base) as session:
        assert [fact.seq for fact in ledger.read(session, "e", 2, 3)] == [3, 4, 5]
        assert [fact.seq for fact in ledger.every(session, "e", 990, 2050)] == list(range(991, 2051))
        assert ledger.read(session, "e", 2100) == []


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        ('UPDATE fact SET payload = \'{"inject": "y"}\' WHERE seq = 3', "e/3"),
        ("UPDATE fact SET team = 'p9' WHERE seq = 2", "e/2"),
        ("UPDATE fact SET t = t + 1 WHERE seq = 4", "e/4"),
        ("DELETE FROM fact WHERE seq = 3", "e/3"),
        ("DELETE FROM fact WHERE seq = 5", "e/4"),
        ("DELETE FROM fact WHERE seq = 1", "e/1"),
        ("UPDATE fact SET hash = 'x' WHERE seq = 2", "e/2"),
        ("UPDATE exercise SET head_seq = 6", "e/5"),
        (
            "INSERT INTO fact SELECT exercise_id, 6, at, t, kind, team, payload, 'new', hash FROM fact WHERE seq = 5",
            "e/6",
        ),
    ],
)
def test_tampering_is_found_at_its_first_row(base: Sessions, tampering: str, first: str) -> None:
    add(base, "a", "b", "c", "d", "e")
    assert problems(base) == []
    with base.begin() as session:
        session.execute(text(tampering))
    assert problems(base)[0].startswith(f"{first}: ")


def test_a_director_that_lost_its_lead_cannot_write(base: Sessions) -> None:
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET fence = 7"))
        assert ledger.append(session, "e", [draft("a")], NOON, fence=7)
        with pytest.raises(LostLead):
            ledger.append(session, "e", [draft("b")], NOON, fence=6)


@pytest.mark.parametrize(("state", "minute", "opens"), [
    ("running", 30, True), ("running", 91, False), ("paused", 30, False), ("ready", 1, True), ("ready", -1, False),
    ("finished", 30, False),
])  # fmt: skip
def test_what_needs_an_open_exercise_is_decided_on_the_head(
    base: Sessions, state: str, minute: int, opens: bool
) -> None:
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET state = :state"), {"state": state})
    at = START + timedelta(minutes=minute)
    with base.begin() as session:
        if opens:
            assert ledger.append(session, "e", [draft("a")], at, open_required=True)[0].t == minute * 60
        else:
            with pytest.raises(NotOpen, match=state):
                ledger.append(session, "e", [draft("a")], at, open_required=True)


def test_an_exercise_that_is_not_there_is_not_found(base: Sessions) -> None:
    with base.begin() as session, pytest.raises(NotFound):
        ledger.append(session, "nothing", [draft("a")], NOON)


def test_the_export_verifies_by_itself(base: Sessions) -> None:
    add(base, "a", "b", "c")
    with reading(base) as session:
        lines = list(ledger.export(ledger.every(session, "e")))
        head = ledger.head(session, "e")
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]
    assert json.loads(lines[-1])["hash"] == head.hash
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in lines)
