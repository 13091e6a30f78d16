"""`ncr` with a database and the simulated engine: what each command does and says, and how nonsense ends."""

import json
import shutil
from pathlib import Path

import pytest

from ncr import app as composition
from ncr import db
from ncr.config import Settings
from ncr.scenario.loader import load
from tests.command import ncr, refused
from tests.stage import LITEN, rehearsed

PASSWORD = "riktig hest batteri"
EVERYTHING = [
    ["people", "partner", "list"],
    ["people", "user", "add", "kari", "--password", PASSWORD],
    ["exercise", "list"],
    ["exercise", "show", "x"],
    ["exercise", "pause", "x"],
    ["exercise", "watch", "x"],
    ["exercise", "plan", "liten", "--title", "T", "--team", "blaa"],
    ["practice", "list"],
    ["practice", "start", "liten", "--user", "kari"],
    ["practice", "stop", "x"],
    ["environment", "list"],
    ["environment", "reset", "x"],
    ["environment", "prune"],
    ["ledger", "verify"],
    ["ledger", "export", "x"],
    ["ledger", "rescore", "x"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's data folder, still without a database; its scenarios lie beside it."""
    shutil.copytree(LITEN, tmp_path / "scenarios" / "liten")
    for name, value in {
        "NCR_ENGINE": "simulated",
        "NCR_DATA": str(tmp_path / "data"),
        "NCR_SCENARIOS": json.dumps([str(tmp_path / "scenarios")]),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NCR_DATABASE_URL", raising=False)
    return tmp_path / "data"


@pytest.fixture
def site(folder: Path, sqlite_template: Path) -> Path:
    """The same with a database and one team."""
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "ncr.db")
    sessions = db.sessions(db.connect(f"sqlite:///{folder / 'ncr.db'}"))
    with sessions.begin() as session:
        rehearsed(session, load(LITEN))
    sessions.kw["bind"].dispose()
    assert ncr("people", "user", "add", "kari", "--password", PASSWORD, "--role", "instructor").code == 0
    assert ncr("people", "team", "add", "blaa", "--name", "Lag Blå", "--member", "kari").code == 0
    return folder


@pytest.fixture
def exercise(site: Path) -> str:
    planned = ncr("exercise", "plan", "liten", "--title", "Prøve", "--team", "blaa", "--owner", "kari", "--json")
    return str(planned.json["id"])


def test_a_database_is_made_and_brought_up_to_date(folder: Path) -> None:
    first, again = ncr("db", "upgrade", "--json").json, ncr("db", "upgrade", "--json").json
    assert first["before"] is None
    assert again == {"before": first["after"], "after": first["after"]}
    assert ncr("exercise", "list", "--json").json == []


@pytest.mark.parametrize("words", EVERYTHING, ids=" ".join)
def test_a_database_that_was_never_made_ends_with_3(folder: Path, words: list[str]) -> None:
    refused(3, "needs `ncr db upgrade`: no such table", *words)


@pytest.mark.parametrize("words", [*EVERYTHING, ["db", "upgrade"]], ids=" ".join)
def test_a_database_that_cannot_be_reached_ends_with_3(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    (folder / "ncr.db").write_bytes(b"no database" * 500)
    refused(3, "file is not a database", *words)
    monkeypatch.setenv("NCR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    refused(3, "the database does not answer", *words)


@pytest.mark.parametrize("words", [*EVERYTHING, ["db", "upgrade"]], ids=" ".join)
def test_a_data_folder_that_cannot_be_ends_with_3(folder: Path, words: list[str]) -> None:
    folder.write_text("a file in its place")
    refused(3, "cannot be the data folder", *words)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NCR_DATABASE_URL", "nonsense", "NCR_DATABASE_URL: String should match"),
        ("NCR_DATABASE_URL", "mysql://x/y", "NCR_DATABASE_URL: String should match"),
        ("NCR_ENGINE", "podman", "NCR_ENGINE: Input should be 'docker' or 'simulated'"),
        ("NCR_MAX_CPUS", "many", "NCR_MAX_CPUS: Input should be a valid number"),
        ("NCR_SCENARIOS", "here", "scenarios"),
    ],
)
def test_wrong_settings_end_with_2_and_their_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    for words in (["exercise", "list"], ["db", "upgrade"], ["doctor"], ["scenario", "check", str(LITEN)]):
        refused(2, said, *words)


def test_partners_teams_users_and_tokens_are_made_and_listed(site: Path) -> None:
    assert ncr("people", "partner", "add", "ntnu", "--name", "NTNU i Gjøvik", "--short", "NTNU", "--json").json == {
        "id": "ntnu", "name": "NTNU i Gjøvik", "short_name": "NTNU",
    }  # fmt: skip
    assert ncr("people", "user", "add", "ola", "--password", "-", given=f"{PASSWORD}\n").code == 0
    assert ncr("people", "team", "add", "roed", "--name", "Lag Rød", "--partner", "ntnu", "--json").code == 0
    assert ncr("people", "team", "members", "roed", "--member", "ola", "--json").json == {
        "id": "roed", "members": ["ola"],
    }  # fmt: skip
    assert ncr("people", "user", "disable", "ola", "--json").json == {"login": "ola", "disabled": True}
    assert ncr("people", "token", "add", "kari", "--name", "kveld", "--json").json["token"].startswith("ncr_")
    assert [row["id"] for row in ncr("people", "partner", "list", "--json").json] == ["ntnu"]
    teams = ncr("people", "team", "list", "--json").json
    assert [(row["id"], row["partner"], row["members"]) for row in teams] == [
        ("blaa", None, "kari"), ("roed", "ntnu", "ola"),
    ]  # fmt: skip
    users = ncr("people", "user", "list", "--json").json
    assert [(row["login"], row["role"], row["disabled"]) for row in users] == [
        ("kari", "instructor", False), ("ola", "participant", True),
    ]  # fmt: skip
    tokens = ncr("people", "token", "list", "--json").json
    assert [(row["login"], row["name"], row["role"]) for row in tokens] == [("kari", "kveld", "instructor")]
    assert ncr("people", "team", "list").out.splitlines()[1] == "blaa  Lag Blå           kari"


@pytest.mark.parametrize(
    ("code", "said", "line"),
    [
        (1, "the user name kari is taken", f"user add kari --password {PASSWORD.replace(' ', '')}"),
        (1, "login: must be a letter", f"user add Kåre --password {PASSWORD.replace(' ', '')}"),
        (1, "password: must be 10", "user add ola --password kort"),
        (2, "'king' is not one of", "user add ola --password x --role king"),
        (1, "there is no user nobody", "user disable nobody"),
        (1, "there is a team blaa already", "team add blaa --name Blå"),
        (1, "there is no partner nope", "team add roed --name Rød --partner nope"),
        (1, "there is no user nope", "team add roed --name Rød --member nope"),
        (1, "there is no team nope", "team members nope"),
        (1, "id: must be a letter", "partner add Å --name Å"),
        (1, "there is no user nobody", "token add nobody --name x"),
        (1, "role: can be at most instructor", "token add kari --name x --role admin"),
        (2, "--days", "token add kari --name x --days 0"),
        (2, "No such command", "guest list"),
        (2, "Missing argument", "user disable"),
    ],
)
def test_what_people_cannot_be_is_said(site: Path, code: int, said: str, line: str) -> None:
    refused(code, said, "people", *line.split())


def test_an_exercise_is_planned_shown_turned_and_watched_to_its_end(exercise: str) -> None:
    assert [(row["id"], row["state"]) for row in ncr("exercise", "list", "--json").json] == [(exercise, "draft")]
    shown = ncr("exercise", "show", exercise[:8], "--json").json
    assert (shown["title"], shown["scenario"]) == ("Prøve", "liten")
    assert [(row["team"], row["state"]) for row in shown["environments"]] == [("Lag Blå", "absent")]
    assert "Lag Blå  absent" in ncr("exercise", "show", exercise).out
    assert ncr("exercise", "launch", exercise, "--json").json["state"] == "scheduled"
    assert ncr("exercise", "cancel", exercise, "--json").json["state"] == "cancelled"
    board = ncr("exercise", "watch", exercise, "--json").json
    assert (board["state"], [row["team"] for row in board["standings"]]) == ("cancelled", ["Lag Blå"])
    assert "Lag Blå" in ncr("exercise", "watch", exercise).out
    assert ncr("exercise", "archive", exercise, "--json").json["state"] == "archived"


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (1, "there is no scenario nope; there are: liten", ["nope"]),
        (1, "there is no team nope", ["liten", "--team", "nope"]),
        (1, "there is no user nope", ["liten", "--owner", "nope"]),
        (1, "title: must be 1 to 200", ["liten", "--title", ""]),
        (1, "'Mars' is not a time zone", ["liten", "--starts-in", "2m", "--time-zone", "Mars"]),
        (1, "five cron fields", ["liten", "--starts-in", "2m", "--recurrence", "often"]),
        (1, "visibility: must be one of", ["liten", "--visibility", "all"]),
        (1, "not after the start", ["liten", "--duration", "0s"]),
        (2, "soon is not a duration", ["liten", "--starts-in", "soon"]),
        (2, "long is not a duration", ["liten", "--duration", "long"]),
        (2, "--starts-at", ["liten", "--starts-at", "i morgen"]),
    ],
)
def test_a_plan_that_cannot_be_is_refused_and_nothing_is_kept(
    site: Path, code: int, said: str, words: list[str]
) -> None:
    refused(code, said, "exercise", "plan", "--title", "T", "--team", "blaa", *words)
    assert ncr("exercise", "list", "--json").json == []


