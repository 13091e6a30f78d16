"""`ncr ledger` and the heads kept outside the database."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ncr.db import Sessions, connect, reading, sessions
from ncr.exercise import setup
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Participant
from ncr.people.tables import Team
from ncr.scenario.loader import load
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind
from ncr.scoring.heads import Heads
from tests.command import ncr, refused
from tests.service.played import NOON, plan
from tests.stage import LITEN, rehearsed

SHOP = str(LITEN.parents[2] / "scenarios" / "nettbutikken")


@pytest.fixture
def base(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    monkeypatch.setenv("NCR_DATABASE_URL", database_url)
    monkeypatch.setenv("NCR_DATA", str(tmp_path / "data"))
    engine = connect(database_url)
    factory = sessions(engine)
    plan(factory)
    plan(factory, (), "f")
    for exercise in ("e", "f"):
        with factory.begin() as session:
            drafts = [Draft(Kind.INJECTED, f"k{number}", None, {"inject": "x"}) for number in range(4)]
            ledger.append(session, exercise, drafts, NOON)
    yield factory
    engine.dispose()


@pytest.fixture
def heads(tmp_path: Path) -> Heads:
    return Heads(tmp_path / "data")


def run(*words: str) -> tuple[int, str]:
    done = ncr("ledger", *words)
    return done.code, done.out + done.err


def change(base: Sessions, statement: str) -> None:
    with base.begin() as session:
        session.execute(text(statement))


def test_an_unbroken_ledger_verifies(base: Sessions) -> None:
    assert run("verify") == (0, "e: 4 facts, unbroken\nf: 4 facts, unbroken\n")
    code, said = run("verify", "e", "--json")
    assert (code, json.loads(said)[0]["facts"], json.loads(said)[0]["problems"]) == (0, 4, [])


def test_a_broken_ledger_names_its_first_wrong_row_and_exits_1(base: Sessions) -> None:
    change(base, "UPDATE fact SET kind = 'joined' WHERE exercise_id = 'f' AND seq = 2")
    code, said = run("verify")
    assert code == 1
    assert "e: 4 facts, unbroken" in said
    assert "f: broken at f/2: its content does not give its hash" in said
    assert run("verify", "e")[0] == 0
    assert json.loads(run("verify", "f", "--json")[1])[0]["problems"][0]["where"] == "f/2"


def test_an_exercise_that_is_not_there_is_said_to_be(base: Sessions) -> None:
    for command in ("verify", "export", "rescore"):
        code, said = run(command, "none")
        assert code == 1
        assert "there is no exercise none" in said


def test_the_export_is_ndjson_on_standard_output_or_in_a_file(base: Sessions, tmp_path: Path) -> None:
    code, said = run("export", "e")
    assert code == 0
    assert [json.loads(line)["seq"] for line in said.splitlines()] == [1, 2, 3, 4]
    assert run("export", "e", "--out", str(tmp_path / "facts"))[0] == 0
    assert (tmp_path / "facts").read_text() == said


def test_a_chain_rewritten_whole_is_found_by_the_recorded_heads(base: Sessions, heads: Heads) -> None:
    with reading(base) as session:
        assert heads.record(session, NOON) == 2
        assert heads.record(session, NOON + timedelta(minutes=1)) == 0
    change(base, "DELETE FROM fact WHERE exercise_id = 'e'")
    change(base, "UPDATE exercise SET head_seq = 0, head_hash = '' WHERE id = 'e'")
    with base.begin() as session:
        drafts = [Draft(Kind.INJECTED, f"new{number}", None, {"inject": "x"}) for number in range(9)]
        ledger.append(session, "e", drafts, NOON)
    with reading(base) as session:
        assert ledger.verify(session, "e") == []
    code, said = run("verify")
    assert code == 1
    assert "e: broken at e/4: is not the fact whose hash was recorded" in said
    assert "f: 4 facts, unbroken" in said


def test_heads_edited_by_hand_lose_their_signature(base: Sessions, heads: Heads) -> None:
    with reading(base) as session:
        heads.record(session, NOON)
        assert heads.problems(session, "e") == []
        signed = heads.folder / "heads.signed.json"
        signed.write_text(signed.read_text().replace('"seq": 4', '"seq": 3'))
        assert any("signature" in problem.message for problem in heads.problems(session, "e"))


def test_a_line_half_written_at_a_crash_spoils_nothing(base: Sessions, heads: Heads) -> None:
    with reading(base) as session:
        heads.record(session, NOON)
    with (heads.folder / "heads.ndjson").open("a") as file:
        file.write('{"at": "20')
    with base.begin() as session:
        ledger.append(session, "e", [Draft(Kind.INJECTED, "more", None, {"inject": "x"})], NOON)
    with reading(base) as session:
        assert heads.record(session, NOON) == 1
        assert heads.problems(session, "e") == []
    lines = (heads.folder / "heads.ndjson").read_text().splitlines()
    assert json.loads(lines[-1])["seq"] == 5
    assert oct((heads.folder / "ledger.key").stat().st_mode)[-3:] == "600"


def test_a_database_that_is_not_there_exits_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NCR_DATA", str(tmp_path))
    for url in (
        f"sqlite:///{tmp_path / 'empty.db'}",
        f"sqlite:///{tmp_path}/none/x.db",
        "postgresql://u@127.0.0.1:9/x",
    ):
        monkeypatch.setenv("NCR_DATABASE_URL", url)
        for command in (["verify", "e"], ["verify"], ["export", "e"]):
            code, said = run(*command)
            assert (code, said.count("the database does not answer")) == (3, 1)


def test_a_place_that_cannot_be_written_is_a_usage_error(base: Sessions, tmp_path: Path) -> None:
    assert run("export", "e", "--out", str(tmp_path / "none" / "facts"))[0] == 2


def played(base: Sessions, tmp_path: Path) -> str:
    """An exercise of two teams: one has solved the task of 100 points, the other was given 60."""
    with base.begin() as session:
        session.add_all([Team(id="blaa", name="Lag Blå"), Team(id="roed", name="Lag Rød")])
    with base.begin() as session:
        wanted = Plan(scenario=load(LITEN), title="Prøve", teams=["blaa", "roed"])
        rehearsed(session, wanted.scenario)
        made = setup.plan(session, Shelf(tmp_path / "data" / "scenarios"), wanted, NOON)
        session.flush()
        found = select(Participant.team_id, Participant.id).where(Participant.exercise_id == made.id)
        players = {team: player for team, player in session.execute(found)}
        solved = {"task": "find-web", "right": True, "digest": "x", "member": "m"}
        given = {"points": 60, "reason": "god innsats", "by": "kari"}
        drafts = [
            Draft(Kind.SUBMITTED, "one", players["blaa"], solved),
            Draft(Kind.ADJUSTED, "two", players["roed"], given),
        ]
        ledger.append(session, made.id, drafts, NOON)
        return made.id


def changed(tmp_path: Path, old: str, new: str) -> Path:
    place = shutil.copytree(LITEN, tmp_path / "changed" / "liten")
    text = (place / "scenario.yml").read_text()
    assert old in text
    (place / "scenario.yml").write_text(text.replace(old, new))
    return place


def test_facts_are_counted_anew_by_changed_rules_and_nothing_is_written(base: Sessions, tmp_path: Path) -> None:
    exercise = played(base, tmp_path)
    place = changed(tmp_path, "points: 100", "points: 40")
    before = run("export", exercise)
    done = ncr("ledger", "rescore", exercise, "--scenario", str(place), "--json").json
    assert (done["exercise"], done["seq"], done["rules"]["digest"]) == (exercise, 2, load(place).digest)
    assert done["standings"] == [
        {"team": "Lag Rød", "rank": 2, "points": 60, "rescored_rank": 1, "rescored_points": 60},
        {"team": "Lag Blå", "rank": 1, "points": 100, "rescored_rank": 2, "rescored_points": 40},
    ]
    assert run("rescore", exercise, "--scenario", str(place))[1].splitlines()[1].split()[-2:] == ["1", "60"]
    assert run("export", exercise) == before
    assert run("verify", exercise)[0] == 0


def test_without_a_folder_the_site_s_own_scenario_of_that_name_counts(
    base: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise = played(base, tmp_path)
    place = changed(tmp_path, "points: 100", "points: 70")
    monkeypatch.setenv("NCR_SCENARIOS", json.dumps([str(place.parent)]))
    rows = ncr("ledger", "rescore", exercise, "--json").json["standings"]
    assert [(row["points"], row["rescored_points"]) for row in rows] == [(100, 70), (60, 60)]
    monkeypatch.setenv("NCR_SCENARIOS", json.dumps([str(tmp_path / "none")]))
    refused(1, "the site has no scenario liten that is good", "ledger", "rescore", exercise)


def test_what_an_exercise_cannot_be_counted_by_is_said(base: Sessions, tmp_path: Path) -> None:
    exercise = played(base, tmp_path)
    broken = changed(tmp_path, "points: 100", "points: many")
    refused(1, "scenario.yml:13:13: ", "ledger", "rescore", exercise, "--scenario", str(broken))
    refused(1, "is nettbutikken, and the exercise was of liten", "ledger", "rescore", exercise, "--scenario", SHOP)
    refused(1, "is not a directory", "ledger", "rescore", exercise, "--scenario", str(tmp_path / "none"))
