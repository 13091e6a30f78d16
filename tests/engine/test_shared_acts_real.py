"""An attacker and a scoring target that two teams share, on the real engine: what injects do there, and checks find."""

import shutil
from functools import partial
from pathlib import Path

import docker

from ncr.director.rehearsal.patience import Patience
from ncr.director.rehearsal.rehearsal import rehearse
from ncr.runtime.docker import DockerEngine
from ncr.scenario import loader
from ncr.scenario.shared import SHARED
from tests.stage import TEAMS, Stage, settings

FELLES = Path(__file__).parents[1] / "scenarios" / "felles"


def say(stage: Stage, exercise: str, service: str, *command: str) -> str:
    """What a command comes to in the one container of a service."""
    [box] = stage.engine.observe({"ncr.exercise": exercise, "ncr.service": service}).containers
    return stage.engine.exec(box, command).stdout.decode()


def judged(stage: Stage, exercise: str, check: str, every_s: int, t_s: int) -> list[str]:
    """What a check said of each team at a tick."""
    [fact] = [one for one in stage.facts(exercise) if one.key == f"checked:{every_s}:{t_s // every_s}"]
    return [fact.payload["results"][row.participant_id or ""][check] for row in stage.environments(exercise)]


def test_it_acts_for_all_and_is_asked_about_each(stage: Stage):
    exercise = stage.opened(scenario=loader.load(FELLES), teams=TEAMS[:2])
    stage.run(16, 4)
    assert say(stage, exercise, "attacker", "cat", "/tmp/log") == "all::t1 t2\n"
    assert judged(stage, exercise, "kept", 10, 10) == ["up", "up"]
    # Teams are numbered by name, as they are here.
    stage.solve(exercise, 1, "find", "target")
    stage.run(16, 4)
    assert say(stage, exercise, "target", "sh", "-c", "ls /tmp") == "lost-t2\n"
    assert judged(stage, exercise, "kept", 10, 30) == ["up", "down"]
    assert judged(stage, exercise, "told", 30, 30) == ["up", "down"]
    stage.run(40, 4)
    assert judged(stage, exercise, "kept", 10, 50) == ["down", "down"]
    assert judged(stage, exercise, "kept", 10, 70)[0] == "up"
    for ref in ("raid", "again", "off", "on"):
        assert [(owner, one["state"]) for owner, one in stage.moment(exercise, ref).outcome.items()] == [
            (SHARED, "done")
        ], ref
    stage.run(40, 5)
    assert (stage.left(), stage.subnets()) == ([], [])


def test_a_rehearsal_breaks_and_repairs_it_for_one_team_or_for_both(tmp_path: Path, docker_client: docker.DockerClient):
    place = tmp_path / "felles"
    shutil.copytree(FELLES, place)
    text = (place / "scenario.yml").read_text()
    alive = "  - {id: alive, service: attacker, every: 10s, probe: {exec: [test, '!', -e, /tmp/off]}}\n"
    lines = [alive if "told.py" in line else line for line in text.splitlines(keepends=True)]
    (place / "scenario.yml").write_text("".join(lines))
    play = (place / "play.yml").read_text()
    both = (
        "{break: {service: attacker, command: [touch, /tmp/off]}, repair: {service: attacker, command: [rm, /tmp/off]}}"
    )
    (place / "play.yml").write_text(play.replace("checks:\n", f"checks:\n  alive: {both}\n"))
    site = settings(tmp_path / "data", engine="docker")
    report = rehearse(place, site, partial(DockerEngine, site), patience=Patience(start_s=2.0, turn_s=2.0))
    assert [f"{step.words}: {step.message}" for step in report.failures] == []
    seen = {(step.name, step.what, step.team) for step in report.steps}
    assert ("check alive", "stays up meanwhile", "B") not in seen
    assert {("check alive", "turns green when repaired", team) for team in "AB"} <= seen
    assert {("inject raid", "fires on its minute", ""), ("inject revenge", "is mended", "A")} <= seen
