"""A KYPO linear training as data: training.json, its levels, questions and hints."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from ncr.scenario.importers.loose import Snake
from ncr.scenario.values import Whole

LevelType = Literal["INFO_LEVEL", "ACCESS_LEVEL", "TRAINING_LEVEL", "ASSESSMENT_LEVEL"]
Minutes = Annotated[Whole, Field(ge=0, le=500_000)]
Percent = Annotated[Whole, Field(ge=0, le=100)]


def _words(value: object) -> object:
    return [] if value is None else [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Anything = Annotated[tuple[object, ...], BeforeValidator(_words)]


class Hint(Snake):
    """Help, and what it costs."""

    title: str = ""
    content: str
    hint_penalty: Percent = 0
    order: Whole = 0


class Step(Snake):
    """A command of the reference solution."""

    state_name: str | None = None
    prereq_state: Words = ()
    cmd: str | None = None
    cmd_type: str | None = None
    cmd_regex: str | None = None
    optional: bool = False


class LevelFields(Snake):
    """What every level has."""

    title: Annotated[str, Field(min_length=1)]
    level_type: LevelType
    order: Whole | None = None
    estimated_duration: Minutes | None = None
    minimal_possible_solve_time: Minutes | None = None


class Info(LevelFields):
    """Something to read."""

    content: str = ""


class Access(LevelFields):
    """How the sandbox is reached, and the word that proves it."""

    passkey: Annotated[str, Field(min_length=1)]
    cloud_content: str = ""
    local_content: str = ""


class Training(LevelFields):
    """A task."""

    answer: Annotated[str, Field(max_length=50)] | None = None
    answer_variable_name: str | None = None
    variant_answers: bool = False
    content: str
    solution: str
    solution_penalized: bool = False
    hints: Annotated[tuple[Hint, ...], BeforeValidator(lambda v: v or [])] = ()
    incorrect_answer_limit: Percent
    max_score: Percent
    attachments: object = None
    mitre_techniques: Anything = ()
    expected_commands: Anything = ()
    commands_required: bool = False
    reference_solution: Annotated[tuple[Step, ...], BeforeValidator(lambda v: v or [])] = ()


class Choice(Snake):
    """An answer offered, or taken for right."""

    text: str
    correct: bool = False
    order: Whole = 0


class Option(Snake):
    """What a statement may be matched with."""

    text: str
    order: Whole = 0


class Statement(Snake):
    """A statement, and which option is its own."""

    text: str
    order: Whole = 0
    correct_option_order: Whole | None = None


class Question(Snake):
    """A question of an assessment."""

    question_type: Literal["FFQ", "MCQ", "EMI"]
    text: Annotated[str, Field(min_length=1)]
    points: Annotated[Whole, Field(ge=0, le=100)] = 0
    penalty: Annotated[Whole, Field(ge=0, le=100)] = 0
    order: Whole = 0
    answer_required: bool = False
    choices: Annotated[tuple[Choice, ...], BeforeValidator(lambda v: v or [])] = ()
    extended_matching_options: Annotated[tuple[Option, ...], BeforeValidator(lambda v: v or [])] = ()
    extended_matching_statements: Annotated[tuple[Statement, ...], BeforeValidator(lambda v: v or [])] = ()


class Assessment(LevelFields):
    """Questions, for points or not."""

    assessment_type: Literal["TEST", "QUESTIONNAIRE"]
    instructions: str
    questions: tuple[Question, ...] = ()


_TAGS = {"ACCESS_LEVEL": "<access>", "TRAINING_LEVEL": "<training>", "ASSESSMENT_LEVEL": "<assessment>"}


def _tag(value: object) -> str:
    kind = value.get("level_type") if isinstance(value, dict) else getattr(value, "level_type", None)
    return _TAGS.get(str(kind), "<info>")


def _renamed(value: object) -> object:
    if not isinstance(value, dict) or "flag" not in value or "answer" in value:
        return value
    return {("answer" if key == "flag" else key): child for key, child in value.items()}


Level = Annotated[
    Annotated[
        Annotated[Info, Tag("<info>")]
        | Annotated[Access, Tag("<access>")]
        | Annotated[Training, Tag("<training>")]
        | Annotated[Assessment, Tag("<assessment>")],
        Discriminator(_tag),
    ],
    BeforeValidator(_renamed),
]


class Linear(Snake):
    """The whole of training.json."""

    title: Annotated[str, Field(min_length=1)]
    description: str | None = None
    prerequisites: Words = ()
    outcomes: Words = ()
    state: str | None = None
    show_stepper_bar: bool = True
    estimated_duration: Minutes | None = None
    variant_sandboxes: bool = False
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]

    def in_order(self) -> list[tuple[int, Level]]:
        """The levels in the order they are played, each with its place in the file."""
        numbered = list(enumerate(self.levels))
        return sorted(numbered, key=lambda pair: pair[0] if pair[1].order is None else pair[1].order)
