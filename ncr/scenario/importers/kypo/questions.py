"""The questions of a test as tasks: a free answer, a choice, or a choice for every statement to be matched."""

from collections.abc import Iterator
from typing import Any

import re2

from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.kypo.training import Question
from ncr.scenario.importers.naming import as_text

Made = tuple[int, dict[str, Any], str | list[str] | None]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
ONCE = {"attempts": 1, "category": "test"}


def tasks(question: Question) -> Iterator[Made]:
    """(points, the rest of the task, an answer that is right) of every task that a question becomes."""
    if question.question_type == "FFQ":
        yield _free(question)
    elif question.question_type == "MCQ":
        choices = sorted(question.choices, key=lambda choice: choice.order)
        correct = [_id(number) for number, choice in enumerate(choices) if choice.correct]
        options = [choice.text for choice in choices]
        yield question.points, _choice(question.text, options, correct), correct
    else:
        yield from _matched(question)


def tell(making: Making, path: str, position: int, question: Question) -> None:
    """What a question loses."""
    if question.penalty:
        source = f"{path}.questions[{position}].penalty"
        making.report.left(source, "a wrong answer costs nothing here")
    if "answer_required" in question.model_fields_set:
        source = f"{path}.questions[{position}].answer_required"
        making.report.left(source, "nobody has to answer a task here")


def _free(question: Question) -> Made:
    right = [choice.text.strip() for choice in question.choices if choice.correct or len(question.choices) == 1]
    if not right:
        rubric = {"rubric": [{"id": "answer", "max": max(1, question.points), "text": question.text}]}
        return question.points, {"text": question.text, "category": "test", "graded": rubric}, None
    answer: dict[str, Any] = {"exact": as_text(right[0])}
    if len(right) > 1:
        answer = {"regex": as_text("|".join(str(re2.escape(one)) for one in right))}
    return question.points, {"text": question.text, **ONCE, "answer": answer}, right[0]


def _matched(question: Question) -> Iterator[Made]:
    options = sorted(question.extended_matching_options, key=lambda option: option.order)
    statements = sorted(question.extended_matching_statements, key=lambda statement: statement.order)
    for number, statement in enumerate(statements):
        # The points are whole, so the last statement has what does not divide.
        share = question.points // len(statements)
        points = share if number < len(statements) - 1 else question.points - share * (len(statements) - 1)
        correct = [_id(at) for at, option in enumerate(options) if option.order == statement.correct_option_order]
        text = f"{question.text}\n\n{statement.text}"
        yield points, _choice(text, [option.text for option in options], correct), correct


def _choice(text: str, options: list[str], correct: list[str]) -> dict[str, Any]:
    made = [{"id": _id(number), "text": as_text(option)} for number, option in enumerate(options)]
    return {"text": text, **ONCE, "choice": {"options": made, "correct": correct}}


def _id(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"o{number}"
