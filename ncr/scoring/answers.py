"""Judging an answer against what the task wants; bounded in time whatever is sent; pure."""

import math

from ncr.errors import Invalid
from ncr.scenario import model
from ncr.scenario.expressions import pattern
from ncr.scoring import flags

LONGEST = 1000


def cleaned(answer: str) -> str:
    """The answer without spaces around it. Raises Invalid when empty, over 1,000 characters or holding a NUL."""
    answer = answer.strip()
    if not answer:
        raise Invalid("The answer is empty.")
    if len(answer) > LONGEST or "\x00" in answer:
        raise Invalid(f"An answer has at most {LONGEST} characters, none of them NUL.")
    try:
        answer.encode()
    except UnicodeEncodeError:
        raise Invalid("The answer is not text.") from None
    return answer


def is_right(task: model.Task, answer: str, own_flag: str | None = None) -> bool:
    """Whether a cleaned answer is right; `own_flag` is the participant's own where the task has one per team.

    A choice is answered by option ids with commas or spaces between. Work graded by people is never right here.
    """
    if task.flag is not None:
        wanted = task.flag if isinstance(task.flag, str) else own_flag
        return wanted is not None and flags.same(answer, wanted)
    if task.choice is not None:
        return set(answer.replace(",", " ").split()) == set(task.choice.correct)
    if isinstance(task.answer, model.Exact):
        return _equal(answer, task.answer)
    if isinstance(task.answer, model.Regex):
        return pattern(task.answer.regex, task.answer.ignore_case).fullmatch(answer) is not None
    if isinstance(task.answer, model.Number):
        return _near(answer, task.answer)
    return False


def _equal(answer: str, wanted: model.Exact) -> bool:
    if wanted.ignore_case:
        return flags.same(answer.casefold(), wanted.exact.strip().casefold())
    return flags.same(answer, wanted.exact.strip())


def _near(answer: str, wanted: model.Number) -> bool:
    # Norwegian writes 41,2 and spaces between thousands; both mean the number.
    try:
        given = float(answer.replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return False
    # A hair's breadth for the binary error of the difference itself: 41.7 is within 0.5 of 41.2.
    return math.isfinite(given) and abs(given - wanted.number) <= wanted.tolerance + 1e-9 * max(1, abs(wanted.number))
