"""A terminal is read as fast as its reader draws, and never faster than does others no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.entries.terminal_flow import LEAST, Flow


def flood(flow: Flow, seconds: float, step_s: float, acknowledges: bool) -> int:
    """How much comes out of a shell that never stops, read as often as there is room."""
    end, now = 0, 0.0
    while now < seconds:
        room = flow.room(end, now)
        flow.take(room, now)
        end += room
        if acknowledges:
            flow.acknowledge(end, end)
        now += step_s
    return end


def test_without_acknowledgement_no_more_than_the_window_comes() -> None:
    assert flood(Flow(0.0, window=1000, rate=1e9, burst=1e9), 10, 0.1, acknowledges=False) == 1000


@given(st.floats(0.001, 0.5))
def test_a_reader_that_acknowledges_at_once_gets_the_rate_and_no_more(step_s: float) -> None:
    flow = Flow(0.0, window=256 * 1024, rate=1024 * 1024, burst=1024 * 1024)
    assert flood(flow, 10, step_s, acknowledges=True) <= 11 * 1024 * 1024


def test_what_a_quiet_terminal_puts_out_is_never_held_back() -> None:
    flow, end = Flow(0.0), 0
    for second in range(100):
        assert flow.room(end, float(second)) > 1000
        flow.take(1000, float(second))
        end += 1000
        flow.acknowledge(end, end)


def test_it_says_when_to_ask_again() -> None:
    flow = Flow(0.0, window=1 << 20, rate=1024, burst=LEAST)
    flow.take(LEAST, 0.0)
    assert flow.room(LEAST, 0.0) == 0
    wait_s = flow.wait_s(LEAST, 0.0)
    assert wait_s == pytest.approx(LEAST / 1024)
    assert flow.room(LEAST, wait_s) == LEAST


def test_where_only_an_acknowledgement_helps_there_is_nothing_to_wait_for() -> None:
    flow = Flow(0.0, window=100)
    assert flow.wait_s(100, 5.0) is None
    flow.acknowledge(1, 100)
    assert flow.wait_s(100, 5.0) == 0.0


@pytest.mark.parametrize("nonsense", [-5, 0, 10, 51, 10**9])
def test_a_nonsensical_acknowledgement_changes_nothing(nonsense: int) -> None:
    flow = Flow(0.0)
    flow.acknowledge(10, 50)
    flow.acknowledge(nonsense, 50)
    assert flow.acknowledged == 10


def test_a_clock_that_jumps_back_neither_stops_it_nor_gives_more() -> None:
    flow = Flow(100.0, rate=1000, burst=LEAST * 2)
    flow.take(LEAST * 2, 100.0)
    assert flow.room(0, 50.0) == 0
    assert flow.room(0, 50.0 + LEAST / 1000) == LEAST
