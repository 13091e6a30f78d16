"""Hand-outs by name: those in folders too, and nothing beside them."""

from dataclasses import replace
from pathlib import Path

from ncr.scenario import loader
from ncr.web import handouts
from tests.pure.scenario.directories import DEFINITION, write


def test_hand_outs_are_called_by_their_path_inside_the_folder(tmp_path: Path) -> None:
    files = {"files/a.txt": "a", "files/deep/b c.txt": "b", "files/.hidden": "c"}
    text = DEFINITION.replace("    flag: NCR{fixed-text}\n", "    flag: a\n    files: [./files/deep/b c.txt]\n")
    scenario = loader.load(write(tmp_path, {**files, "scenario.yml": text}))
    assert handouts.names(scenario) == ["a.txt", "deep/b c.txt"]
    assert [handouts.called(name) for name in scenario.definition.tasks[0].files] == ["deep/b c.txt"]
    assert handouts.place(scenario, "deep/b c.txt").read_text() == "b"
    assert handouts.names(replace(scenario, path=tmp_path / "no")) == []


def test_a_link_planted_among_them_is_no_hand_out(tmp_path: Path) -> None:
    scenario = loader.load(write(tmp_path, {"files/a.txt": "a"}))
    (scenario.path / "files" / "out").symlink_to("/etc/passwd")
    assert handouts.names(scenario) == ["a.txt"]