def test_a_broken_scenario_beside_the_good_one_is_told_beside_the_answer(site: Path) -> None:
    (site.parent / "scenarios" / "broken").mkdir()
    (site.parent / "scenarios" / "broken" / "scenario.yml").write_text("ncr: 2\n")
    done = ncr("exercise", "plan", "liten", "--title", "T", "--team", "blaa", "--json")
    assert done.json["state"] == "draft"
    assert "scenario left out" in done.err
    rows = ncr("scenario", "list", "--json").json
    assert [row["id"] for row in rows] == ["broken", "liten"]
    assert "see ncr scenario check" in rows[0]["problem"]


def test_a_turn_that_cannot_be_is_refused(exercise: str) -> None:
    refused(1, "is draft and cannot become paused", "exercise", "pause", exercise)
    refused(2, "soon is not a duration", "exercise", "extend", exercise, "--by", "soon")
    for turn in ("show", "launch", "pause", "resume", "finish", "cancel", "archive", "extend", "watch"):
        refused(1, "there is no exercise %", "exercise", turn, "%")
        # Not the only one there is: a script's empty variable must not call it off.
        refused(1, "an exercise without an id is none", "exercise", turn, "")
    assert ncr("exercise", "show", exercise, "--json").json["state"] == "draft"


def test_a_practice_run_is_started_told_of_and_ended(site: Path) -> None:
    started = ncr("practice", "start", "liten", "--user", "kari", "--json")
    assert (started.code, started.json["state"], started.json["user"]) == (0, "queued", "kari")
    again = ncr("practice", "start", "liten", "--user", "kari", "--json")
    assert again.json["id"] == started.json["id"]
    assert [row["position"] for row in ncr("practice", "list", "--json").json] == [1]
    assert "queued" in ncr("practice", "list").out
    ended = ncr("practice", "stop", started.json["id"][:8], "--json")
    assert (ended.json["state"], ended.json["ended"]) == ("finished", "left")
    assert ncr("practice", "list").out.startswith("nobody practises now")
    assert [row["ended"] for row in ncr("practice", "list", "--user", "kari", "--json").json] == ["left"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["start", "nei", "--user", "kari"], "there is no scenario nei; there are: liten"),
        (["start", "liten", "--user", "ingen"], "there is no user ingen"),
        (["stop", "ingen"], "there is no exercise ingen"),
        (["list", "--user", "ingen"], "there is no user ingen"),
    ],
)
def test_what_cannot_be_practised_is_said(site: Path, words: list[str], said: str) -> None:
    refused(1, said, "practice", *words)


