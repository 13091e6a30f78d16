"""Herding on the real engine: the gang gets in by every door left open, and by none once all twelve are closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr.runtime import player
from ncr.scenario import loader
from tests.lab import Lab, is_right, opened, own_values

SCENARIO = loader.load(Path(__file__).parents[2] / "scenarios" / "herding")
DOORS = [check.id for check in SCENARIO.definition.checks if check.once]
SERVICES = [check.id for check in SCENARIO.definition.checks if not check.once]
KNOWN_IN_WAVE_1 = {"default-admin", "open-backup", "open-lights", "root-login"}
# A team is root on the server: these close a door only by taking something from people.
SHORTCUTS = {
    "forged-session": "mv /srv/havn/havn.ini /srv/havn/bort.ini",
    "path-traversal": "mv /srv/havn/dokumenter /srv/havn/bort",
    "command-injection": "chmod 000 /usr/local/sbin/tidevann",
    "open-redis": "tjeneste stopp redis",
    "anonymous-drop": "tjeneste stopp rsync",
    "open-lights": "tjeneste stopp bryggelys",
    "root-login": "tjeneste stopp ssh",
    "readable-hashes": "usermod --lock medlem",
}


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One team's boat club, open; the tests below are its evening, in their order."""
    with opened(SCENARIO, tmp_path_factory.mktemp("data")) as lab:
        yield lab


def states(lab: Lab, checks: list[str]) -> dict[str, str]:
    return {check: lab.ask(check).state for check in checks}


def mend(lab: Lab, wave: str) -> None:
    assert SCENARIO.play is not None
    player.act(lab.engine, lab.place, SCENARIO.play.after[wave].repair)


def test_the_scenario_is_good_and_play_knows_all_of_it() -> None:
    assert SCENARIO.notes == ()
    assert SCENARIO.play is not None
    assert len(DOORS) == 12
    assert set(SCENARIO.play.solve) == {task.id for task in SCENARIO.definition.tasks}
    assert set(SCENARIO.play.checks) == {*DOORS, *SERVICES}
    for task, wrong in SCENARIO.play.wrong.items():
        assert not is_right(SCENARIO, task, wrong if isinstance(wrong, str) else ",".join(wrong)), task


def test_at_the_start_everything_works_and_every_door_is_open(evening: Lab) -> None:
    assert states(evening, SERVICES) == dict.fromkeys(SERVICES, "up")
    assert states(evening, DOORS) == dict.fromkeys(DOORS, "down")


def test_what_is_handed_to_the_machine_is_not_what_is_asked_for(evening: Lab) -> None:
    seen = evening.run("server", "env") + evening.run("workstation", "env")
    own = own_values(SCENARIO)
    assert "NCR{" not in seen
    assert f"Brygge{own['year']}" not in seen


def test_the_first_wave_uses_only_what_is_easiest(evening: Lab) -> None:
    told = evening.fire("wave-1")
    assert "through 4 of 4 doors" in told
    assert {line.partition(":")[0] for line in told.splitlines()[:-1]} == KNOWN_IN_WAVE_1
    assert evening.ask("site-open").state == "down"
    assert evening.ask("measurements").state == "down"
    mend(evening, "wave-1")
    assert states(evening, SERVICES) == dict.fromkeys(SERVICES, "up")


def test_the_last_wave_goes_through_every_door_and_everything_can_be_mended(evening: Lab) -> None:
    told = evening.fire("wave-3")
    assert "through 12 of 12 doors" in told
    for harm in (
        "signed in as roald and hid",
        "cracked the treasurer's password and changed",
        "closed the guest harbour",
    ):
        assert harm in told
    evening.run("server", "tjeneste", "start", "havn")  # which hid the rest of the harm
    assert evening.comes_to("measurements", "down").state == "down"
    seen = states(evening, [check for check in SERVICES if check not in ("site-open", "sign-in-open", "members-in")])
    assert set(seen.values()) == {"down"}, seen
    mend(evening, "wave-3")
    assert states(evening, SERVICES) == dict.fromkeys(SERVICES, "up")


@pytest.mark.parametrize("door", SHORTCUTS)
def test_a_door_is_not_closed_by_taking_the_service_away(evening: Lab, door: str) -> None:
    undo = SHORTCUTS[door]
    for old, new in (("stopp", "start"), ("--lock", "--unlock"), ("000", "755")):
        undo = undo.replace(old, new)
    if undo.startswith("mv"):
        undo = " ".join(("mv", *reversed(undo.split()[1:])))
    evening.run("server", "sh", "-c", SHORTCUTS[door])
    seen = evening.ask(door)
    evening.run("server", "sh", "-c", undo)
    assert seen.state == "down"


def test_once_all_doors_are_closed_the_gang_stays_outside_and_everything_works(evening: Lab) -> None:
    for door in DOORS:
        evening.repair(door)
    assert evening.fire("wave-3").splitlines() == ["wave 3: through 0 of 12 doors"]
    assert states(evening, [*SERVICES, *DOORS]) == dict.fromkeys([*SERVICES, *DOORS], "up")


def test_what_is_closed_stays_closed_when_the_server_is_started_again(evening: Lab) -> None:
    name = evening.place.container("server")
    evening.engine.stop(name, 10)
    evening.engine.start(name)
    assert evening.comes_to("site-open", "up").state == "up"
    assert evening.comes_to("measurements", "up").state == "up"
    assert states(evening, [*SERVICES, *DOORS]) == dict.fromkeys([*SERVICES, *DOORS], "up")


def test_every_task_is_solved_on_the_hardened_server_too(evening: Lab) -> None:
    for task in SCENARIO.definition.tasks:
        answer = evening.solve(task.id)
        assert evening.is_right(task.id, answer), (task.id, answer)
