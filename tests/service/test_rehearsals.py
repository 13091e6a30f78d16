"""Rehearsals asked for at the doors: taken up one at a time by the director, told, and ended when nobody ends them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ncr import db
from ncr.director.director import Director
from ncr.director.rehearsal.report import Report, Step
from ncr.errors import EngineUnavailable, Refused
from ncr.exercise import rehearsals
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Rehearsal
from ncr.runtime.simulated import SimulatedEngine
from tests.service import doors_site
from tests.service.doors_site import Caller, World
from tests.stage import NOON, Stage, add_teams, scenario

PATH = "/api/v1/scenarios/liten/rehearsals"


@dataclass
class Rehearser:
    """Holds rehearsals that end as told, when told."""

    go_on: Event = field(default_factory=Event)
    outcome: Any = "passed"
    began: list[Path] = field(default_factory=list)

    def __call__(self, path: Path, tell: Any) -> Report:
        self.began.append(path)
        assert self.go_on.wait(20)
        step = Step("task find-web", "is solved", "A", outcome=self.outcome)
        tell(step, False)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return Report(str(path), "liten", "1.0.0", "d", 1.0, (step,))


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    engine = db.connect(database_url)
    sessions = db.sessions(engine)
    add_teams(sessions)
    made = Stage(sessions, SimulatedEngine(), tmp_path / "data")
    yield made
    made.end()
    engine.dispose()


def directed(stage: Stage, rehearser: Rehearser) -> Director:
    """A director on duty that can rehearse."""
    stage.director = Director(
        stage.sessions, stage.engine, stage.settings, Shelf(stage.folder / "scenarios"), instance=stage.instance,
        rehearse=rehearser, clock=stage.clock, steady=lambda: stage.steady_s,
    )  # fmt: skip
    stage.director.start()
    return stage.director


def asked(stage: Stage) -> str:
    with stage.sessions.begin() as session:
        return rehearsals.ask(session, stage.shelf, scenario(), stage.clock(), "kari").id


def test_no_more_wait_than_can_be_held_soon(stage: Stage):
    with stage.sessions.begin() as session:
        for number in range(10):
            version = replace(scenario(), digest=f"{number:064}")
            rehearsals.ask(session, stage.shelf, version, NOON, "kari")
        with pytest.raises(Refused, match="10 rehearsals wait already"):
            rehearsals.ask(session, stage.shelf, scenario(), NOON, "kari")
        again = replace(scenario(), digest=f"{3:064}")
        assert rehearsals.ask(session, stage.shelf, again, NOON, "ola").who == "kari"


def seen(stage: Stage, rehearsal_id: str) -> Rehearsal:
    with stage.sessions() as session:
        return session.get_one(Rehearsal, rehearsal_id)


def test_what_was_asked_for_is_held_beside_the_director_s_steps_and_told(stage: Stage):
    rehearser = Rehearser()
    director, mine = directed(stage, rehearser), asked(stage)
    for _ in range(3):
        assert director.step()
    assert seen(stage, mine).state == "running" or not rehearser.began
    rehearser.go_on.set()
    director.settle(20)
    row = seen(stage, mine)
    assert (row.state, row.who, row.report["steps"][0]["name"]) == ("passed", "kari", "task find-web")
    assert [path.name for path in rehearser.began] == ["liten"]
    with stage.sessions() as session:
        assert rehearsals.has_passed(session, scenario().digest)


def test_one_that_is_under_way_is_not_asked_for_again(stage: Stage):
    assert asked(stage) == asked(stage)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [(EngineUnavailable("no engine"), "no engine"), (ValueError("odd"), "it broke: ValueError('odd')"), ("failed", "")],
)
def test_whatever_goes_wrong_is_a_rehearsal_that_failed(stage: Stage, outcome: Any, message: str):
    rehearser = Rehearser(outcome=outcome)
    rehearser.go_on.set()
    directed(stage, rehearser)
    mine = asked(stage)
    stage.step()
    assert seen(stage, mine).state == "failed"
    assert seen(stage, mine).report["steps"][0]["message"] == message


def test_one_whose_director_died_is_told_as_failed(stage: Stage):
    mine = asked(stage)
    with stage.sessions.begin() as session:
        assert rehearsals.take(session, mine)
        assert not rehearsals.take(session, mine)
    directed(stage, Rehearser())
    stage.step()
    row = seen(stage, mine)
    assert (row.state, row.ended_at) == ("failed", NOON)
    assert row.report["steps"][0]["message"] == "the service ended in the middle of it; ask for it again"


def test_a_director_that_ends_ends_it_too(stage: Stage):
    rehearser = Rehearser()
    director, mine = directed(stage, rehearser), asked(stage)
    director.step()
    while not rehearser.began:
        Event().wait(0.01)
    # It sees that it is to end at its next step.
    director._rehearsals.stop()
    rehearser.go_on.set()
    director.settle(20)
    assert seen(stage, mine).state == "failed"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "site", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    with doors_site.service(world.folder, database_url) as caller:
        yield caller


def test_an_instructor_asks_and_sees_what_came_of_it(caller: Caller):
    made = caller.as_("owner", "POST", PATH).json()
    assert (made["state"], made["who"], made["report"]) == ("asked", "owner", {})
    listed = caller.as_("observer", "GET", PATH).json()
    assert [(row["state"], row["version"]) for row in listed] == [("asked", "1.0.0"), ("passed", "1.0.0")]
    page = text(caller, "GET", "/scenarios/liten/rehearsal")
    assert "Generalprøven er bestilt" in page
    assert caller.as_("owner", "POST", "/api/v1/scenarios/ukjent/rehearsals").status == 404


def test_the_page_shows_every_step(caller: Caller):
    with caller.app.state.site.sessions.begin() as session:
        found = next(each for each in caller.app.state.site.scenarios() if each.definition.id == "liten")
        steps = (Step("check web-up", "turns red when broken", "A", "failed", 2.0, "it is up <after> its break"),)
        told = Report("", "liten", "1.0.0", found.digest, 2.0, steps).document()
        now = caller.app.state.site.clock()
        what = rehearsals.Version.of(found)
        rehearsals.record(session, what, passed=False, now=now, who=None, report=told)
    page = caller.browse("observer", "GET", "/scenarios/liten/rehearsal").body.decode()
    assert "Generalprøven er ikke bestått." in page
    assert "it is up &lt;after&gt; its break" in page
    assert "Start generalprøve" not in page


def test_a_plan_with_an_unproven_version_says_so_on_the_form_and_wants_a_reason(caller: Caller, world: World):
    changed = world.folder / "source" / "liten" / "scenario.yml"
    changed.write_text(changed.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    form = {"title": "Ny", "scenario": "liten", "teams": "blaa", "starts_at": "2099-01-01T09:00", "key": "k",
            "time_zone": "Europe/Oslo"}  # fmt: skip
    assert "Denne versjonen har ikke hatt generalprøve her." in text(caller, "GET", "/exercises/new")
    assert "Skriv hvorfor øvelsen holdes likevel." in text(caller, "POST", "/exercises/new", form)
    planned = caller.browse("owner", "POST", "/exercises/new", {**form, "override": "Vi har ikke tid"})
    assert planned.status == 303
    shown = text(caller, "GET", planned.headers["location"])
    assert "holdes uten bestått generalprøve" in shown
    assert "Vi har ikke tid" in shown


def text(caller: Caller, method: str, path: str, sent: Any = None) -> str:
    return caller.browse("owner", method, path, sent).body.decode()
