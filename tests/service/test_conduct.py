"""Every turn of an exercise's life and its fact, in one transaction."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.errors import LostLead, NotFound, NotOpen, Refused
from ncr.exercise.openness import clock_of
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Journal, Moment, Participant
from ncr.scenario.model import Reset
from ncr.scoring import conduct, interventions, ledger
from ncr.scoring.facts import Kind
from tests.stage import NOON, add_teams, planned

START = NOON + timedelta(seconds=60)


@pytest.fixture
def sessions(database_url: str) -> Iterator[db.Sessions]:
    engine = db.connect(database_url)
    sessions = db.sessions(engine)
    add_teams(sessions)
    yield sessions
    engine.dispose()


@pytest.fixture
def ready(sessions: db.Sessions, tmp_path: Path) -> str:
    """An exercise that is ready, its environments held."""
    exercise_id = planned(sessions, Shelf(tmp_path / "shelf"), NOON)
    with sessions.begin() as session:
        conduct.prepare(session, exercise_id, NOON)
        conduct.ready(session, exercise_id, NOON)
        for environment in session.scalars(select(Environment)):
            environment.state = "ready"
    return exercise_id


@pytest.fixture
def running(sessions: db.Sessions, ready: str) -> str:
    with sessions.begin() as session:
        conduct.open_(session, ready, START)
        for environment in session.scalars(select(Environment)):
            environment.state = "open"
    return ready


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def kinds(sessions: db.Sessions, exercise_id: str) -> list[Kind]:
    with sessions() as session:
        return [fact.kind for fact in ledger.every(session, exercise_id)]


def moments(sessions: db.Sessions, exercise_id: str) -> dict[str, tuple[str, float | None]]:
    with sessions() as session:
        rows = session.scalars(select(Moment).where(Moment.exercise_id == exercise_id))
        return {row.ref or row.kind: (row.state, row.offset_s) for row in rows}


def test_opening_late_counts_from_the_planned_second_and_says_how_late(sessions: db.Sessions, ready: str):
    with sessions.begin() as session:
        exercise = conduct.open_(session, ready, at(7))
        assert (exercise.state, exercise.lateness_ms) == ("running", 7000)
        assert clock_of(exercise).t(at(10)) == 10
    with sessions() as session:
        targets = session.scalars(select(Environment.target)).all()
        why = session.scalars(select(Journal.why).where(Journal.after == "running")).one()
    assert targets == ["open"] * 3
    assert why == "7.0 s late"
    assert kinds(sessions, ready) == [Kind.JOINED] * 3 + [Kind.OPENED]


def test_an_exercise_opens_once(sessions: db.Sessions, running: str):
    with sessions.begin() as session, pytest.raises(Refused, match="is running and cannot become running"):
        conduct.open_(session, running, at(1))
    assert kinds(sessions, running).count(Kind.OPENED) == 1


def test_a_pause_stops_the_clock_and_a_resumption_goes_on_from_there(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        assert clock_of(conduct.pause(session, running, at(10))).t(at(500)) == 10
        assert set(session.scalars(select(Environment.target))) == {"ready"}
        resumed = conduct.resume(session, running, at(500))
        assert clock_of(resumed).t(at(505)) == 15
        conduct.pause(session, running, at(506))
    with sessions() as session:
        facts = list(ledger.every(session, running))[4:]
    assert [(fact.kind, fact.t) for fact in facts] == [(Kind.PAUSED, 10), (Kind.RESUMED, 10), (Kind.PAUSED, 16)]


def test_time_that_is_up_cannot_be_paused(sessions: db.Sessions, running: str):
    with sessions.begin() as session, pytest.raises(Refused, match="time is up"):
        conduct.pause(session, running, at(60))


def test_an_extension_moves_the_end_and_what_counts_from_it(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        conduct.extend(session, running, 30, at(5), who="ine")
    assert moments(sessions, running) == {
        "prepare": ("done", -30), "open": ("done", 0), "call": ("waiting", 10), "touch": ("waiting", 20),
        "freeze": ("waiting", 75), "close": ("waiting", 90), "teardown": ("waiting", None),
    }  # fmt: skip


@pytest.mark.parametrize("by_s", [0, -55, -60])
def test_the_end_cannot_be_moved_to_before_now(sessions: db.Sessions, running: str, by_s: float):
    with sessions.begin() as session, pytest.raises(Refused, match="not to before now"):
        conduct.extend(session, running, by_s, at(5))


def test_finishing_stops_everything_and_skips_what_waited(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        exercise = conduct.finish(session, running, at(15), who="ine")
        assert (exercise.state, exercise.clock_t_s, exercise.ended_at) == ("finished", 15, at(15))
        assert set(session.scalars(select(Environment.target))) == {"removed"}
    states = {name: state for name, (state, _) in moments(sessions, running).items()}
    assert states == {
        "prepare": "done", "open": "done", "call": "skipped", "touch": "skipped", "freeze": "skipped",
        "close": "done", "teardown": "waiting",
    }  # fmt: skip
    assert kinds(sessions, running)[-1] is Kind.FINISHED


def test_a_freeze_holds_the_ledgers_number(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        assert conduct.freeze(session, running, at(45)).freeze_seq == 4
        with pytest.raises(Refused):
            conduct.freeze(session, running, at(46))
        assert conduct.unfreeze(session, running, at(50)).freeze_seq is None


def test_a_cancelled_exercise_is_torn_down_and_never_opens(sessions: db.Sessions, ready: str):
    with sessions.begin() as session:
        conduct.cancel(session, ready, NOON, why="for få påmeldte")
        assert set(session.scalars(select(Environment.target))) == {"removed"}
        with pytest.raises(Refused, match="cancelled and cannot become running"):
            conduct.open_(session, ready, START)
    assert kinds(sessions, ready) == []


def test_a_running_exercise_is_finished_not_cancelled(sessions: db.Sessions, running: str):
    with sessions.begin() as session, pytest.raises(Refused, match="running and cannot become cancelled"):
        conduct.cancel(session, running, at(1))


def test_an_earlier_director_moves_nothing(sessions: db.Sessions, ready: str):
    with sessions.begin() as session:
        session.get_one(Exercise, ready).fence = 7
    with pytest.raises((Refused, LostLead)), sessions.begin() as session:
        conduct.open_(session, ready, START, fence=6)
    with sessions() as session:
        assert session.get_one(Exercise, ready).state == "ready"


def test_a_clock_set_back_never_takes_exercise_time_back(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        conduct.keep_time(session, running, at(20), at(20 - 3600), -3600)
        exercise = session.get_one(Exercise, running)
        assert clock_of(exercise).t(at(20 - 3600)) == 20
        assert clock_of(exercise).t(at(25 - 3600)) == 25


def test_what_is_not_there_is_not_found(sessions: db.Sessions):
    with sessions.begin() as session, pytest.raises(NotFound):
        conduct.pause(session, "nothing", NOON)


def first(sessions: db.Sessions) -> str:
    with sessions() as session:
        return session.scalars(select(Environment.id).order_by(Environment.id)).first() or ""


def test_a_team_resets_as_often_as_the_scenario_lets_it_and_pays(sessions: db.Sessions, running: str):
    rule, mine = Reset(limit=2, cost=25), first(sessions)
    for generation in (2, 3):
        with sessions.begin() as session:
            environment = interventions.reset(session, mine, at(generation), asked=rule)
            assert (environment.generation, environment.state) == (generation, "building")
    with sessions.begin() as session, pytest.raises(Refused, match="reset 2 times already"):
        interventions.reset(session, mine, at(9), asked=rule)
    with sessions() as session:
        costs = [fact.payload for fact in ledger.every(session, running) if fact.kind is Kind.RESET]
    assert costs == [{"cost": 25, "generation": 2}, {"cost": 25, "generation": 3}]


def test_staff_reset_for_nothing_and_without_counting(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        environment = interventions.reset(session, first(sessions), at(1), who="ine")
        assert (environment.generation, environment.resets) == (2, 0)
    with sessions() as session:
        assert [fact.payload["cost"] for fact in ledger.every(session, running) if fact.kind is Kind.RESET] == [0]


def test_a_team_cannot_reset_before_the_start_or_after_the_end(sessions: db.Sessions, ready: str):
    with sessions.begin() as session, pytest.raises(NotOpen):
        interventions.reset(session, first(sessions), START - timedelta(seconds=1), asked=Reset(limit=3, cost=0))
    with sessions.begin() as session:
        conduct.open_(session, ready, START)
        conduct.finish(session, ready, at(5))
    with sessions.begin() as session, pytest.raises(Refused):
        interventions.reset(session, first(sessions), at(6), who="ine")


def test_an_inject_is_fired_once_or_skipped(sessions: db.Sessions, running: str):
    with sessions.begin() as session:
        assert interventions.fire(session, running, "call", at(3)).offset_s == 3
        assert interventions.skip(session, running, "touch", at(3)).state == "skipped"
        with pytest.raises(Refused, match="is skipped and can no longer be fired"):
            interventions.fire(session, running, "touch", at(4))
        with pytest.raises(NotFound):
            interventions.fire(session, running, "nothing", at(4))


def test_an_adjustment_repeated_with_its_key_counts_once(sessions: db.Sessions, running: str):
    with sessions() as session:
        participant = session.scalars(select(Participant.id)).first() or ""
    for _ in range(3):
        with sessions.begin() as session:
            interventions.adjust(session, participant, -10, "hjelp", "ine", at(2), key="abc")
    assert kinds(sessions, running).count(Kind.ADJUSTED) == 1
