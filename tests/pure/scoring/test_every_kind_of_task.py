"""Every kind of task in the scenario that uses every key: what is right for one team, and wrong for another."""

from pathlib import Path

import pytest

from ncr.scenario import loader
from ncr.scoring import answers, values

ALT = loader.load(Path(__file__).parents[2] / "scenarios" / "alt")
TASKS = {task.id: task for task in ALT.definition.tasks}
SECRET, EXERCISE = "secret of the test", "evening"


def words(team: str) -> dict[str, str]:
    return values.own_words(ALT.definition.variables, EXERCISE, SECRET, team, team, f"Lag {team}")


def flags(team: str) -> dict[str, str]:
    return values.own_flags(ALT.definition, EXERCISE, SECRET, team)


def is_right(task: str, team: str, answer: str) -> bool:
    own = values.own_task(TASKS[task], words(team))
    return answers.is_right(own, answers.cleaned(answer), flags(team).get(task))


def right(task: str, team: str) -> str:
    own = words(team)
    known = {
        "fixed": "NCR{fixed}",
        "templated": f"NCR{{{own['db_password']}}}",
        "own-file": flags(team)["own-file"],
        "own-env": flags(team)["own-env"],
        "exact": f"cve-{own['count']}",
        "regex": f"ms {own['person']}",
        "number": "41.6",
        "choice": "c,a",
    }
    return known[task]


WRONG = {"number": "41.8", "choice": "a", "regex": "mrs nobody", "exact": "CVE-0"}


@pytest.mark.parametrize("task", TASKS)
def test_what_is_right_is_right_and_what_is_not_is_not(task: str) -> None:
    assert is_right(task, "a", right(task, "a"))
    assert not is_right(task, "a", WRONG.get(task, "NCR{wrong}"))


@pytest.mark.parametrize("task", ["templated", "own-file", "own-env", "exact", "regex"])
def test_what_is_a_teams_own_is_wrong_for_another(task: str) -> None:
    others = (f"team {number}" for number in range(9))
    other = next(team for team in others if right(task, team) != right(task, "a"))
    assert not is_right(task, "a", right(task, other))


def test_texts_are_each_teams_own() -> None:
    assert values.filled(TASKS["fixed"].text, words("a")).get("en") == "The flag is the same for all, Lag a."
