"""The timeline's rows and when they fall due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.exercise import timeline
from ncr.exercise.lifecycle import ExerciseClock
from ncr.scenario.model import Definition

START = datetime(2026, 9, 1, 7, tzinfo=UTC)
STANDING = ExerciseClock(0.0, None, 1.0, False)


def definition(**changes: object) -> Definition:
    raw: dict[str, object] = {
        "ncr": 1,
        "id": "play",
        "version": "1.0.0",
        "title": "Play",
        "summary": "A play",
        "duration": "2h",
        "injects": [
            {"id": "late", "at": "T-10m", "say": "soon over"},
            {"id": "early", "at": "T+20m", "say": "begun"},
            {"id": "word", "when": {"manual": True}, "say": "now"},
        ],
        "scoring": {"freeze": "T-15m"},
    }
    return Definition.model_validate({**raw, **changes})


def test_the_timeline_holds_every_moment_of_an_exercises_life():
    rows = timeline.moments(definition(), 7200, 1800)
    assert [(row.kind, row.ref, row.clock, row.offset_s, row.from_end) for row in rows] == [
        ("prepare", "", "wall", -1800, False),
        ("open", "", "wall", 0, False),
        ("inject", "early", "exercise", 1200, False),
        ("inject", "late", "exercise", 6600, True),
        ("inject", "word", "exercise", None, False),
        ("freeze", "", "exercise", 6300, True),
        ("close", "", "exercise", 7200, True),
        ("teardown", "", "wall", None, False),
    ]


def test_a_compressed_exercise_keeps_the_timelines_proportions():
    scale = timeline.scale(definition(), 60, compress=True)
    rows = {row.ref or row.kind: row.offset_s for row in timeline.moments(definition(), 60, 10, scale)}
    assert rows["early"] == pytest.approx(10)
    assert rows["late"] == pytest.approx(55)
    assert rows["freeze"] == pytest.approx(52.5)
    assert rows["close"] == 60


def test_an_exercise_is_never_stretched_and_is_compressed_only_when_asked():
    assert timeline.scale(definition(), 60, compress=False) == 1.0
    assert timeline.scale(definition(), 99999, compress=True) == 1.0


@given(st.integers(1, 100_000))
def test_every_moment_lies_inside_the_exercise_however_short(duration_s: int):
    for row in timeline.moments(definition(), duration_s, 0):
        assert row.offset_s is None or 0 <= row.offset_s <= duration_s


def test_wall_rows_fall_due_from_the_start_and_exercise_rows_by_the_exercises_clock():
    running = ExerciseClock(0.0, START, 2.0, True)
    assert timeline.due_at("wall", -60, START, STANDING) == START - timedelta(seconds=60)
    assert timeline.due_at("exercise", 60, START, running) == START + timedelta(seconds=30)


def test_nothing_is_due_while_its_clock_stands_or_it_waits_for_a_word():
    assert timeline.due_at("exercise", 60, START, STANDING) is None
    assert timeline.due_at("exercise", None, START, STANDING) is None
    assert timeline.due_at("wall", 0, None, STANDING) is None


def test_ticks_lie_on_the_grid_and_the_last_one_counts():
    assert list(timeline.ticks(15, 0, 14.9)) == []
    assert list(timeline.ticks(15, 0, 60)) == [1, 2, 3, 4]
    assert list(timeline.ticks(15, 3, 60)) == [4]
    assert list(timeline.ticks(15, 4, 60)) == []


@given(st.integers(1, 600), st.lists(st.floats(0, 10_000), max_size=20))
def test_however_often_it_is_asked_every_tick_comes_once(every_s: int, times: list[float]):
    seen: list[int] = []
    for t in sorted(times):
        seen += timeline.ticks(every_s, seen[-1] if seen else 0, t)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == int((max(times, default=0) + 1e-6) // every_s)
