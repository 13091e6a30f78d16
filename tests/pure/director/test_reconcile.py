"""From where an environment is and should be, the next step."""

from datetime import UTC, datetime, timedelta

import pytest

from ncr.director.reconcile import Standing, Step, is_hopeless, jumped_s, next_step, wait_s
from ncr.exercise.lifecycle import EnvironmentState as E

LEADS_TO = {Step.BEGIN: E.BUILDING, Step.BUILD: E.READY, Step.OPEN: E.OPEN, Step.HOLD: E.READY}
LEADS_TO |= {Step.CLOSE: E.CLOSED, Step.REMOVE: E.REMOVED}


@pytest.mark.parametrize("target", [E.READY, E.OPEN, E.REMOVED])
@pytest.mark.parametrize("state", [state for state in E if state not in (E.CLOSED, E.REMOVED, E.FAILED)])
def test_from_every_living_state_the_steps_lead_to_the_target(state: E, target: E):
    for _ in range(5):
        step = next_step(Standing(state, target))
        if step is Step.NOTHING:
            break
        state = LEADS_TO[step]
    assert state is target


@pytest.mark.parametrize("target", [E.READY, E.OPEN])
@pytest.mark.parametrize("state", [E.FAILED, E.CLOSED, E.REMOVED])
def test_what_failed_or_is_gone_is_not_touched_again(state: E, target: E):
    assert next_step(Standing(state, target, restart=True, look=True)) is Step.NOTHING


def test_a_failed_environment_is_still_removed():
    assert next_step(Standing(E.FAILED, E.REMOVED)) is Step.CLOSE


@pytest.mark.parametrize("state", list(E))
def test_nothing_is_done_before_anything_is_wanted(state: E):
    assert next_step(Standing(state, E.ABSENT, look=True)) is Step.NOTHING


def test_at_its_target_it_is_looked_after():
    assert next_step(Standing(E.OPEN, E.OPEN, restart=True, look=True)) is Step.RESTART
    assert next_step(Standing(E.OPEN, E.OPEN, look=True)) is Step.CHECK
    assert next_step(Standing(E.OPEN, E.OPEN)) is Step.NOTHING


def test_opening_comes_before_looking():
    assert next_step(Standing(E.READY, E.OPEN, restart=True, look=True)) is Step.OPEN


def test_failures_are_retried_ever_later_and_not_for_ever():
    assert [wait_s(tries) for tries in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert [is_hopeless(tries) for tries in range(4, 7)] == [False, True, True]


def test_a_jump_is_what_the_wall_clock_did_and_time_did_not():
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert jumped_s((noon, noon + timedelta(seconds=61)), 60) == 0
    assert jumped_s((noon, noon + timedelta(hours=1)), 60) == 3540
    assert jumped_s((noon, noon - timedelta(hours=1)), 60) == -3660
