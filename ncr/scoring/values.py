"""What is a team's own in an exercise: its flags, and what `${…}` stands for in its environment and its texts; pure."""

from ncr.scenario.interpolation import EXERCISE, TEAM, TEAM_NAME, flag_name
from ncr.scenario.model import Definition, PerTeamFlag
from ncr.scenario.variables import draw
from ncr.scoring.flags import flag


def own_flags(definition: Definition, exercise: str, secret: str, participant: str) -> dict[str, str]:
    """Task -> flag, for every task with one: the participant's own, or the one all share."""
    return {
        task.id: flag(secret, exercise, task.id, participant) if isinstance(task.flag, PerTeamFlag) else task.flag
        for task in definition.tasks
        if task.flag is not None
    }


def own_values(
    definition: Definition, exercise: str, secret: str, participant: str, team: str, name: str
) -> dict[str, str]:
    """Name -> value for all that a scenario may refer to; `team` is the team's id, `name` what it is called."""
    flags = own_flags(definition, exercise, secret, participant)
    return {
        **draw(definition.variables, f"{secret}:{participant}"),
        **{flag_name(task): text for task, text in flags.items()},
        EXERCISE: exercise,
        TEAM: team,
        TEAM_NAME: name,
    }
