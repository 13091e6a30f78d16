"""The rehearsal on the real engine: a good scenario passes; each kind of defect is found, and is all that is found."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import docker
import pytest

from ncr import app as composition
from ncr import db
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.leftovers import Traces, sweep
from ncr.director.rehearsal.patience import Patience
from ncr.director.rehearsal.rehearsal import rehearse
from ncr.director.rehearsal.report import Report
from ncr.exercise import rehearsals
from ncr.exercise.tables import Rehearsal
from ncr.runtime.docker import DockerEngine
from ncr.runtime.objects import INSTANCE, MANAGED, Attachment, VolumeSpec
from ncr.scenario import loader
from tests.command import ncr

BEVIS = Path(__file__).parents[1] / "scenarios" / "bevis"
QUICK = Patience(start_s=2.0, turn_s=2.0)
FLAG = "NCR{behind-the-door}"
HIDDEN = f"FROM ncr/base:bookworm\nRUN echo '{FLAG}' > /srv/bait\nRUN rm /srv/bait\n"


@dataclass(frozen=True)
class Site:
    """A site that rehearses, and what it leaves on the engine."""

    settings: Settings
    client: docker.DockerClient

    names: set[str] = field(default_factory=set)

    def engine(self, name: str) -> DockerEngine:
        self.names.add(name)
        return DockerEngine(self.settings, name)

    def rehearse(self, place: Path, beside=lambda hall: None, **more) -> Report:
        return rehearse(place, self.settings, self.engine, patience=QUICK, beside=beside, **more)

    def left(self) -> list[str]:
        """What its rehearsals have on the engine, and their traces."""
        traces = [path.name for path in (self.settings.data / "rehearsals").glob("*")]
        found: list[str] = []
        for name in {*traces, *self.names}:
            seen = self.engine(name).observe({INSTANCE: name})
            found += [*seen.containers, *seen.networks, *seen.volumes]
        return found + traces


@pytest.fixture
def site(tmp_path: Path, docker_client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """It leaves nothing, whatever was rehearsed; the command is this site's too."""
    monkeypatch.setenv("NCR_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NCR_DATABASE_URL", raising=False)
    made = Site(Settings(_env_file=None, data=tmp_path / "data"), docker_client)
    yield made
    traces = Traces(made.settings.data / "rehearsals")
    for trace in traces.dead():
        trace.sweep(made.engine("x"))


