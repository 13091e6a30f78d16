"""scenario.yml and play.yml: each refusal with its line and column and what would be right, all of them at once."""

from pathlib import Path

import pytest

from ncr.scenario.loader import load
from tests.pure.scenario.directories import DEFINITION, of_definition, problems, write

REFUSED = [
    # (what is replaced, by what, the problem that must be told)
    ("id: small\n", "id: small\nlicence: MIT\n", "3:1: `licence` is not a key here; did you mean `license`?"),
    ("version: 1.0.0\n", "", "1:1: `version` is missing; add it"),
    ("version: 1.0.0", "version: 1.0", "3:10: `version` must be a text"),
    ("version: 1.0.0", "version: one", "3:10: `version: one` is not a version; write for instance 1.0.0"),
    ("id: small", "id: Small", "2:5: `id: Small` is not an id"),
    ("id: small", "id: other", "2:5: the id `other` is not the directory's name; write `small`"),
    ("duration: 60m", "duration: an hour", "6:11: `duration: an hour` is not a duration; write 45s, 90m, 2h or 1h30m"),
    ("duration: 60m", "duration: 0s", "6:11: `duration: 0s` is no time at all"),
    ("points: 5", "points: '5'", "25:13: `points` must be a whole number, not `5`"),
    ("points: 5", "points: true", "25:13: `points` must be a whole number, not `True`"),
    ("points: 5", "points: -1", "25:13: `points` is `-1`; write at least 0"),
    ("points: 5", "every: 0s", "25:12: `every: 0s` is no time at all"),
    ("points: 5", "every: 2h", "25:12: `2h` is outside the duration of 3600 s"),
    ("probe: {tcp: 8080}", "probe: {tcp: 8080, exec: [a]}", "24:12: must have exactly one of http, tcp, exec, script"),
    ("probe: {tcp: 8080}", "probe: {}", "24:12: must have exactly one of http, tcp, exec, script, and has none"),
    ("probe: {tcp: 8080}", "probe: {tcp: 99999}", "24:18: `tcp` is `99999`; write at most 65535"),
    ("probe: {tcp: 8080}", "probe: {udp: 53}", "24:13: `udp` is not a key here"),
    ("probe: {tcp: 8080}", "probe: {script: checks/x.py}", "24:21: `checks/x.py` is not there; add checks/x.py"),
    ("probe: {tcp: 8080}", "probe: {script: ../x.py}", "24:21: `../x.py` leaves the scenario's directory"),
    ("service: web\n", "service: webb\n", "23:14: the service `webb` does not exist; did you mean `web`?"),
    ("terminal: web", "terminal: desk", "10:26: the service `desk` does not exist"),
    ("terminal: web", "terminal: web, web: 'web:80'", "10:5: must have exactly one of terminal, web"),
    ("terminal: web", "web: web", "10:21: `web: web` is not SERVICE:PORT; write for instance hmi:8080"),
    ("terminal: web", "web: 'web:99999'", "10:21: `99999` is not a port"),
    ("requires: [first]", "requires: [frist]", "20:16: the task `frist` does not exist; did you mean `first`?"),
    ("requires: [first]", "objectives: [1]", "20:18: the objective 1 does not exist; there are 0, numbered from 1"),
    ("requires: [first]", "requires: [root]", "20:15: tasks require each other: root → root"),
    ("flag: NCR{fixed-text}", "answer: {exact: a, regex: b}", "must have exactly one of exact, regex, number"),
    ("flag: NCR{fixed-text}", "answer: {regex: '(a'}", "15:21: is not a regular expression"),
    ("flag: NCR{fixed-text}", "answer: {regex: '(?=a)'}", "15:21: is not a regular expression"),
    ("flag: NCR{fixed-text}", "answer: {regex: '(a{1000}){2}'}", "15:21: is not a regular expression (invalid repe"),
    ("flag: NCR{fixed-text}", "answer: {regex: '(\\pL{100}){9}'}", "15:21: is not a regular expression (pattern too"),
    ("flag: NCR{fixed-text}", "answer: {number: .nan}", "15:22: `.nan` is no number that fits here"),
    ("flag: NCR{fixed-text}", "category: x", "12:5: must have exactly one of flag, answer, choice, graded"),
    ("flag: NCR{fixed-text}", "flag: NCR{${secert}}", "15:11: `${secert}` is no variable here; did you mean `secret`?"),
    ("flag: NCR{fixed-text}", "flag: '${FLAG_ROOT}'", "15:11: `${FLAG_ROOT}` would give a flag away"),
    ("flag: NCR{fixed-text}", "flag: {per_team: true}", "15:5: `deliver` is missing in `flag`; add it"),
    ("file: /root/flag.txt", "file: /f, env: FLAG", "must have exactly one of file, env"),
    ("file: /root/flag.txt", "file: /f, mode: '9'", "`mode: 9` is not a file mode"),
    ("id: root", "id: first", "16:9: the id `first` stands twice (first on line 12); rename one"),
    ("flag: NCR{fixed-text}", "flag: a\n    opens: T+2h", "16:12: `T+2h` is outside the duration"),
    ("flag: NCR{fixed-text}", "flag: a\n    opens: 20m", "16:12: `opens: 20m` is not a moment; write T+20m"),
    ("flag: NCR{fixed-text}", "flag: a\n    attack: [X1]", "16:14: `X1` is not a MITRE ATT&CK technique"),
    ("flag: NCR{fixed-text}", "flag: a\n    files: [files/x]", "16:13: `files/x` is not there"),
    ("flag: NCR{fixed-text}", "flag: a\n    files: [compose.yml]", "16:13: `compose.yml` is not in files/"),
    ("flag: NCR{fixed-text}", "flag: a\n    points: {curve: linear, initial: 5, minimum: 1}",
     "16:21: the curve `linear` needs `decay`"),
    ("flag: NCR{fixed-text}", "flag: a\n    points: {curve: proportional, initial: 5, minimum: 9}",
     "16:56: `minimum` is above `initial`; write at most 5"),
    ("flag: NCR{fixed-text}", "flag: a\n    points: {curve: loud, initial: 5, minimum: 1}",
     "`curve: loud` is not one of"),
    ("flag: NCR{fixed-text}",
     "choice: {options: [{id: a, text: A}, {id: b, text: B}], correct: [c]}", "15:71: the option `c` does not exist"),
    ("flag: NCR{fixed-text}",
     "choice: {options: [{id: a, text: A}, {id: a, text: B}], correct: [a]}", "15:47: the id `a` stands twice"),
    ("length: 16", "length: 2", "8:36: `length` is `2`; write at least 4"),
    ("kind: password, length: 16", "kind: number, min: 9, max: 1", "8:11: `min` is above `max`"),
    ("kind: password, length: 16", "kind: port, max: 99999", "8:11: a port is from 1 to 65535"),
    ("kind: password, length: 16", "kind: number, length: 9", "8:26: `length` means nothing for a number"),
    ("nb: Kort, en: Short", "nb: Kort, klart, en: Short", "5:21: `klart` has no value; a text with a comma"),
    ("{nb: Kort, en: Short}", "{de: Kurz}", "5:11: `de` is not one of 'nb' or 'en'"),
    ("{nb: Kort, en: Short}", "12", '5:10: `summary` must be a mapping'),
]  # fmt: skip
INJECTS = [
    ("{id: a, at: T+1m}", "must have exactly one of say, exec, network, stop, start, restart"),
    ("{id: a, say: Hei}", "must have exactly one of at, when"),
    ("{id: a, at: T+1m, say: Hei, stop: web}", "must have exactly one of say, exec"),
    ("{id: a, at: T+1m, stop: wbe}", "8:29: the service `wbe` does not exist; did you mean `web`?"),
    ("{id: a, at: T-2h, say: Hei}", "8:17: `T-2h` is outside the duration"),
    ("{id: a, at: T+1m, say: Hei, to: [boss]}", "8:38: nobody is `boss`"),
    ("{id: a, at: T+1m, network: {service: web, disconnect: lan}}", "the network `lan` does not exist"),
    ("{id: a, at: T+1m, exec: {service: nope, command: [x]}}", "the service `nope` does not exist"),
    ("{id: a, when: {solved: x, manual: true}, say: Hei}", "must have exactly one of solved, check, manual"),
    ("{id: a, when: {solved: nope}, say: Hei}", "the task `nope` does not exist"),
    ("{id: a, when: {check: web-up}, say: Hei}", "`check` needs `is`"),
    ("{id: a, when: {solved: first, is: down}, say: Hei}", "`is` goes with `check` only"),
    ("{id: a, when: {manual: false}, say: Hei}", "`manual` can only be true"),
]


