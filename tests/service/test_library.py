"""The library: two that upload the same version with different contents at once, and what a killed upload left."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from ncr import db
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import Refused
from ncr.exercise import library, setup, stock, upload
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise
from ncr.scenario import loader
from ncr.scenario.topology import Scenario
from tests.stage import TEAMS, add_teams

LITEN = Path(__file__).parents[1] / "scenarios" / "liten"


def changed(folder: Path, word: str) -> Scenario:
    place = folder / word / "liten"
    shutil.copytree(LITEN, place)
    definition = place / "scenario.yml"
    definition.write_text(definition.read_text() + f"\nauthors: [{word}]\n")
    return loader.load(place)


def test_of_two_uploads_of_one_version_at_once_the_second_is_refused(tmp_path: Path, database_url: str) -> None:
    database = db.connect(database_url)
    sessions, shelf = db.sessions(database), Shelf(tmp_path / "shelf")
    settings = Settings(_env_file=None, data=tmp_path)
    first, second = changed(tmp_path, "Kari"), changed(tmp_path, "Ola")

    def bring() -> None:
        with sessions.begin() as session:
            stock.receive(session, shelf, settings, (), second, None, utcnow())

    with ThreadPoolExecutor(1) as threads:
        with sessions.begin() as session:
            stock.receive(session, shelf, settings, (), first, None, utcnow())
            late = threads.submit(bring)
            wait({late}, timeout=1)
        with pytest.raises(Refused, match="is here already with other content"):
            late.result()
    with sessions() as session:
        assert [row.digest for row in library.versions(session, "liten")] == [first.digest]
    database.dispose()


def test_one_that_is_planned_with_while_it_is_removed_stays_or_is_kept_anew(tmp_path: Path, database_url: str) -> None:
    database = db.connect(database_url)
    sessions, shelf = db.sessions(database), Shelf(tmp_path / "shelf")
    settings, scenario = Settings(_env_file=None, data=tmp_path), changed(tmp_path, "Kari")
    add_teams(sessions)
    wanted = Plan(scenario=scenario, title="Prøve", teams=TEAMS, override="skal prøves")

    def plan() -> None:
        with sessions.begin() as session:
            setup.plan(session, shelf, wanted, utcnow())

    def remove() -> None:
        with sessions.begin() as session:
            stock.remove(session, shelf, "liten", scenario.digest, None, utcnow())

    with sessions.begin() as session:
        stock.receive(session, shelf, settings, (), scenario, None, utcnow())
    with ThreadPoolExecutor(1) as threads:
        with sessions.begin() as session:
            stock.remove(session, shelf, "liten", scenario.digest, None, utcnow())
            late = threads.submit(plan)
            wait({late}, timeout=1)
        late.result()
        assert shelf.get(scenario.digest).path.is_dir()
        with sessions.begin() as session:
            exercise = setup.plan(session, shelf, wanted, utcnow())
            late = threads.submit(remove)
            wait({late}, timeout=1)
        with pytest.raises(stock.InUse, match="is used by Prøve, and stays"):
            late.result()
    with sessions() as session:
        assert session.get_one(Exercise, exercise.id).digest == scenario.digest
    database.dispose()


def test_what_a_killed_upload_left_goes_with_a_later_one(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data=tmp_path)
    old, new = (tmp_path / "uploads" / name for name in ("old", "new"))
    for place in (old, new):
        place.mkdir(parents=True)
        (place / "archive").write_bytes(b"PK")
    os.utime(old, (0, 0))
    with upload.folder(settings) as made:
        assert sorted((tmp_path / "uploads").iterdir()) == sorted([new, made])
