"""Answers and hints: each in one transaction, decided under the head row's lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from ncr.errors import NotFound, NotOpen, Refused, TooMany
from ncr.exercise.tables import Participant
from ncr.scenario.model import PerTeamFlag, Task
from ncr.scoring import answers, flags, ledger, values
from ncr.scoring.facts import Draft, Fact, Kind
from ncr.scoring.prepared import Prepared, from_wall, to_wall
from ncr.scoring.rules import Rules, TaskRule
from ncr.scoring.tables import Answer

A_MINUTE = 10
SOLUTION = "solution"
MINUTE = timedelta(minutes=1)

_MINE = (
    Answer.exercise_id == bindparam("exercise"),
    Answer.participant_id == bindparam("participant"),
    Answer.task == bindparam("task"),
)
_LATEST = Prepared(select(Answer.at).where(*_MINE).order_by(Answer.at.desc()).limit(bindparam("count")))
_TRIED = Prepared(select(func.count()).select_from(Answer).where(*_MINE))
_KEEP = Prepared(insert(Answer), "exercise_id", "participant_id", "task", "user_id", "at", "text", "right")
_PLAYERS = Prepared(select(Participant.id).where(Participant.exercise_id == bindparam("exercise")))


@dataclass(frozen=True, slots=True)
class Member:
    """Who acts: the participant, the account, and the pseudonym that stands for it in the ledger."""

    participant: str
    user: str
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an answer. `already`: nothing was counted, this repeats the answer given to the same before.

    `attempts_left` is None where attempts are not limited; `seq` is the fact's. Points are the board's to tell, after
    the commit: `Board.points(participant, until=seq)`.
    """

    correct: bool
    seq: int
    attempts_left: int | None
    already: bool


@dataclass(frozen=True, slots=True)
class HintTaken:
    """A hint of a task, bought; `already` when it was bought before. The text is the scenario's own."""

    seq: int
    cost: int
    already: bool


def submit(
    session: Session, exercise: str, member: Member, rules: Rules, task: str, answer: str, now: datetime
) -> Outcome:
    """Judge `answer` and record it; call in one transaction (Writer.run) and answer only after its commit.

    A task already solved, or the same wrong answer again, gives the earlier answer and costs nothing. Raises NotFound
    (no such task), NotOpen, Refused (opens later, needs another task first, graded by people, no attempts left),
    TooMany (over 10 a minute per participant and task), Invalid (empty, too long, not text).
    """
    rule = _rule(rules, task)
    text = answers.cleaned(answer)
    locked = _open(session, exercise, now)
    digest = flags.digest(text, locked.secret, exercise, task)
    right_key, wrong_key = _right_key(member.participant, task), f"wrong:{member.participant}:{task}:{digest}"
    earlier = ledger.find(session, exercise, [right_key, wrong_key, *_needs(rule, member)])
    where = {"exercise": exercise, "participant": member.participant, "task": task}
    if fact := earlier.get(right_key) or earlier.get(wrong_key):
        return _again(session, where, rule.task, fact)
    _require_ready(rule, locked, now, member, earlier)
    left = _count_attempt(session, where, rule.task, now)
    right, foreign = _judge(session, locked, _own(session, locked, rules, rule.task, member), member, text)
    payload = {"task": task, "right": right, "member": member.pseudonym, "digest": digest}
    payload |= {"foreign": foreign} if foreign else {}
    draft = Draft(Kind.SUBMITTED, right_key if right else wrong_key, member.participant, payload)
    fact = ledger.write(session, locked, [draft], now, earlier)[0]
    connection = session.connection()
    kept = (exercise, member.participant, task, member.user, to_wall(connection, now), text, right)
    _KEEP.run(connection, [kept])
    return Outcome(right, fact.seq, left, already=False)


def take_hint(
    session: Session, exercise: str, member: Member, rules: Rules, task: str, hint: int, now: datetime
) -> HintTaken:
    """Buy hint number `hint` (the first is 1) of `task`; buying it again costs nothing.

    Raises NotFound (no such task or hint), NotOpen, Refused (the task opens later or needs another first, or the hint
    before this one is not bought).
    """
    rule = _rule(rules, task)
    if not 1 <= hint <= len(rule.task.hints):
        raise NotFound(f"The task has no hint {hint}.")
    locked = _open(session, exercise, now)
    mine = [f"hint:{member.participant}:{task}:{number}" for number in (hint, hint - 1)]
    earlier = ledger.find(session, exercise, [*mine, *_needs(rule, member)])
    cost = rule.task.hints[hint - 1].cost
    if bought := earlier.get(mine[0]):
        return HintTaken(bought.seq, bought.payload["cost"], already=True)
    _require_ready(rule, locked, now, member, earlier)
    if hint > 1 and mine[1] not in earlier:
        raise Refused(f"Take hint {hint - 1} first.")
    payload = {"task": task, "hint": hint, "cost": cost, "member": member.pseudonym}
    draft = Draft(Kind.HINTED, mine[0], member.participant, payload)
    fact = ledger.write(session, locked, [draft], now, earlier)[0]
    return HintTaken(fact.seq, cost, already=False)