@pytest.mark.parametrize(("old", "new", "said"), REFUSED)
def test_a_wrong_definition_is_told_with_line_column_and_what_is_right(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    found = of_definition(tmp_path, old, new)
    assert any(said in problem and problem.startswith("scenario.yml:") for problem in found), found


@pytest.mark.parametrize(("inject", "said"), INJECTS)
def test_a_wrong_inject_is_told(tmp_path: Path, inject: str, said: str) -> None:
    found = of_definition(tmp_path, "variables:\n", f"injects:\n  - {inject}\nvariables:\n")
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    ("duel", "said"),
    [
        ("{services: [web]}", "`checks/web.py` is not there"),
        ("{services: [nope]}", "the service `nope` does not exist"),
        ("{services: []}", "has too few items"),
        ("{services: [web], between_teams: ['nope:80']}", "the service `nope:80`"),
        ("{services: [web], scoring: own}", "`scoring: own` is not one of"),
    ],
)
def test_a_wrong_duel_is_told(tmp_path: Path, duel: str, said: str) -> None:
    found = of_definition(tmp_path, "variables:\n", f"duel: {duel}\nvariables:\n")
    assert any(said.split(":80")[0] in problem for problem in found), found


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "compose.yml": "services:\n  web: {image: a, privileged: true}\n",
        "checks/bad.py": "def x(:\n",
        "play.yml": "solve: {frist: {answer: a}}\n",
        "briefing.en.md": "See ${nope}\n",
        "scenario.yml": DEFINITION.replace("points: 5", "pionts: 5").replace("requires: [first]", "requires: [x]"),
    }
    found = problems(write(tmp_path, files))
    assert [one.split(":")[0] for one in found] == [
        "briefing.en.md", "checks/bad.py", "compose.yml", "play.yml", "scenario.yml", "scenario.yml",
    ]  # fmt: skip


