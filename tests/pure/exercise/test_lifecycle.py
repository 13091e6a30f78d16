"""The lives of exercises and environments, and the exercise's clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.exercise.lifecycle import (
    ENDED,
    ENVIRONMENT_MOVES,
    MOVES,
    EnvironmentState,
    ExerciseClock,
    State,
    is_open,
)

START = datetime(2026, 9, 1, 7, tzinfo=UTC)
STANDING = ExerciseClock(0.0, None, 1.0, False)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_every_state_has_its_row_of_moves():
    assert set(MOVES) == set(State)
    assert set(ENVIRONMENT_MOVES) == set(EnvironmentState)


def test_nothing_that_ended_begins_again():
    for state in ENDED:
        assert MOVES[state] <= {State.ARCHIVED, State.CANCELLED}


def test_every_environment_can_be_removed():
    for state, moves in ENVIRONMENT_MOVES.items():
        assert state is EnvironmentState.REMOVED or EnvironmentState.REMOVED in moves


def test_the_clock_counts_at_its_rate_and_stands_when_stopped():
    assert ExerciseClock(10.0, START, 2.0, True).t(after(5)) == 20.0
    assert ExerciseClock(10.0, START, 2.0, False).t(after(5)) == 10.0


def test_the_clock_never_shows_less_than_it_began_with():
    assert ExerciseClock(10.0, START, 1.0, True).t(after(-3600)) == 10.0


@given(st.floats(0, 1e6), st.floats(0.01, 1000), st.floats(0, 1e6))
def test_wall_time_and_exercise_time_are_each_others_inverse(t0: float, rate: float, later: float):
    clock = ExerciseClock(t0, START, rate, True)
    wall = clock.wall(t0 + later)
    assert wall is not None
    assert clock.t(wall) == pytest.approx(t0 + later, abs=1e-3 * rate + 1e-6)


def test_a_ready_exercise_is_open_from_its_second_though_nobody_flipped_the_row():
    assert not is_open(State.READY, START, STANDING, 60.0, after(-0.001))
    assert is_open(State.READY, START, STANDING, 60.0, START)
    assert not is_open(State.READY, START, STANDING, 60.0, after(60))


def test_a_running_exercise_is_closed_from_its_last_second_though_nobody_flipped_the_row():
    clock = ExerciseClock(0.0, START, 1.0, True)
    assert is_open(State.RUNNING, START, clock, 60.0, after(59.999))
    assert not is_open(State.RUNNING, START, clock, 60.0, after(60))


@pytest.mark.parametrize("state", [state for state in State if state not in (State.READY, State.RUNNING)])
def test_no_other_state_is_open(state: State):
    assert not is_open(state, START, STANDING, 60.0, after(1))
