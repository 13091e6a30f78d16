"""One director leads; a late one writes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.director.lease import Holder, Lead
from ncr.errors import LostLead
from ncr.exercise import journal
from ncr.exercise.tables import Journal

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def sessions(database_url: str):
    engine = db.connect(database_url)
    yield db.sessions(engine)
    engine.dispose()


@pytest.fixture
def lead(sessions: db.Sessions, tmp_path: Path):
    holders: list[Holder] = []

    def make(folder: str) -> Lead:
        holders.append(Holder(tmp_path / folder))
        return Lead(sessions, holders[-1], 30.0)

    make.holders = holders  # type: ignore[attr-defined]
    yield make
    for holder in holders:
        holder.close()


def test_the_first_leads_and_the_second_waits_until_the_lease_has_run_out(lead):
    one, two = lead("one"), lead("two")
    assert one.hold(NOON) == 1
    assert two.hold(later(29)) is None
    assert two.hold(later(30)) == 2
    assert one.hold(later(31)) is None


def test_a_held_lease_is_renewed_under_the_same_number(lead):
    one, two = lead("one"), lead("two")
    for second in range(0, 100, 10):
        assert one.hold(later(second)) == 1
    assert two.hold(later(100)) is None


def test_who_lost_the_lead_writes_nothing(lead, sessions: db.Sessions):
    one, two = lead("one"), lead("two")
    one.hold(NOON)
    two.hold(later(31))
    with pytest.raises(LostLead), one.writing() as session:
        journal.record(session, later(31), None, "late")
    with sessions() as session:
        assert session.scalars(select(Journal)).all() == []


def test_a_restarted_director_takes_its_own_lease_over_at_once(lead):
    assert lead("one").hold(NOON) == 1
    lead.holders.pop().close()  # what the kernel does when the process dies
    assert lead("one").hold(later(1)) == 2


def test_a_second_process_in_the_same_folder_is_somebody_else(lead):
    one, two = lead("one"), lead("one")
    assert one.hold(NOON) == 1
    assert two.hold(later(1)) is None


def test_a_released_lease_is_free_at_once(lead):
    one, two = lead("one"), lead("two")
    one.hold(NOON)
    one.release(later(1))
    assert two.hold(later(1)) == 2


def test_a_clock_set_back_does_not_take_the_lead_away(lead):
    one = lead("one")
    assert one.hold(NOON) == 1
    assert one.hold(later(-7200)) == 1