def test_a_cross_reference_is_told_beside_a_wrong_type(tmp_path: Path) -> None:
    found = of_definition(tmp_path, "requires: [first]", "requires: [x]\n    attempts: many")
    assert len(found) == 2


def test_a_circle_of_requirements_is_told(tmp_path: Path) -> None:
    found = of_definition(tmp_path, "flag: NCR{fixed-text}", "flag: a\n    requires: [root]")
    assert any("tasks require each other" in one for one in found)


def test_a_missing_language_a_missing_briefing_and_an_unused_variable_are_notes(tmp_path: Path) -> None:
    text = DEFINITION.replace("{nb: Kort, en: Short}", "{nb: Kort}").replace(
        "variables:\n", "variables:\n  spare: {kind: name}\n"
    )
    place = write(tmp_path, {"scenario.yml": text})
    (place / "briefing.en.md").unlink()
    notes = load(place).notes
    assert [note.split(":")[0] for note in notes] == ["briefing.en.md", "scenario.yml", "scenario.yml"]
    assert "has no text in `en`" in notes[1]
    assert "`spare` is never used" in notes[2]


def test_a_script_that_does_not_parse_is_told_with_its_line_and_is_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    good = f"open({str(proof)!r}, 'w')\n"
    found = problems(write(tmp_path, {"checks/a.py": good + "def f(\n", "play/b.py": b"\x00", "checks/c.py": good}))
    assert [one.split(" ")[0] for one in found] == ["checks/a.py:2:6:", "play/b.py:1:1:"]
    assert not proof.exists()


def test_links_too_large_files_and_other_encodings_are_told(tmp_path: Path) -> None:
    place = write(tmp_path, {"briefing.en.md": b"\xff\xfe", "checks/big.py": b"#" * 300_000})
    (place / "files").mkdir()
    (place / "files" / "passwd").symlink_to("/etc/passwd")
    found = problems(place)
    assert [one.split(": ")[0] for one in found] == ["briefing.en.md:1:1", "checks/big.py:1:1", "files/passwd:1:1"]
    assert "UTF-8" in found[0]
    assert "size limit" in found[1]
    assert "is a link" in found[2]


