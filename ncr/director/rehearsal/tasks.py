"""Tasks in a rehearsal: unsolved before, wrong answers refused, solved as play.yml says, and accepted."""

from functools import partial

from ncr.director.rehearsal import order
from ncr.director.rehearsal.hall import Hall
from ncr.director.rehearsal.scribe import Differs, Scribe
from ncr.errors import Refused
from ncr.runtime import player
from ncr.scenario.model import PerTeamFlag, Task
from ncr.scenario.play import Answer, Play

NO_WAY = "play.yml does not say how it is solved; add it below `solve`"


class Tasks:
    """The acts on tasks, in team A; team B tries what it must not get away with."""

    def __init__(self, hall: Hall, scribe: Scribe) -> None:
        self._hall, self._scribe = hall, scribe
        self._definition = hall.scenario.definition
        self._play = hall.scenario.play or Play()
        self.solved: list[str] = []
        self._tried: set[str] = set()
        self._why_not: dict[str, str] = {}

    def next(self) -> str | None:
        """Take the next task that can be solved now; its id when it was solved, "" when not, None when there is none.

        Whether it was solved or not it is not tried again.
        """
        task = order.ready(self._definition, self._hall.t_s, self.solved, self._tried)
        if task is None:
            return None
        self._tried.add(task.id)
        return task.id if self._take(task) else ""

    def tell_unmet(self) -> None:
        """Write down what never had its turn."""
        for task, why in order.unmet(self._definition, self._why_not, self._tried):
            self._scribe.fail(f"task {task}", "can be tried", why, "A")

    def _take(self, task: Task) -> bool:
        name = f"task {task.id}"
        if task.id in self._play.wrong:
            wrong = _text(self._play.wrong[task.id])
            self._scribe.see(name, "refuses the wrong answer", "A", partial(self._refuses, task, "A", wrong))
        found: list[str] = []
        is_solved = self._scribe.see(name, "is solved", "A", partial(self._solve, task, found))
        if not is_solved:
            self._why_not[task.id] = self._scribe.steps[-1].message
            return False
        self.solved.append(task.id)
        if isinstance(task.flag, PerTeamFlag) and not task.requires:
            self._scribe.see(name, "refuses team A's flag", "B", partial(self._refuses, task, "B", found[0]))
        return True

    def _solve(self, task: Task, found: list[str]) -> None:
        if task.id not in self._play.solve:
            raise Differs(NO_WAY)
        found.append(player.solve(self._hall.engine, self._hall.place("A"), self._hall.scenario, task.id))
        if not self._hall.submit("A", task.id, found[0]):
            raise Differs(f"the answer that its solve found is not accepted: {found[0][:200]}")

    def _refuses(self, task: Task, team: str, answer: str) -> None:
        # One that allows a single attempt would be lost to the right answer.
        team = "B" if task.attempts == 1 else team
        try:
            is_right = self._hall.submit(team, task.id, answer)
        except Refused as error:
            raise Differs(f"the answer could not be sent: {error.detail}") from error
        if is_right:
            raise Differs(f"the wrong answer is accepted: {answer[:200]}")


def _text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ",".join(answer)
