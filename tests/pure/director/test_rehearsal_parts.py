"""The pure parts of a rehearsal: the order of things, what lies in an image's layers, and how a report is written."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from ncr.director.rehearsal import leaks, order
from ncr.director.rehearsal.junit import junit
from ncr.director.rehearsal.layers import Archives
from ncr.director.rehearsal.leaks import Flag
from ncr.director.rehearsal.report import Report, Step, interrupted, refused
from ncr.runtime.objects import ContainerSpec, FileSpec, Limits
from ncr.scenario.model import Definition

TEXT = {"nb": "a", "en": "a"}
FLAG = "NCR{behind-the-door}"


def definition(**parts: object) -> Definition:
    return Definition.model_validate(
        {"ncr": 1, "id": "s", "version": "1.0.0", "title": TEXT, "summary": TEXT, "duration": "1h", **parts}
    )


def task(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "title": TEXT, "text": TEXT, **({} if "graded" in more else {"flag": FLAG}), **more}


def inject(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "say": TEXT, **more}


def test_the_clock_stops_where_something_falls_due_and_at_the_start():
    made = definition(
        tasks=[task("a", opens="T+10m"), task("b", opens="T-30m")],
        injects=[inject("x", at="T+10m"), inject("y", at="T-5m"), inject("z", at="T+1h"),
                 inject("m", when={"manual": True})],
    )  # fmt: skip
    assert order.stops(made) == (0, 600, 1800, 3300)
    assert [one.id for one in order.due(made, 3300, float("inf"))] == ["y", "z"]


def test_tasks_have_their_turn_when_they_are_open_and_what_they_require_is_solved():
    made = definition(tasks=[task("a"), task("b", requires=["a"]), task("c", opens="T+10m"), task("d", graded={
        "rubric": [{"id": "r", "max": 1, "text": TEXT}]})])  # fmt: skip
    turns = [order.ready(made, *where) for where in ((0, [], []), (0, [], ["a"]), (0, ["a"], ["a"]), (600, [], ["a"]))]
    assert [turn.id if turn else None for turn in turns] == ["a", None, "b", "c"]


def test_what_never_had_its_turn_is_told_with_the_reason():
    rubric = {"rubric": [{"id": "r", "max": 1, "text": TEXT}]}
    made = definition(
        tasks=[task("a"), task("b", requires=["a"]), task("c", requires=["b"]), task("g", graded=rubric),
               task("h", requires=["g"])]
    )  # fmt: skip
    assert list(order.unmet(made, {"a": "no way"}, {"a"})) == [
        ("b", "it requires a, which was not solved: no way"),
        ("c", "it requires b, which could not be tried either"),
        ("h", "it requires g, which people grade and nobody can solve"),
    ]


def test_injects_without_a_time_have_their_turn_after_those_before_them():
    made = definition(injects=[inject("x", when={"manual": True}), inject("y", at="T+5m"), inject("z", when={
        "manual": True}), inject("s", when={"solved": "a"})])  # fmt: skip
    assert [one.id for one in order.in_turn(made, {"x"})] == []
    assert [one.id for one in order.in_turn(made, {"y"})] == ["x", "z"]


def packed(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return written.getvalue()


def archive(layers: Sequence[Mapping[str, bytes]], environment: Sequence[str] = (), piece: int = 700) -> list[bytes]:
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    about = {"config": {"Env": list(environment)}, "history": [{"created_by": f"echo {FLAG}"}]}
    whole = packed(
        {name: packed(files) for name, files in zip(names, layers, strict=True)}
        | {"about.json": json.dumps(about).encode(), "manifest.json": json.dumps(
            [{"Config": "about.json", "Layers": names}]).encode()}
    )  # fmt: skip
    return [whole[at : at + piece] for at in range(0, len(whole), piece)]


def found(layers: Sequence[Mapping[str, bytes]], environment: Sequence[str] = ()) -> list[tuple[str, bool]]:
    text = FLAG.encode()
    hits = Archives({text}).read(archive(layers, environment))[text]
    return [(hit.words.split(",")[0], hit.is_visible) for hit in hits]


def test_a_text_is_found_in_whatever_layer_and_told_apart_when_a_later_one_hides_it():
    text, gone = FLAG.encode(), {"srv/.wh.a": b""}
    assert found([{"srv/a": b"x" * 5000 + text + b"y"}]) == [("/srv/a in layer 1", True)]
    assert found([{"srv/a": text}, gone]) == [("/srv/a in layer 1", False)]
    assert found([{"srv/a": text}, {"srv/a": b"other"}]) == [("/srv/a in layer 1", False)]
    assert found([{"srv/a": text}, {".wh.srv": b""}]) == [("/srv/a in layer 1", False)]
    assert found([{"srv/a": text}, {"srv/.wh..wh..opq": b""}]) == [("/srv/a in layer 1", False)]
    assert found([{"srv/b": b"nothing"}]) == []


def test_what_is_hidden_counts_only_where_nothing_shows_it():
    text = FLAG.encode()
    assert found([{"tmp/a": text}, {"srv/b": text}, {"tmp/.wh.a": b""}]) == [("/srv/b in layer 2", True)]


def test_an_images_settings_are_looked_at_and_its_history_is_not():
    assert found([{}], [f"SECRET={FLAG}"]) == [("its settings (a variable", False)]
    assert found([{}]) == []


def test_a_flag_across_two_pieces_of_a_large_file_is_found():
    text = FLAG.encode()
    large = b"x" * ((1 << 20) - 5) + text + b"x" * 100
    whole = Archives({text}).read(archive([{"big": large}], piece=1 << 16))
    assert [hit.words for hit in whole[text]] == ["/big in layer 1"]


def spec(service: str, **more: object) -> ContainerSpec:
    return ContainerSpec(service, service, "i", {}, (), Limits(32, 1.0, 32), **more)  # type: ignore[arg-type]


def test_a_teams_flag_may_stand_where_it_is_delivered_and_nowhere_else():
    mine, theirs = Flag("root", "A", "NCR_mine", "web", "/flag"), Flag("root", "B", "NCR_theirs", "web", "/flag")
    at_home = spec("web", files=(FileSpec("/flag", b"NCR_mine\n"),))
    assert list(leaks.in_specs([at_home], "A", [mine, theirs])) == []
    assert list(leaks.in_specs([at_home], "B", [mine, theirs])) == [
        "the flag of root (team A) stands in the file /flag of web"
    ]
    strays = [spec("db", environment={"X": "a NCR_mine b"}), spec("db", command=("run", "NCR_mine"))]
    assert [one.split("stands in ")[1] for one in leaks.in_specs(strays, "A", [mine])] == [
        "the environment variable X of db", "the command of db",
    ]  # fmt: skip


def test_a_flag_of_all_teams_may_stand_in_files_of_its_service_but_in_no_environment():
    flag = Flag("safe", "", FLAG)
    assert list(leaks.in_specs([spec("web", files=(FileSpec("/x", FLAG.encode()),))], "A", [flag])) == []
    assert list(leaks.in_specs([spec("web", environment={"F": FLAG})], "A", [flag])) == [
        "the flag of safe stands in the environment variable F of web"
    ]


def test_flags_too_short_to_be_told_from_chance_are_not_looked_for():
    made = definition(tasks=[task("a", flag="8080"), task("b"), task("c", flag="NCR{${year}}")])
    assert [flag.task for flag in leaks.flags(made, {"A": {}})] == ["b"]


def test_junit_has_a_suite_for_each_scenario_and_a_failure_for_each_step_that_differs():
    steps = (
        Step("check web", "is up", "A", "passed", 0.5),
        Step("task a", "is solved", "A", "failed", 1, "no \x00 <way>"),
    )
    suites = ElementTree.fromstring(junit([Report("p", "s", "1.0.0", "d", 2.0, steps), refused("q", ["bad"], 0.1)]))  # noqa: S314
    assert [suite.attrib["name"] for suite in suites] == ["s", "q"]
    cases = list(suites[0])
    assert [case.attrib["name"] for case in cases] == ["check web: is up (team A)", "task a: is solved (team A)"]
    assert [failure.attrib["message"] for failure in cases[1]] == ["no � <way>"]


def test_a_report_passes_when_it_has_steps_and_none_differs():
    note, good = Step("check x", "holds", outcome="note", message="m"), Step("check y", "is up")
    assert Report("p", "s", "1", "d", 1.0, (note, good)).passed
    assert not Report("p", "s", "1", "d", 1.0, ()).passed
    assert not interrupted("d", "ended").passed
    assert Report("p", "s", "1", "d", 1.0, (good,), ("way in",)).document()["kept"] == ["way in"]