def test_a_path_that_is_no_scenario_is_told(tmp_path: Path) -> None:
    assert "is not a directory" in problems(tmp_path / "nowhere")[0]
    (tmp_path / "empty").mkdir()
    assert "is missing" in problems(tmp_path / "empty")[0]


PLAY = """\
solve:
  first: {run: {entry: desk, command: [find]}, answer_from: stdout}
  root: {script: play/root.py, answer: [a, b]}
checks:
  web-up: {break: {service: web, command: [stop]}, repair: {service: web, command: [start]}}
wrong: {first: "22"}
"""


def test_a_play_is_read_typed(tmp_path: Path) -> None:
    play = load(write(tmp_path, {"play.yml": PLAY, "play/root.py": "print(1)\n"})).play
    assert play is not None
    assert play.solve["first"].run is not None
    assert play.solve["first"].run.command == ("find",)
    assert play.solve["root"].answer == ("a", "b")
    assert play.checks["web-up"].break_.service == "web"
    assert play.wrong == {"first": "22"}
    assert play.solve["first"].timeout == 60


def test_a_play_opens_web_entries_and_nothing_else(tmp_path: Path) -> None:
    pages = DEFINITION.replace("entries:\n", 'entries:\n  - {id: page, web: "web:8080", title: Page}\n')
    opens = "entries: {%s: {open: {service: %s, command: [begin]}}}\n"
    (tmp_path / "good").mkdir()
    play = load(write(tmp_path / "good", {"scenario.yml": pages, "play.yml": opens % ("page", "web")})).play
    assert play is not None
    assert play.entries["page"].open.command == ("begin",)
    found = problems(write(tmp_path, {"scenario.yml": pages, "play.yml": opens % ("desk", "wep")}))
    assert [one.partition(": ")[2] for one in found] == [
        "the web entry `desk` does not exist; known: page", "the service `wep` does not exist; did you mean `web`?"
    ]  # fmt: skip


def test_a_play_says_what_is_mended_after_an_inject_and_how_long_a_solve_may_take(tmp_path: Path) -> None:
    call = DEFINITION + "injects: [{id: call, at: T+5m, stop: web}]\n"
    after = "after: {call: {repair: {service: web, command: [mend]}}}\n"
    slow = PLAY.replace("answer: [a, b]}", "answer: [a, b], timeout: 2m}")
    files = {"scenario.yml": call, "play.yml": slow + after, "play/root.py": "print(1)\n"}
    play = load(write(tmp_path, files)).play
    assert play is not None
    assert (play.solve["root"].timeout, play.after["call"].repair.command) == (120, ("mend",))
    found = problems(write(tmp_path, {**files, "play.yml": after.replace("call", "cal").replace("web", "wbe")}))
    assert [one.split("; ")[0] for one in found] == [
        "play.yml:1:9: the inject `cal` does not exist", "play.yml:1:33: the service `wbe` does not exist",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("entry: desk", "entry: dsk", "2:24: the entry `dsk` does not exist"),
        ("  first:", "  frist:", "2:3: the task `frist` does not exist; did you mean `first`?"),
        ("web-up:", "web:", "5:3: the check `web` does not exist"),
        ("{service: web, command: [stop]}", "{service: wbe, command: [stop]}", "the service `wbe` does not exist"),
        ('wrong: {first: "22"}', "wrong: {x: a}", "6:9: the task `x` does not exist"),
        ("play/root.py", "play/no.py", "`play/no.py` is not there"),
        (", answer_from: stdout", "", "must have exactly one of answer, answer_from"),
        ("script: play/root.py, answer: [a, b]", "answer_from: stdout", "runs none; add run or script"),
        ("repair:", "mend:", "`mend` is not a key here"),
    ],
)
def test_a_wrong_play_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PLAY
    found = problems(write(tmp_path, {"play.yml": PLAY.replace(old, new), "play/root.py": "print(1)\n"}))
    assert any(said in one and one.startswith("play.yml:") for one in found), found


