"""Planning an exercise, changing and deleting it, and what is said when a plan cannot be."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ncr import app as composition
from ncr import db
from ncr.errors import Invalid, NcrError, NotFound, Refused
from ncr.exercise import rehearsals, setup
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Journal, Moment, Participant
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.scoring import conduct
from tests.stage import LITEN, NOON, TEAMS, add_teams, planned, scenario, settings


@pytest.fixture
def sessions(database_url: str) -> Iterator[db.Sessions]:
    engine = db.connect(database_url)
    sessions = db.sessions(engine)
    add_teams(sessions)
    yield sessions
    engine.dispose()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def problems(sessions: db.Sessions, shelf: Shelf, **wanted: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        planned(sessions, shelf, NOON, **wanted)
    return {problem.where: problem.message for problem in refused.value.problems}


def count(sessions: db.Sessions, table: type[db.Base]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_plan_becomes_an_exercise_with_all_that_belongs_to_it(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    with sessions() as session:
        exercise = session.get_one(Exercise, exercise_id)
        players = session.scalars(select(Participant).order_by(Participant.name)).all()
        environments = session.scalars(select(Environment)).all()
        moments = session.scalars(select(Moment).order_by(Moment.id)).all()
    assert exercise.state == "scheduled"
    assert exercise.prepares_at == NOON + timedelta(seconds=30)
    assert [(player.name, player.partner) for player in players] == [
        ("Lag Cyfor", "Cyfor"), ("Lag Norsis", "Norsis"), ("Lag Telenor", "Telenor"),
    ]  # fmt: skip
    assert [(row.state, row.target) for row in environments] == [("absent", "absent")] * 3
    assert [moment.ref or moment.kind for moment in moments] == [
        "prepare", "open", "call", "touch", "freeze", "close", "teardown",
    ]  # fmt: skip


def test_everything_wrong_is_said_at_once_and_nothing_is_written(sessions: db.Sessions, shelf: Shelf):
    wanted = Plan(
        scenario=scenario(), title=" ", teams=["cyfor", "nobody", "cyfor"], starts_at=NOON - timedelta(hours=1),
        ends_at=NOON - timedelta(hours=2), visibility="secret", rate=0,
    )  # fmt: skip
    with pytest.raises(Invalid) as refused, sessions.begin() as session:
        setup.plan(session, shelf, wanted, NOON)
    assert {problem.where for problem in refused.value.problems} == {
        "title", "teams.1", "teams.2", "starts_at", "visibility", "rate", "scenario",
    }  # fmt: skip
    assert count(sessions, Exercise) == 0


def test_an_exercise_that_ends_before_it_starts_is_refused(sessions: db.Sessions, shelf: Shelf):
    assert "not after the start" in problems(sessions, shelf, ends_at=NOON)["ends_at"]


def test_a_plan_without_teams_is_refused(sessions: db.Sessions, shelf: Shelf):
    with pytest.raises(Invalid, match="at least one team"), sessions.begin() as session:
        setup.plan(session, shelf, Plan(scenario=scenario(), title="Tom"), NOON)


def test_an_unknown_zone_is_refused(sessions: db.Sessions, shelf: Shelf):
    assert "time_zone" in problems(sessions, shelf, time_zone="Europe/Olso")


def test_a_local_time_of_the_night_clocks_go_forward_is_refused(sessions: db.Sessions, shelf: Shelf):
    assert "does not exist" in problems(sessions, shelf, starts_at=datetime(2027, 3, 28, 2, 30))["starts_at"]


def test_a_local_time_of_the_night_clocks_go_back_is_asked_about(sessions: db.Sessions, shelf: Shelf):
    twice = datetime(2026, 10, 25, 2, 30)
    assert "comes twice" in problems(sessions, shelf, starts_at=twice)["fold"]
    first, second = (planned(sessions, shelf, NOON, starts_at=twice, fold=fold) for fold in (0, 1))
    with sessions() as session:
        starts = [session.get_one(Exercise, one).starts_at for one in (first, second)]
    assert starts[0] is not None
    assert starts[1] == starts[0] + timedelta(hours=1)


def test_a_draft_has_no_start_and_is_launched_or_deleted(sessions: db.Sessions, shelf: Shelf):
    kept, dropped = (planned(sessions, shelf, NOON, starts_at=None) for _ in range(2))
    with sessions.begin() as session:
        setup.delete_draft(session, dropped)
        assert conduct.launch(session, kept, NOON, who="ine").state == "scheduled"
    with sessions() as session:
        assert session.get(Exercise, dropped) is None
    assert count(sessions, Participant) == 3


def test_what_is_scheduled_is_not_deleted(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    with sessions.begin() as session, pytest.raises(Refused, match="scheduled; only a draft can be deleted"):
        setup.delete_draft(session, exercise_id)


def test_a_change_replaces_only_what_it_names(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    with sessions.begin() as session:
        changed = setup.change(session, shelf, exercise_id, {"title": "Nytt", "teams": ["norsis"]}, NOON)
        assert (changed.title, changed.starts_at, changed.state) == ("Nytt", NOON + timedelta(seconds=60), "scheduled")
        setup.change(session, shelf, exercise_id, {"starts_at": None}, NOON)
    with sessions() as session:
        assert session.get_one(Exercise, exercise_id).state == "draft"
    assert count(sessions, Participant) == count(sessions, Environment) == 1
    assert count(sessions, Moment) == 7


def test_what_no_plan_has_cannot_be_changed(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    with sessions.begin() as session, pytest.raises(Invalid, match="secret: cannot be changed"):
        setup.change(session, shelf, exercise_id, {"secret": "x"}, NOON)


def test_once_preparing_has_begun_nothing_is_changed(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    with sessions.begin() as session:
        conduct.prepare(session, exercise_id, NOON)
        with pytest.raises(Refused, match="preparing; only a draft or scheduled one can be changed"):
            setup.change(session, shelf, exercise_id, {"title": "Nei"}, NOON)


def test_the_start_can_be_moved_until_it_has_come(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON)
    earlier, later = NOON + timedelta(seconds=20), NOON + timedelta(minutes=5)
    with sessions.begin() as session:
        conduct.prepare(session, exercise_id, NOON)
        assert setup.change(session, shelf, exercise_id, {"starts_at": later}, NOON).starts_at == later
        conduct.ready(session, exercise_id, NOON)
        moved = setup.change(session, shelf, exercise_id, {"starts_at": earlier}, NOON)
        assert (moved.starts_at, moved.state, moved.duration_s) == (earlier, "ready", 60.0)
        with pytest.raises(Refused, match="until it has come"):
            setup.change(session, shelf, exercise_id, {"starts_at": None}, NOON)
        with pytest.raises(Invalid, match="in the past"):
            setup.change(session, shelf, exercise_id, {"starts_at": NOON - timedelta(minutes=1)}, NOON)
        with pytest.raises(Refused, match="until it has come"):
            setup.change(session, shelf, exercise_id, {"starts_at": later}, earlier)
    assert count(sessions, Moment) == 7


def test_the_next_occurrence_is_planned_once_however_often_asked(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON, recurrence="1 14 * * *")
    for _ in range(3):
        with sessions.begin() as session:
            setup.plan_next(session, shelf, session.get_one(Exercise, exercise_id), NOON)
    with sessions() as session:
        starts = session.scalars(select(Exercise.starts_at).order_by(Exercise.starts_at)).all()
    assert starts == [NOON + timedelta(seconds=60), NOON + timedelta(days=1, seconds=60)]


def test_occurrences_nobody_was_there_for_are_left_out(sessions: db.Sessions, shelf: Shelf):
    exercise_id = planned(sessions, shelf, NOON, recurrence="1 14 * * *")
    with sessions.begin() as session:
        later = NOON + timedelta(days=10)
        following = setup.plan_next(session, shelf, session.get_one(Exercise, exercise_id), later)
    assert following is not None
    assert following.starts_at == NOON + timedelta(days=10, seconds=60)


def test_a_scenario_changed_on_the_shelf_is_not_used(sessions: db.Sessions, shelf: Shelf, tmp_path: Path):
    planned(sessions, shelf, NOON)
    digest = scenario().digest
    file = shelf.folder / digest / "liten" / "scenario.yml"
    file.write_text(file.read_text().replace("points: 100", "points: 999"))
    with pytest.raises(NcrError, match="was changed after it was planned"):
        Shelf(shelf.folder).get(digest)
    with pytest.raises(NotFound):
        shelf.get("0" * 64)


def test_what_a_site_allows_holds_for_new_plans_and_never_for_what_was_planned(
    sessions: db.Sessions, shelf: Shelf, tmp_path: Path
):
    place = shutil.copytree(LITEN, tmp_path / "source" / "liten")
    compose = (place / "compose.yml").read_text()
    (place / "compose.yml").write_text(compose.replace("  web:\n", "  web:\n    mem_limit: 6g\n"))
    sites = {most: settings(tmp_path, scenarios=[tmp_path / "source"], max_memory_mib=most) for most in (8192, 4096)}
    (large,) = composition.library(sites[8192], sessions, shelf)()
    assert composition.library(sites[4096], sessions, shelf)() == []
    planned(sessions, shelf, NOON, scenario=large)
    assert Shelf(shelf.folder).get(large.digest).topology.services["web"].memory_mib == 6144


def test_teams_take_part_under_the_order_and_names_of_the_plan(sessions: db.Sessions, shelf: Shelf):
    planned(sessions, shelf, NOON)
    with sessions() as session:
        assert set(session.scalars(select(Participant.team_id))) == set(TEAMS)


def test_an_exercise_is_planned_with_a_version_that_has_passed_its_rehearsal_here(sessions: db.Sessions, shelf: Shelf):
    unproven = Plan(scenario=scenario(), title="Ny", teams=["cyfor"])
    with pytest.raises(Invalid, match=r"liten 1\.0\.0 has not passed its rehearsal on this site"):
        plan(sessions, shelf, unproven)
    with sessions.begin() as session:
        rehearsals.record(session, rehearsals.Version.of(scenario()), passed=False, now=NOON, who="kari", report={})
    with pytest.raises(Invalid, match="has not passed"):
        plan(sessions, shelf, unproven)
    with sessions.begin() as session:
        rehearsals.record(session, rehearsals.Version.of(scenario()), passed=True, now=NOON, who="kari", report={})
    plan(sessions, shelf, unproven)
    # Where nothing has to be overridden, nobody did.
    proven = plan(sessions, shelf, replace(unproven, override="no time"))
    assert (proven.override, overridden(sessions, proven.id)) == (None, [])


def test_an_instructor_s_reason_stands_in_the_journal_with_the_name(sessions: db.Sessions, shelf: Shelf):
    with sessions.begin() as session:
        kari = accounts.add_user(session, "kari", "Kari", Role.INSTRUCTOR, NOON)
    wanted = Plan(scenario=scenario(), title="Ny", teams=["cyfor"], created_by=kari.id, override=" no time ")
    made = plan(sessions, shelf, replace(wanted, starts_at=NOON + timedelta(minutes=1), recurrence="1 14 * * *"))
    assert overridden(sessions, made.id) == [("no time", "kari")]
    with sessions.begin() as session:
        following = setup.plan_next(session, shelf, session.get_one(Exercise, made.id), NOON + timedelta(hours=3))
        assert following is not None
        assert following.override == "no time"
        setup.change(session, shelf, made.id, {"title": "Nyere"}, NOON, who="ola")
    assert overridden(sessions, made.id) == [("no time", "kari")]


def test_a_reason_stays_with_what_it_was_given_for(sessions: db.Sessions, shelf: Shelf):
    made = plan(sessions, shelf, Plan(scenario=scenario(), title="Ny", teams=["cyfor"], override="no time"))
    with sessions.begin() as session:
        assert setup.change(session, shelf, made.id, {"scenario": scenario()}, NOON).override == "no time"
    with pytest.raises(Invalid, match="has not passed"), sessions.begin() as session:
        setup.change(session, shelf, made.id, {"override": None}, NOON)
    with sessions.begin() as session:
        rehearsals.record(session, rehearsals.Version.of(scenario()), passed=True, now=NOON, who="kari", report={})
        assert setup.change(session, shelf, made.id, {"override": None}, NOON).override is None


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_that_is_none_is_refused(sessions: db.Sessions, shelf: Shelf, reason: str):
    with pytest.raises(Invalid, match="override: must be a reason"):
        plan(sessions, shelf, Plan(scenario=scenario(), title="Ny", teams=["cyfor"], override=reason))


def plan(sessions: db.Sessions, shelf: Shelf, wanted: Plan) -> Exercise:
    with sessions.begin() as session:
        return setup.plan(session, shelf, wanted, NOON)


def overridden(sessions: db.Sessions, exercise_id: str) -> list[tuple[str | None, str | None]]:
    asked = select(Journal.why, Journal.who).where(Journal.exercise_id == exercise_id, Journal.event == "overridden")
    with sessions() as session:
        return [(why, who) for why, who in session.execute(asked)]
