"""The levels of a linear training as texts and tasks, each after the one before, and how they are solved."""

import re
import shlex
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ncr.scenario.importers.kypo import questions
from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.kypo.training import Access, Assessment, Info, LevelFields, Step, Training
from ncr.scenario.importers.naming import as_text

_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
WRONG = "not-this-one"


class Levels:
    """One pass over the levels. What is only read waits for the next task; the briefing has what comes first."""

    def __init__(self, making: Making, templates: dict[str, str]) -> None:
        self._making, self._templates = making, templates
        self._waiting: list[str] = []
        self._before: str | None = None
        self.briefing: list[str] = []
        self.tasks: list[dict[str, Any]] = []

    def play(self) -> None:
        """Every level, in order."""
        training = self._making.found.training
        for number, level in training.in_order() if training else ():
            self._tell(number, level)
            if isinstance(level, Info):
                self._info(number, level)
            elif isinstance(level, Access):
                self._access(number, level)
            elif isinstance(level, Training):
                self._training(number, level)
            elif isinstance(level, Assessment):
                self._assessment(number, level)
        if self._waiting and self.tasks:
            self.tasks[-1]["explanation"] = self._read("")
        elif self._waiting:
            self.briefing += self._waiting

    def _tell(self, number: int, level: LevelFields) -> None:
        report, making = self._making.report, self._making
        minutes = f" ({level.estimated_duration} min)" if level.estimated_duration else ""
        making.guide += ["", f"### {level.title}{minutes}", ""]
        report.carried(making.path("training", "levels", number, "title"), "tasks.*.title")
        report.mapped(making.path("training", "levels", number, "level_type"), "tasks", level.level_type)
        for field, outcome, why in (
            ("order", "tasks.*.requires", "each after the one before"),
            ("estimated_duration", "GUIDE.en.md", "minutes, for those who lead the exercise"),
        ):
            if field in level.model_fields_set:
                report.mapped(making.path("training", "levels", number, field), outcome, why)
        if "minimal_possible_solve_time" in level.model_fields_set:
            path = making.path("training", "levels", number, "minimal_possible_solve_time")
            report.left(path, "NCR does not judge how fast somebody was")

    def _info(self, number: int, level: Info) -> None:
        text = f"## {level.title}\n\n{level.content}".strip()
        path = self._making.path("training", "levels", number)
        if self.tasks:
            self._waiting.append(text)
            self._making.report.mapped(path, "tasks.*.text", "read with the task after it, or when the last is solved")
        else:
            self.briefing.append(text)
            self._making.report.mapped(path, "briefing.en.md", "in both languages, as it stands")

    def _access(self, number: int, level: Access) -> None:
        task = self._making.tasks.of(level.title)
        self._add(
            task, level.title, level.cloud_content or level.title, 0, {"answer": {"exact": as_text(level.passkey)}}
        )
        self._known(task, level.passkey)
        report, path = self._making.report, self._making.path("training", "levels", number)
        report.mapped(path, f"tasks.{task}", "the word that proves it is the answer, and gives no points")
        if level.local_content:
            self._making.guide.append(level.local_content)
            report.mapped(f"{path}.local_content", "GUIDE.en.md", "environments here are never on one's own machine")

    def _training(self, number: int, level: Training) -> None:
        making, task = self._making, self._making.tasks.of(level.title)
        right = self._templates.get(level.answer_variable_name or "") if level.variant_answers else None
        answer = right or as_text(level.answer or "")
        made = self._add(task, level.title, level.content, level.max_score, {"answer": {"exact": answer}})
        made["attempts"] = max(1, level.incorrect_answer_limit)
        made["hints"] = list(_hints(level))
        techniques = _TECHNIQUE.findall(" ".join(map(str, level.mitre_techniques)))
        if techniques:
            made["attack"] = list(dict.fromkeys(techniques))
        if right is None:
            self._known(task, level.answer or "")
        self._reference(number, level, task)
        self._tell_training(number, level, task)
        making.guide += [level.solution, *(f"* `{one}`" for one in level.expected_commands)]

    def _tell_training(self, number: int, level: Training, task: str) -> None:
        report, making = self._making.report, self._making
        path = making.path("training", "levels", number)
        why = "that it costs is the whole of the points" if level.solution_penalized else "free, as there"
        told = {
            "solution": (f"tasks.{task}.hints", f"the last hint, which gives the task up; {why}"),
            "solution_penalized": (f"tasks.{task}.hints", why),
            "hints": (f"tasks.{task}.hints", "in their order; each penalty is the hint's cost"),
            "incorrect_answer_limit": (f"tasks.{task}.attempts", "after the last nothing more is taken here"),
            "answer": (f"tasks.{task}.answer", "exactly this"),
            "flag": (f"tasks.{task}.answer", "exactly this"),
            "answer_variable_name": (f"tasks.{task}.answer", "each team's own"),
            "variant_answers": (f"tasks.{task}.answer", "each team's own"),
            "mitre_techniques": (f"tasks.{task}.attack", "the techniques; tactics are not kept"),
            "expected_commands": ("GUIDE.en.md", "for those who lead the exercise"),
        }
        report.mapped(path, f"tasks.{task}")
        root = making.found.roots["training"].mapping["levels"].items[number]
        for key, (to, reason) in told.items():
            if key in root.mapping:
                report.mapped(f"{path}.{key}", to, reason)
        for key, reason in (
            ("commands_required", "NCR does not watch which commands are typed"),
            ("attachments", "the files are not in the export: put them in files/ and name them in the task"),
        ):
            if key in root.mapping:
                report.left(f"{path}.{key}", reason)
        message = "a team without attempts left cannot go on: raise `attempts`, or take `requires` out of what follows"
        making.warn("attempts-end", "training", f"levels[{number}].incorrect_answer_limit", message)

    def _assessment(self, number: int, level: Assessment) -> None:
        making, path = self._making, self._making.path("training", "levels", number)
        if level.assessment_type == "QUESTIONNAIRE":
            making.guide += [level.instructions, *(f"* {question.text}" for question in level.questions)]
            making.report.left(
                path, "a questionnaire has no right answers and no points; its questions are in the guide"
            )
            return
        asked = sorted(enumerate(level.questions), key=lambda pair: (pair[1].order, pair[0]))
        made = [one for _, question in asked for one in questions.tasks(question)]
        for place, (points, answer, known) in enumerate(made, start=1):
            title = f"{level.title} {place}" if len(made) > 1 else level.title
            task = making.tasks.new(title)
            text = f"{level.instructions}\n\n{answer.pop('text')}".strip()
            self._add(task, title, text, points, answer, blocks=False)
            if known is not None:
                self._known(task, known)
        for position, question in asked:
            questions.tell(making, path, position, question)
        making.report.mapped(path, "tasks", "one task for each question; what follows does not wait for them")
        making.report.mapped(f"{path}.questions", "tasks", "each is answered once")

    def _add(
        self, task: str, title: str, text: str, points: int, answer: dict[str, Any], blocks: bool = True
    ) -> dict[str, Any]:
        made = {"id": task, "title": title, "text": self._read(text), "points": points, **answer}
        if self._before is not None:
            made["requires"] = [self._before]
        if blocks:
            self._before = task
        self.tasks.append(made)
        return made

    def _read(self, text: str) -> str:
        words = "\n\n".join([*self._waiting, *([text] if text else [])])
        self._waiting = []
        return as_text(words)

    def _known(self, task: str, answer: str | list[str]) -> None:
        play = self._making.draft.play
        play.setdefault("solve", {})[task] = {"answer": answer}
        if isinstance(answer, str) and answer != WRONG:
            play.setdefault("wrong", {})[task] = WRONG

    def _reference(self, number: int, level: Training, task: str) -> None:
        if not level.reference_solution:
            return
        making, path = self._making, self._making.path("training", "levels", number, "reference_solution")
        steps = _in_order([one for one in level.reference_solution if not one.optional])
        entries = making.draft.definition.get("entries", [])
        unfit = [
            one for one in steps if one.cmd is None or (one.cmd_type or "bash").partition("-")[0] not in ("bash", "sh")
        ]
        if unfit or not steps or not entries or level.variant_answers:
            making.report.left(path, "not a plain list of shell commands with a fixed answer; see the guide")
            making.guide += [f"* `{one.cmd}` ({one.cmd_type or '-'})" for one in level.reference_solution]
            return
        file = f"play/{task}.sh"
        making.draft.files[file] = "\n".join(["#!/bin/sh", *(one.cmd or "" for one in steps), ""]).encode()
        run = {"entry": entries[0]["id"], "command": shlex.split(f"sh /{file}")}
        making.draft.play["solve"][task] = {"run": run, "answer": level.answer}
        making.report.mapped(path, f"play.solve.{task}", f"run at {entries[0]['id']}; states and patterns are not kept")


def _hints(level: Training) -> Iterator[dict[str, Any]]:
    for hint in sorted(level.hints, key=lambda hint: hint.order):
        text = f"**{hint.title}**\n\n{hint.content}" if hint.title else hint.content
        yield {"text": as_text(text), "cost": hint.hint_penalty}
    yield {"text": as_text(level.solution), "cost": level.max_score if level.solution_penalized else 0}


def _in_order(steps: Iterable[Step]) -> list[Step]:
    """The steps with those first that others name as what must have been reached; as written where that circles."""
    given = list(steps)
    reached = {one.state_name: number for number, one in enumerate(given) if one.state_name}
    wanted = {
        number: [reached[name] for name in one.prereq_state if name in reached] for number, one in enumerate(given)
    }
    try:
        return [given[number] for number in TopologicalSorter(wanted).static_order()]
    except CycleError:
        return given