def test_services_of_the_environment_and_of_what_is_shared_have_different_names(tmp_path: Path) -> None:
    shared = "services: {web: {image: a}}\n"
    text = DEFINITION + "environment: {shared: shared.yml}\n"
    assert "is in the environment too" in problems(write(tmp_path, {"scenario.yml": text, "shared.yml": shared}))[0]
    good = write(tmp_path, {"scenario.yml": text, "shared.yml": "services: {bots: {image: a}}\n"})
    assert list(load(good).shared.services) == ["bots"]  # type: ignore[union-attr]


def test_a_shells_own_names_in_commands_are_left_alone_and_variables_are_refused_there(tmp_path: Path) -> None:
    shell = "probe: {exec: [sh, -c, 'echo ${HOME} ${#}']}"
    assert load(write(tmp_path, {"scenario.yml": DEFINITION.replace("probe: {tcp: 8080}", shell)}))
    found = of_definition(tmp_path, "probe: {tcp: 8080}", "probe: {exec: [login, '${secret}']}")
    assert [one.split(";")[0] for one in found] == [
        "scenario.yml:24:27: `${secret}` is not replaced in checks and commands"
    ]


@pytest.mark.parametrize(
    ("regex", "most", "count"),
    [("a{${pump}}", 1000, 0), ("a{${pump}}", 1001, 1), ("a{${least},${pump}}", 9, 1), ("[${pump}]+$$", 10**9, 0)],
)
def test_an_expression_must_hold_with_all_that_its_variables_may_be(
    tmp_path: Path, regex: str, most: int, count: int
) -> None:
    variables = (
        f"variables:\n  pump: {{kind: number, min: 5, max: {most}}}\n  least: {{kind: number, min: 0, max: 20}}\n"
    )
    text = DEFINITION.replace("variables:\n", variables).replace(
        "flag: NCR{fixed-text}", f"answer: {{regex: '{regex}'}}"
    )
    found = problems(write(tmp_path, {"scenario.yml": text}))
    assert [one.split(" (")[0] for one in found] == ["scenario.yml:17:21: is not a regular expression"] * count


SAID_TO_A_TEAM = """\
injects:
  - id: call
    at: T+1m
    title: "${NCR_TEAM_NAME}"
    from: "${secret}"
    say: {nb: "Hei ${secret}", en: "Hi $${secret} ${NCR_TEAM}"}
"""


def test_what_a_team_alone_reads_may_hold_its_own_words(tmp_path: Path) -> None:
    text = DEFINITION.replace("text: {nb: Finn, en: Find}", "text: 'Finn ${secret}'") + SAID_TO_A_TEAM
    assert problems(write(tmp_path, {"scenario.yml": text, "briefing.nb.md": "Hei ${NCR_TEAM_NAME}\n"})) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("title: {nb: Den første, en: The first}", "title: 'Den ${secret}'", "13:12"),
        ("title: {nb: Liten, en: Small}", "title: {nb: Liten, en: '${NCR_TEAM}'}", "4:24"),
        ("title: {nb: Pult, en: Desk}", "title: '${secret:-x}'", "10:38"),
        ("    at: T+1m\n", "    at: T+1m\n    reply: {expects: [{id: a, points: 1, text: '${secret}'}]}\n", "29:48"),
    ],
)
def test_what_is_the_same_for_all_teams_holds_no_words_of_one(tmp_path: Path, old: str, new: str, where: str) -> None:
    text = DEFINITION + SAID_TO_A_TEAM
    assert old in text
    found = problems(write(tmp_path, {"scenario.yml": text.replace(old, new)}))
    assert len(found) == 1
    assert found[0].startswith(f"scenario.yml:{where}: `${{")
    assert "is each team's own, and this is the same for all" in found[0]


def test_what_only_the_staff_reads_holds_no_words_of_a_team(tmp_path: Path) -> None:
    text = DEFINITION + SAID_TO_A_TEAM + "    to: [staff]\n"
    assert [one.split(": ")[0] for one in problems(write(tmp_path, {"scenario.yml": text}))] == [
        f"scenario.yml:{where}" for where in ("29:12", "30:11", "31:15", "31:36")
    ]
