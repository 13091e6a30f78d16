"""Solutions: what a task is really about, for those who have solved it or given up."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ncr.errors import NotFound
from ncr.exercise.tables import Exercise, Participant
from ncr.scenario.model import Definition, Exact, Number, Task, Text
from ncr.scoring.values import filled, own_flags, own_task, own_words


@dataclass(frozen=True, slots=True)
class Solution:
    """The explanation, where the scenario has one, by language; and what to answer, where one answer can be told."""

    explanation: dict[str, str] | None
    answer: str | None


def solution(session: Session, exercise: Exercise, participant: str, definition: Definition, task: str) -> Solution:
    """The solution of a task as this participant has it. Raises NotFound. Whether it may be seen, the caller knows."""
    player = session.get_one(Participant, participant)
    team = player.team_id or player.id
    words = own_words(definition.variables, exercise.id, exercise.secret, player.id, team, player.name)
    for each in definition.tasks:
        if each.id == task:
            told = filled(each.explanation, words) if each.explanation else None
            flags = own_flags(definition, exercise.id, exercise.secret, player.id)
            return Solution(_by_language(told), answer_of(own_task(each, words), flags.get(task)))
    raise NotFound("There is no such task.")


def _by_language(text: Text | None) -> dict[str, str] | None:
    return {str(language): said for language, said in text.root.items()} if text else None


def answer_of(task: Task, flag: str | None) -> str | None:
    """What to answer to a task whose words are filled in; None where many answers are right, or people judge."""
    if task.flag is not None:
        return task.flag if isinstance(task.flag, str) else flag
    if isinstance(task.answer, Exact):
        return task.answer.exact
    if isinstance(task.answer, Number):
        number = task.answer.number
        return str(int(number)) if number.is_integer() else str(number)
    return ", ".join(sorted(task.choice.correct)) if task.choice else None