def planted(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """The good scenario with something wrong in it: (file, old, new); no old: the file is written anew."""
    place = folder / "bevis"
    shutil.copytree(BEVIS, place)
    for name, old, new in changes:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not old or old in file.read_text()
        file.write_text(file.read_text().replace(old, new) if old else new)
    return place


def told(report: Report) -> dict[str, str]:
    return {step.words: step.message for step in report.failures}


def test_a_good_scenario_passes_is_told_and_written_down_and_leaves_nothing(site: Site, sqlite_template: Path):
    site.settings.data.mkdir()
    shutil.copy(sqlite_template, site.settings.data / "ncr.db")
    told = site.settings.data / "report.xml"
    done = ncr("scenario", "rehearse", str(BEVIS), str(BEVIS / "files"), "--json", "--junit", str(told))
    good, bad = done.json
    assert (done.code, good["scenario"], good["passed"], bad["passed"]) == (1, "bevis", True, False)
    assert "scenario.yml:1:1: is missing" in bad["steps"][0]["message"]
    assert {step["outcome"] for step in good["steps"]} == {"passed"}
    assert {step["team"] for step in good["steps"]} == {"", "A", "B"}
    entered = [(step["name"], step["what"]) for step in good["steps"] if step["name"].startswith("entry")]
    assert entered[::2] == [
        ("entry desk", "lets student in"), ("entry page", "answers"), ("entry hatch", "is opened"),
        ("entry hatch", "is opened"),
    ]  # fmt: skip
    assert [step["what"] for step in good["steps"] if step["name"] == "task later"] == [
        "refuses the wrong answer", "is solved",
    ]  # fmt: skip
    suites = ElementTree.fromstring(told.read_text())  # noqa: S314 - our own
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [
        (str(len(good["steps"])), "0"),
        ("1", "1"),
    ]
    engine = db.connect(f"sqlite:///{site.settings.data / 'ncr.db'}")
    with db.sessions(engine)() as session:
        assert rehearsals.has_passed(session, good["digest"])
    engine.dispose()
    assert site.left() == []


def test_the_director_holds_what_was_asked_for_on_the_engine(site: Site, sqlite_template: Path):
    site.settings.data.mkdir()
    shutil.copy(sqlite_template, site.settings.data / "ncr.db")
    at = composition.site(site.settings)
    clockwork = composition.director(at, composition.engine(site.settings))
    clockwork.start()
    try:
        with at.sessions.begin() as session:
            asked = rehearsals.ask(session, at.shelf, loader.load(BEVIS), utcnow(), "kari").id
        until = time.monotonic() + 200
        state = "asked"
        while state in rehearsals.UNDER_WAY and time.monotonic() < until:
            time.sleep(0.2)
            with at.sessions() as session:
                state, report = session.get_one(Rehearsal, asked).state, session.get_one(Rehearsal, asked).report
    finally:
        clockwork.stop()
        at.writer.close()
        at.sessions.kw["bind"].dispose()
    assert (state, [step for step in report["steps"] if step["outcome"] != "passed"]) == ("passed", [])
    assert site.left() == []


def test_what_is_kept_for_its_author_stays_until_it_is_cleared(site: Site):
    report = site.rehearse(BEVIS, keep=True)
    assert report.passed
    [way_in, way_out] = report.kept
    desk = site.client.containers.get(way_in.split()[5])
    assert desk.exec_run(["id", "-un"], user="student").output == b"student\n"
    assert way_out.startswith("ncr scenario clear")
    assert len([name for name in site.left() if name.startswith("ncr-")]) == 5
    assert sweep(Traces(site.settings.data / "rehearsals"), site.engine("x")) == []
    assert ncr("scenario", "clear", "--json").json == {"removed": 1}
    assert site.left() == []


def test_what_a_killed_one_left_is_swept(site: Site):
    command = [sys.executable, "-c", "from ncr.cli import main; main()", "scenario", "rehearse", str(BEVIS)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not any(name.endswith("-desk") for name in site.left()):
            assert process.poll() is None
            time.sleep(0.1)
        process.kill()
    assert ncr("scenario", "clear", "--json").json == {"removed": 1}
    assert site.left() == []


NOTE = 'flag: {per_team: true, deliver: {service: desk, file: /srv/note.txt, mode: "0444"}}'
LAMP = "command: [%s, /srv/lamp]}"
HATCH = 'entries:\n  hatch: {open: {service: desk, command: [sh, -c, "perl /srv/page.pl 8080 >/dev/null 2>&1 &"]}}\n'
NO_PAGE = "no page comes from desk:8080 within 2 s: nothing answers there"
NOBODY = "no shell starts as nobody-here in desk (exit 126)"
# What is wrong with a scenario: each a change of a file, and what has to be told of it.
PLAYED_WRONG = (
    # A task that nobody can solve, and one that requires what people grade.
    ("play.yml", 'later: {answer: "42"', 'later: {script: play/no.sh, answer: "42"'),
    ("play/no.sh", "", "#!/bin/sh\necho no way through >&2\nexit 3\n"),
    ("scenario.yml", NOTE, "graded: {rubric: [{id: words, max: 5, text: Words}]}"),
    ("play.yml", "  note: {run: {entry: desk, command: [cat, /srv/note.txt]}, answer_from: stdout}\n", ""),
    # A page that cannot be opened.
    ("play.yml", '[sh, -c, "perl /srv/page.pl 8080 >/dev/null 2>&1 &"]', '["false"]'),
    # A wrong answer that is right, and a check that its break does not break.
    ("play.yml", "sort: [b]", "sort: [c, a]"),
    ("play.yml", "[rm, /srv/door]", '["true"]'),
    # A flag in a hand-out, in an environment, and in a layer of an image below the one that deletes it.
    ("files/map.txt", "below the desk", f"below the desk {FLAG}"),
    ("compose.yml", "the cellar", FLAG),
    ("images/vault/Dockerfile", "", HIDDEN),
    # What an inject broke on purpose is never mended.
    ("play.yml", f"after:\n  storm: {{repair: {{service: desk, {LAMP % 'touch'}}}\n", ""),
)
PLAYED_WRONG_TOLD = {
    "task later: is solved (team A)": "later was not solved (exit 3): no way through",
    "task safe: can be tried (team A)": "it requires note, which people grade and nobody can solve",
    "entry hatch: is opened (team A)": "`false` in desk ended with 1:",
    "entry hatch: is opened (team B)": "`false` in desk ended with 1:",
    "task sort: refuses the wrong answer (team A)": "the wrong answer is accepted: c,a",
    "check door: turns red when broken (team A)": "it is up after its break, and must not be",
    "flags: are not in hand-outs": "the flag of safe stands in the hand-out files/map.txt",
    "flags: are not in environments": "the flag of safe stands in the environment variable PLACE of vault",
    "flags: are not in images": "in the image of vault: /srv/bait in layer 4, which a later layer deletes",
    "inject found: fires": "it waits for note, which was not solved",
    "inject dark: fires when lamp is down for 30 s (team A)": "rm: cannot remove '/srv/lamp'",
    "check lamp: is up at the end (team A)": "it is down after 2 s: ended with 1",
    "check lamp: is up at the end (team B)": "it is down after 2 s: ended with 1",
}
BUILT_WRONG = (
    # A check that is red although nothing is broken, and points that are given away.
    ("compose.yml", "touch /srv/lamp;", ""),
    ("compose.yml", "echo open >", "echo shut >"),
    # A task that cannot be solved, and with it what requires it; and one that nobody tried.
    ("play.yml", "[cat, /srv/note.txt]", "[cat, /srv/none.txt]"),
    ("play.yml", "  sort: {answer: [a, c]}\n", ""),
    ("play.yml", f"  lamp: {{break: {{service: desk, {LAMP % 'rm'}, repair: {{service: desk, {LAMP % 'touch'}}}\n", ""),
    # A page that nobody opens, on a port where nothing listens, and a way in for somebody who is not there.
    ("play.yml", HATCH, ""),
    (
        "scenario.yml",
        "tasks:\n",
        "  - {id: back, terminal: desk, user: nobody-here, title: Back}\ntasks:\n",
    ),
    # An inject that fails in every environment.
    ("scenario.yml", LAMP % "rm", "command: [rm, /srv/lamb]}"),
    # A team's flag in another service's environment; a flag in the image of the desk that participants sit at.
    ("compose.yml", "the cellar", "${FLAG_NOTE}"),
    ("images/desk/Dockerfile", "", "FROM ncr/base:bookworm\nCOPY all.txt /opt/\n"),
    ("images/desk/all.txt", "", FLAG),
    ("compose.yml", "  desk:\n    image: ncr/base:bookworm", "  desk:\n    build: images/desk"),
)
BUILT_WRONG_TOLD = {
    "check lamp: is up at the start (team A)": "it is down after 2 s: ended with 1",
    "check lamp: is up at the start (team B)": "it is down after 2 s: ended with 1",
    "check lamp: turns red when broken (team A)": "play.yml does not say how it is broken and repaired",
    "check locked: does not hold at the start (team A)": "it is up so far, and must not be",
    "check locked: does not hold at the start (team B)": "it is up so far, and must not be",
    "entry hatch: answers (team A)": NO_PAGE,
    "entry hatch: answers (team B)": NO_PAGE,
    "entry back: lets nobody-here in (team A)": NOBODY,
    "entry back: lets nobody-here in (team B)": NOBODY,
    "task note: is solved (team A)": "cat: /srv/none.txt: No such file or directory",
    "task safe: can be tried (team A)": "it requires note, which was not solved: note was not solved (exit 1)",
    "task sort: is solved (team A)": "play.yml does not say how it is solved",
    "inject found: fires": "it waits for note, which was not solved",
    "inject dark: fires when lamp is down for 30 s (team A)": "play.yml does not say how lamp is broken",
    "inject storm: fires on its minute": "team A: failed (exit 1): rm: cannot remove '/srv/lamb'",
    "flags: are not in environments": "the flag of note (team B) stands in the environment variable PLACE of vault",
    "flags: are not in images": "the flag of safe stands in the image of desk: /opt/all.txt in layer 4",
}
SICK = '    healthcheck: {test: [CMD, "false"], interval: 1s, timeout: 1s, retries: 1, start_period: 0s}\n'
FALLEN = (("compose.yml", "    environment:", f"{SICK}    environment:"),)
FALLEN_TOLD = {"environments: open, proven well and sealed": "service vault is not healthy after its time"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        pytest.param(PLAYED_WRONG, PLAYED_WRONG_TOLD, id="played wrong"),
        pytest.param(BUILT_WRONG, BUILT_WRONG_TOLD, id="built wrong"),
        pytest.param(FALLEN, FALLEN_TOLD, id="fallen"),
    ],
)
def test_every_defect_is_found_and_nothing_else(
    changes: tuple[tuple[str, str, str], ...], wrong: dict[str, str], site: Site, tmp_path: Path
):
    report = site.rehearse(planted(tmp_path, *changes))
    found = told(report)
    assert set(found) == set(wrong), found
    for words, message in wrong.items():
        assert message in found[words]
    assert not report.passed
    assert site.left() == []


def test_teams_that_reach_each_other_are_found_and_what_is_left_over_too(site: Site):
    def spoil(hall: Hall) -> None:
        network, instance = hall.blueprint("B").team_networks[0].name, hall.blueprint("A").who.instance
        hall.engine.connect(hall.place("A").container("desk"), Attachment(network))
        hall.engine.ensure_volume(VolumeSpec(f"litter-{instance}", {MANAGED: "1", INSTANCE: instance}))

    found = told(site.rehearse(BEVIS, spoil))
    assert set(found) == {"isolation: team B is out of reach (team A)", "engine: nothing is left"}
    assert "desk is on the network" in found["isolation: team B is out of reach (team A)"]
    assert found["engine: nothing is left"].startswith("still there: litter-")
    assert site.left() == []


def test_ended_in_the_middle_nothing_is_left(site: Site):
    def interrupt(hall: Hall) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.rehearse(BEVIS, interrupt)
    assert site.left() == []
