"""What is a team's own in an exercise: its flags, and what `${…}` stands for in its environment and its texts; pure."""

from collections.abc import Mapping

from ncr.scenario.expressions import fill_in
from ncr.scenario.interpolation import EXERCISE, TEAM, TEAM_NAME, TEAMS, fill, flag_name
from ncr.scenario.model import Definition, Exact, PerTeamFlag, Regex, Task, Text, Variable
from ncr.scenario.variables import draw
from ncr.scoring.flags import flag


def own_flags(definition: Definition, exercise: str, secret: str, participant: str) -> dict[str, str]:
    """Task -> flag, for every task with one: the participant's own, or the one all share."""
    return {
        task.id: flag(secret, exercise, task.id, participant) if isinstance(task.flag, PerTeamFlag) else task.flag
        for task in definition.tasks
        if task.flag is not None
    }


def own_words(
    variables: Mapping[str, Variable], exercise: str, secret: str, participant: str, team: str, name: str
) -> dict[str, str]:
    """Name -> value for all that texts and answers may refer to; `team` is the team's id, `name` what it is called."""
    return {**draw(variables, f"{secret}:{participant}"), EXERCISE: exercise, TEAM: team, TEAM_NAME: name}


def own_values(
    definition: Definition, exercise: str, secret: str, participant: str, team: str, name: str
) -> dict[str, str]:
    """Name -> value for all that a Compose file may refer to: the words of `own_words`, and the flags."""
    words = own_words(definition.variables, exercise, secret, participant, team, name)
    flags = own_flags(definition, exercise, secret, participant)
    return {**words, **{flag_name(task): fill(text, words) for task, text in flags.items()}}


def common_values(definition: Definition, exercise: str, teams: str) -> dict[str, str]:
    """Name -> value for all that what the teams share may refer to; `teams` is what they are called there."""
    flags = {flag_name(task.id): task.flag for task in definition.tasks if isinstance(task.flag, str)}
    return {**flags, EXERCISE: exercise, TEAMS: teams}


def is_templated(task: Task) -> bool:
    """Whether the task's flag or answer differs between teams by `${…}`."""
    texts = (task.flag, getattr(task.answer, "exact", None), getattr(task.answer, "regex", None))
    return any(isinstance(text, str) and "${" in text for text in texts)


def own_task(task: Task, words: Mapping[str, str]) -> Task:
    """The task with `${…}` in its flag or answer filled in; in an expression a word stands for exactly itself."""
    answer = task.answer
    if isinstance(answer, Exact):
        answer = answer.model_copy(update={"exact": fill(answer.exact, words)})
    if isinstance(answer, Regex):
        answer = answer.model_copy(update={"regex": fill_in(answer.regex, words)})
    wanted = fill(task.flag, words) if isinstance(task.flag, str) else task.flag
    return task.model_copy(update={"answer": answer, "flag": wanted})


def filled(text: Text, words: Mapping[str, str]) -> Text:
    """A text for people with `${…}` filled in, in every language."""
    return Text({language: fill(said, words) for language, said in text.root.items()})
