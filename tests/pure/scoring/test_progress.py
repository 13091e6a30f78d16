"""What many runs come to, per task and per objective."""

from datetime import UTC, datetime

from ncr.scenario.model import Definition
from ncr.scoring.progress import Made, progress

MONDAY, TUESDAY = datetime(2026, 9, 7, tzinfo=UTC), datetime(2026, 9, 8, tzinfo=UTC)
DEFINITION = Definition.model_validate(
    {
        "ncr": 1, "id": "x", "version": "1.0.0", "title": "X", "summary": "x", "duration": "1h",
        "objectives": ["Find", "Mend", "Tell"],
        "tasks": [
            {"id": "a", "title": "A", "text": "a", "flag": "NCR{a}", "objectives": [1]},
            {"id": "b", "title": "B", "text": "b", "flag": "NCR{b}", "objectives": [1, 2]},
            {"id": "c", "title": "C", "text": "c", "flag": "NCR{c}"},
            {"id": "d", "title": "D", "text": "d", "objectives": [3],
             "graded": {"rubric": [{"id": "r", "max": 1, "text": "R"}]}},
        ],
    }
)  # fmt: skip


def test_nothing_done_is_nothing_reached() -> None:
    reached = progress(DEFINITION, [])
    assert (reached.runs, reached.last_at, reached.run, reached.solved) == (0, None, None, frozenset())
    assert (reached.best, reached.tasks, reached.finished) == (0, 3, False)
    assert [(one.number, one.solved, one.tasks) for one in reached.objectives] == [(1, 0, 2), (2, 0, 1), (3, 0, 0)]


def test_what_any_run_solved_counts_and_the_best_is_of_one_run() -> None:
    runs = [Made("1", MONDAY, False, {"a", "b"}), Made("2", TUESDAY, True, {"c"})]
    reached = progress(DEFINITION, runs)
    assert (reached.runs, reached.last_at, reached.run) == (2, TUESDAY, "2")
    assert (reached.solved, reached.best, reached.finished) == ({"a", "b", "c"}, 2, True)
    assert [(one.solved, one.tasks) for one in reached.objectives] == [(2, 2), (1, 1), (0, 0)]


def test_a_task_given_up_counts_only_when_another_run_solved_it() -> None:
    given_up = Made("1", MONDAY, False, {"a", "b"}, {"b"})
    assert progress(DEFINITION, [given_up]).solved == {"a"}
    assert progress(DEFINITION, [given_up, Made("2", TUESDAY, False, {"b"})]).solved == {"a", "b"}


def test_what_is_no_task_any_more_does_not_count() -> None:
    assert progress(DEFINITION, [Made("1", MONDAY, False, {"a", "gone"})]).solved == {"a"}
