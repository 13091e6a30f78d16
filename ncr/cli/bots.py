"""Bots: teams that play a scenario by its play.yml, in their real environments, through the same doors as people."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from ncr.errors import EngineError
from ncr.runtime.engine import Engine
from ncr.runtime.player import Place, break_, repair, solve
from ncr.scenario.topology import Scenario

Say = Callable[[str], None]
# How often a bot tries what did not work before it goes on to the next.
MOST_TRIES = 5


@dataclass
class Bot:
    """One team's bot: solves tasks in an order and at a pace of its own, sometimes wrongly, sometimes with a hint.

    `pace_s` is the mean pause between tries; `skill` the share of tasks it gets to; `clumsy` breaks one of its
    own services on the way and repairs it. All it does is stopped by `end`.
    """

    team: str
    exercise: str
    http: httpx.Client
    engine: Engine
    scenario: Scenario
    place: Callable[[], Place]
    end: threading.Event
    say: Say
    pace_s: float
    skill: float
    clumsy: bool = False
    luck: random.Random = field(default_factory=random.Random)

    def play(self) -> None:
        """Play until the end or until nothing is left to try."""
        left = list(self._order())
        tries = 0
        while left and not self._pause(self.luck.uniform(0.5, 1.5) * self.pace_s):
            tries += 1
            if self.clumsy and tries == 2:
                self._stumble()
            if self._try(left[0]) or tries % MOST_TRIES == 0:
                left.pop(0)

    def _order(self) -> Sequence[str]:
        """Tasks as their requirements allow, otherwise shuffled; the last ones are left out by lesser skill."""
        left = {task.id: set(task.requires) for task in self.scenario.definition.tasks if task.graded is None}
        order: list[str] = []
        while left:
            free = sorted(task for task, needs in left.items() if needs <= set(order)) or sorted(left)
            task = self.luck.choice(free[:3])
            order.append(task)
            del left[task]
        return order[: max(1, round(len(order) * self.skill))]

    def _try(self, task: str) -> bool:
        play = self.scenario.play
        if play is None or task not in play.solve:
            return False
        if self.luck.random() < 0.25 and task in play.wrong:
            self._submit(task, _text(play.wrong[task]))
        if self.luck.random() < 0.12:
            self.http.post(f"/api/v1/exercises/{self.exercise}/tasks/{task}/hints/1")
        try:
            answer = solve(self.engine, self.place(), self.scenario, task)
        except EngineError as error:
            self.say(f"{self.team}: {task}: {error.detail.splitlines()[-1][:120]}")
            return False
        return self._submit(task, answer)

    def _submit(self, task: str, answer: str) -> bool:
        path = f"/api/v1/exercises/{self.exercise}/tasks/{task}/submissions"
        reply = self.http.post(path, json={"answer": answer})
        return reply.status_code == 200 and bool(reply.json()["correct"])

    def _stumble(self) -> None:
        play = self.scenario.play
        broken = self.luck.choice(sorted(play.checks)) if play and play.checks else None
        if broken is None:
            return
        self.say(f"{self.team}: breaks {broken}")
        try:
            break_(self.engine, self.place(), self.scenario, broken)
            self._pause(4 * self.pace_s)
            repair(self.engine, self.place(), self.scenario, broken)
        except EngineError as error:
            self.say(f"{self.team}: {error.detail}")
        self.say(f"{self.team}: repaired {broken}")

    def _pause(self, seconds: float) -> bool:
        return self.end.wait(seconds)


def _text(answer: str | tuple[str, ...]) -> str:
    return answer if isinstance(answer, str) else ",".join(answer)