def give_up(session: Session, exercise: str, member: Member, rules: Rules, task: str, now: datetime) -> HintTaken:
    """Have the solution of `task` shown, at the price of all it is worth; again it costs nothing more.

    Raises NotFound (no such task), NotOpen, Refused (it is solved, graded by people, opens later, or needs another).
    """
    rule = _rule(rules, task)
    locked = _open(session, exercise, now)
    key, right = f"hint:{member.participant}:{task}:{SOLUTION}", _right_key(member.participant, task)
    earlier = ledger.find(session, exercise, [key, right, *_needs(rule, member)])
    if known := earlier.get(key):
        return HintTaken(known.seq, known.payload["cost"], already=True)
    if right in earlier:
        raise Refused("The task is solved; its explanation is shown already.")
    _require_ready(rule, locked, now, member, earlier)
    cost = rule.most(rules.first_solves)
    payload = {"task": task, "hint": SOLUTION, "cost": cost, "member": member.pseudonym}
    fact = ledger.write(session, locked, [Draft(Kind.HINTED, key, member.participant, payload)], now, earlier)[0]
    return HintTaken(fact.seq, cost, already=False)


def _right_key(participant: str, task: str) -> str:
    return f"right:{participant}:{task}"


def _needs(rule: TaskRule, member: Member) -> list[str]:
    return [_right_key(member.participant, needed) for needed in rule.task.requires]


def _rule(rules: Rules, task: str) -> TaskRule:
    rule = rules.tasks.get(task)
    if rule is None:
        raise NotFound("There is no such task.")
    return rule


def _open(session: Session, exercise: str, now: datetime) -> ledger.Head:
    locked = ledger.lock(session, exercise)
    if not locked.is_open(now):
        raise NotOpen(f"The exercise is {locked.state}.")
    return locked


def _require_ready(
    rule: TaskRule, locked: ledger.Head, now: datetime, member: Member, earlier: Mapping[str, Fact]
) -> None:
    if rule.opens_s(locked.duration_s, locked.scale) > locked.t(now):
        raise Refused("The task opens later.")
    missing = [needed for needed in rule.task.requires if _right_key(member.participant, needed) not in earlier]
    if missing:
        raise Refused(f"Solve {', '.join(missing)} first.")
    if rule.task.graded is not None:
        raise Refused("The task is graded by people; there is no answer to send.")


def _again(session: Session, where: Mapping[str, str], task: Task, fact: Fact) -> Outcome:
    tried = 0 if task.attempts is None else int(_TRIED.rows(session.connection(), where)[0][0])
    left = None if task.attempts is None else max(0, task.attempts - tried)
    return Outcome(fact.payload["right"], fact.seq, left, already=True)


def _count_attempt(session: Session, where: Mapping[str, str], task: Task, now: datetime) -> int | None:
    """The attempts left after this one. The head's lock is held: nobody else counts meanwhile."""
    latest = _LATEST.rows(session.connection(), {**where, "count": A_MINUTE})
    tenth = from_wall(latest[-1][0]) if len(latest) == A_MINUTE else None
    if tenth is not None and tenth > now - MINUTE:
        raise TooMany((tenth + MINUTE - now).total_seconds(), "At most 10 answers a minute to a task.")
    if task.attempts is None:
        return None
    tried = len(latest) if len(latest) < A_MINUTE else int(_TRIED.rows(session.connection(), where)[0][0])
    if tried >= task.attempts:
        raise Refused("There are no attempts left.")
    return int(task.attempts - tried - 1)


def _own(session: Session, locked: ledger.Head, rules: Rules, task: Task, member: Member) -> Task:
    """The task as this participant has it."""
    if not values.is_templated(task):
        return task
    player = session.get_one(Participant, member.participant)
    team = player.team_id or player.id
    words = values.own_words(rules.variables, locked.exercise, locked.secret, player.id, team, player.name)
    return values.own_task(task, words)


def _judge(session: Session, locked: ledger.Head, task: Task, member: Member, text: str) -> tuple[bool, str | None]:
    """Whether the answer is right; and whose own flag it was, when it is another team's."""
    if not isinstance(task.flag, PerTeamFlag):
        return answers.is_right(task, text), None
    own = flags.flag(locked.secret, locked.exercise, task.id, member.participant)
    if answers.is_right(task, text, own):
        return True, None
    players = [row[0] for row in _PLAYERS.rows(session.connection(), {"exercise": locked.exercise})]
    return False, flags.owner(text, locked.secret, locked.exercise, task.id, players)
