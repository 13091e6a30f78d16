"""Answers on both databases: counted once, limited under the lock, judged for the right team."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from ncr.db import Sessions, connect, reading, sessions
from ncr.errors import Invalid, NcrError, NotFound, NotOpen, Refused, TooMany
from ncr.scenario.model import Task, Variable
from ncr.scoring import flags, ledger, submission, values
from ncr.scoring.board import Board
from ncr.scoring.rules import rules
from ncr.scoring.submission import Outcome
from ncr.scoring.tables import Answer
from ncr.scoring.writer import Writer
from tests.service.played import DEFINITION, NOON, RULES, START, member, plan

Send = Callable[..., Outcome]


@pytest.fixture
def base(database_url: str) -> Iterator[Sessions]:
    engine = connect(database_url)
    factory = sessions(engine)
    plan(factory)
    yield factory
    engine.dispose()


@pytest.fixture
def writer(base: Sessions) -> Iterator[Writer]:
    with Writer(base) as writer:
        yield writer


@pytest.fixture
def send(writer: Writer) -> Send:
    def send(team: str, task: str, answer: str, after_s: float = 0.0) -> Outcome:
        at = NOON + timedelta(seconds=after_s)
        return writer.run(lambda s: submission.submit(s, "e", member(team), RULES, task, answer, at))

    return send


def outcome(send: Send, *args: object) -> Outcome | type[NcrError]:
    try:
        return send(*args)
    except NcrError as error:
        return type(error)


def answers(base: Sessions) -> int:
    with reading(base) as session:
        return session.scalar(select(func.count()).select_from(Answer)) or 0


@pytest.mark.parametrize(("answer", "right"), [("NCR{x}", True), ("NCR{no}", False)])
def test_64_identical_submissions_at_once_count_once(base: Sessions, send: Send, answer: str, right: bool) -> None:
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda _: send("p1", "fixed", answer), range(64)))
    assert {(one.correct, one.seq) for one in found} == {(right, 1)}
    assert sum(not one.already for one in found) == 1
    assert answers(base) == 1
    with reading(base) as session:
        assert ledger.head(session, "e").seq == 1
        assert ledger.verify(session, "e") == []


def test_attempts_do_not_run_over_the_limit_in_a_race(base: Sessions, send: Send) -> None:
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(lambda number: outcome(send, "p1", "few", f"wrong {number}"), range(24)))
    taken = [one for one in found if isinstance(one, Outcome)]
    assert sorted(one.attempts_left for one in taken if one.attempts_left is not None) == [0, 1, 2]
    assert found.count(Refused) == 21
    assert outcome(send, "p1", "few", "NCR{y}") is Refused
    assert send("p2", "few", "NCR{y}").attempts_left == 2


def test_ten_answers_a_minute_per_team_and_task(send: Send) -> None:
    for number in range(10):
        assert not send("p1", "fixed", f"wrong {number}", number).correct
    with pytest.raises(TooMany) as caught:
        send("p1", "fixed", "NCR{x}", 10)
    assert caught.value.retry_after_s == 50
    assert not send("p1", "own", "other task", 10).correct
    assert send("p2", "fixed", "NCR{x}", 10).correct
    assert send("p1", "fixed", "NCR{x}", 60.5).correct


def test_a_solved_task_gives_its_earlier_answer_whatever_is_sent(base: Sessions, send: Send) -> None:
    first = send("p1", "fixed", "  NCR{x}\n")
    again = send("p1", "fixed", "something else")
    assert (again.correct, again.seq, again.already) == (True, first.seq, True)
    assert answers(base) == 1


def test_the_same_wrong_answer_costs_one_attempt(send: Send) -> None:
    assert [send("p1", "few", "no").attempts_left for _ in range(4)] == [2, 2, 2, 2]
    assert send("p1", "few", "nope").attempts_left == 1


def test_a_per_team_flag_counts_for_its_own_team_and_tells_on_a_borrower(base: Sessions, send: Send) -> None:
    mine = flags.flag("5f" * 32, "e", "own", "p1")
    assert not send("p2", "own", mine).correct
    assert send("p1", "own", mine).correct
    with reading(base) as session:
        facts = ledger.read(session, "e")
    assert [(fact.team, fact.payload.get("foreign")) for fact in facts] == [("p2", "p1"), ("p1", None)]
    board = Board(base, "e", RULES)
    assert "foreign" not in str([board.facts(0, "public"), board.facts(0, "team", "p2"), board.facts(0, "team", "p1")])
    assert "foreign" in str(board.facts(0, "staff"))


def test_no_person_and_no_answer_is_in_the_chain(base: Sessions, send: Send) -> None:
    send("p1", "fixed", "my secret guess")
    with reading(base) as session:
        written = b"".join(ledger.export(ledger.every(session, "e")))
    assert b"user-p1" not in written
    assert b"guess" not in written
    assert b"pseudonym-p1" in written


@pytest.mark.parametrize(
    ("task", "answer", "refusal"),
    [("gone", "x", NotFound), ("after", "NCR{z}", Refused), ("late", "NCR{z}", Refused), ("report", "x", Refused),
     ("fixed", "", Invalid), ("fixed", "a\x00", Invalid), ("fixed", "x" * 2000, Invalid)],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_and_leaves_nothing(
    base: Sessions, send: Send, task: str, answer: str, refusal: type[NcrError]
) -> None:
    with pytest.raises(refusal):
        send("p1", task, answer)
    assert answers(base) == 0


def test_tasks_open_with_the_task_they_require_and_with_time(send: Send) -> None:
    send("p1", "fixed", "NCR{x}")
    assert send("p1", "after", "NCR{z}").correct
    assert send("p1", "late", "NCR{z}", 900).correct


@pytest.mark.parametrize("state", ["scheduled", "preparing", "paused", "finished"])
def test_nothing_counts_while_the_exercise_is_not_open(base: Sessions, send: Send, state: str) -> None:
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET state = :state"), {"state": state})
    with pytest.raises(NotOpen, match=state):
        send("p1", "fixed", "NCR{x}")


def test_the_gate_opens_on_the_second_though_nobody_has_flipped_the_row(base: Sessions, writer: Writer) -> None:
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET state = 'ready', clock_at = NULL"))

    def at(seconds: float) -> Outcome:
        now = START + timedelta(seconds=seconds)
        return writer.run(lambda s: submission.submit(s, "e", member("p1"), RULES, "fixed", "NCR{x}", now))

    with pytest.raises(NotOpen):
        at(-0.001)
    assert at(0).correct


def test_hints_are_bought_once_in_order_and_cost_points(base: Sessions, writer: Writer, send: Send) -> None:
    def take(hint: int) -> submission.HintTaken:
        return writer.run(lambda s: submission.take_hint(s, "e", member("p1"), RULES, "fixed", hint, NOON))

    with pytest.raises(NotFound):
        take(3)
    with pytest.raises(Refused):
        take(2)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: take(1), range(16)))
    assert sum(not one.already for one in found) == 1
    assert take(2).cost == 30
    done = send("p1", "fixed", "NCR{x}")
    assert Board(base, "e", RULES).points("p1", until=done.seq) == 100 + 5 - 50


def test_work_that_fails_undoes_only_itself(base: Sessions, writer: Writer) -> None:
    def spoil(number: int) -> str:
        def work(session: object) -> str:
            fact = ledger.append(session, "e", [ledger.Draft(ledger.Kind.INJECTED, f"k{number}")], NOON)  # type: ignore[arg-type]
            if number % 3 == 0:
                raise Refused(f"no {number}")
            return fact[0].key

        try:
            return writer.run(work)
        except Refused as error:
            return str(error)

    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(spoil, range(60)))
    assert found == [f"no {number}" if number % 3 == 0 else f"k{number}" for number in range(60)]
    with reading(base) as session:
        assert len(ledger.read(session, "e")) == 40
        assert ledger.verify(session, "e") == []


def test_work_that_spoils_the_transaction_fails_alone(base: Sessions, writer: Writer) -> None:
    def work(session: object, number: int) -> int:
        session.add(
            Answer(
                exercise_id="e" if number % 5 else "none",
                participant_id="p1",
                task="t",
                user_id="u",
                at=NOON,
                text="",
                right=False,
            )
        )  # type: ignore[attr-defined]
        return number

    def run(number: int) -> int | None:
        try:
            return writer.run(lambda session: work(session, number))
        except Exception:
            return None

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run, range(20)))
    assert found == [number if number % 5 else None for number in range(20)]
    assert answers(base) == 16


def test_a_closed_writer_takes_no_more(base: Sessions) -> None:
    writer = Writer(base)
    assert writer.run(lambda session: 1) == 1
    writer.close()
    with pytest.raises(NcrError):
        writer.submit(lambda session: 1)


def test_an_answer_with_a_variable_is_right_for_the_team_it_was_drawn_for(writer: Writer) -> None:
    variables = {"word": Variable(kind="password", length=20)}
    task = Task.model_validate({"id": "kofte", "title": "K", "text": "x", "answer": {"exact": "Kofte${word}"}})
    own = rules(DEFINITION.model_copy(update={"variables": variables, "tasks": (task,)}))
    drawn = {team: values.own_words(variables, "e", "5f" * 32, team, team, team)["word"] for team in ("p1", "p2")}

    def correct(team: str, answer: str) -> bool:
        return writer.run(lambda s: submission.submit(s, "e", member(team), own, "kofte", answer, NOON)).correct

    assert drawn["p1"] != drawn["p2"]
    assert not correct("p1", f"Kofte{drawn['p2']}")
    assert correct("p1", f"Kofte{drawn['p1']}")
    assert correct("p2", f"Kofte{drawn['p2']}")