def test_waiting_for_a_run_tells_how_it_goes(site: Path) -> None:
    settings = Settings()
    at = composition.site(settings)
    clockwork = composition.director(at, composition.engine(settings))
    clockwork.start()
    try:
        waited = ncr("practice", "start", "liten", "--user", "kari", "--wait")
    finally:
        clockwork.stop()
        at.writer.close()
    assert waited.code == 0
    assert "state: running" in waited.out
    assert "in the queue" in waited.err or "being built" in waited.err


def test_environments_are_listed_reset_and_pruned(exercise: str) -> None:
    assert ncr("environment", "list", "--json").json[0]["team"] == "Lag Blå"
    (row,) = ncr("environment", "list", "--json").json
    assert (row["exercise"], row["state"], row["containers"]) == ("Prøve", "absent", 0)
    refused(1, "cannot be reset", "environment", "reset", row["participant"])
    refused(1, "there is no environment of nope", "environment", "reset", "nope")
    assert ncr("environment", "prune", "--json").json == {"removed": 0}


def test_the_doctor_finds_what_is_missing_and_says_a_remedy(folder: Path) -> None:
    done = ncr("doctor", "--no-probe", "--json")
    found = {row["what"]: row for row in json.loads(done.out)}
    assert (done.code, found["database"]["well"], found["engine"]["well"]) == (3, False, True)
    assert "ncr db upgrade" in found["database"]["remedy"]
    ncr("db", "upgrade")
    found = {row["what"]: row for row in ncr("doctor", "--no-probe", "--json").json}
    assert {name: row["well"] for name, row in found.items() if name != "base image"} == dict.fromkeys(
        ["database", "practice", "clock", "networks", "disk", "engine", "capacity", "limits", "guard"], True
    )
    shutil.rmtree(folder)
    folder.write_text("a file in its place")
    done = ncr("doctor")
    assert done.code == 3
    assert "NOT  data folder" in done.out


def test_an_engine_that_does_not_answer_ends_with_3(exercise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCR_ENGINE", "docker")
    for host in ("tcp://127.0.0.1:1", "nonsense://x"):
        monkeypatch.setenv("DOCKER_HOST", host)
        for words in (["environment", "list"], ["environment", "prune"], ["scenario", "build", str(LITEN)]):
            refused(3, "the container engine does not answer", *words)
        done = ncr("doctor", "--json")
        found = {row["what"]: row for row in json.loads(done.out)}
        assert (done.code, found["database"]["well"], found["engine"]["well"]) == (3, True, False)
        assert "infra/engine/up" in found["engine"]["remedy"]


def test_a_scenario_that_is_none_is_a_located_problem(tmp_path: Path) -> None:
    binary, folder = tmp_path / "binary", tmp_path / "folder"
    binary.mkdir()
    (binary / "scenario.yml").write_bytes(bytes(range(256)) * 40)
    (folder / "scenario.yml").mkdir(parents=True)
    for place, said in (
        (binary, "is not UTF-8 text"),
        (folder, "is missing"),
        (binary / "scenario.yml", "is not a directory"),
        (tmp_path / "nowhere", "is not a directory"),
        (tmp_path / ("x" * 300), "cannot be read (File name too long"),
        (Path("/dev/null"), "is not a directory"),
    ):
        done = ncr("scenario", "check", str(place), "--json")
        assert (done.code, done.err) == (1, "")
        assert said in done.json[0]["problems"][0]["message"]
        assert done.json[0]["problems"][0]["where"].startswith("scenario.yml:")
        refused(1, said, "scenario", "build", str(place))


def test_a_scenario_whose_files_cannot_be_read_is_a_problem_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shutil.copytree(LITEN, tmp_path / "liten")
    opened = Path.open

    def locked(path: Path, *args: object, **more: object) -> object:
        if path.name == "compose.yml":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", locked)  # root, who runs tests here and there, may read everything
    done = ncr("scenario", "check", str(place))
    assert (done.code, done.err) == (1, "")
    assert "cannot be read (Permission denied" in done.out
