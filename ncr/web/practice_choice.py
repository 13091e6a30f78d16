"""The practice catalogue's choice: which scenarios a student sees for what is asked for, and in which order; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from ncr.scenario.model import Definition
from ncr.scoring.progress import Progress

DIFFICULTIES: tuple[str, ...] = get_args(Definition.model_fields["difficulty"].annotation)
# Seconds: longer than the first, at most the second.
LENGTHS: Mapping[str, tuple[float, float]] = {
    "short": (0, 45 * 60),
    "medium": (45 * 60, 2 * 3600),
    "long": (2 * 3600, float("inf")),
}
SORTS = ("difficulty", "length", "title", "latest")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a student asks the catalogue for; anything unknown asks for nothing."""

    words: str = ""
    difficulty: str = ""
    length: str = ""
    sort: str = "difficulty"

    @property
    def is_anything(self) -> bool:
        """Whether it leaves something out."""
        return bool(self.words.strip() or self.difficulty in DIFFICULTIES or self.length in LENGTHS)


@dataclass(frozen=True, slots=True)
class Offer:
    """A scenario in its reader's language, and how far the reader has come in it."""

    definition: Definition
    language: str
    progress: Progress

    @property
    def title(self) -> str:
        """Its title."""
        return self.definition.title.get(self.language)

    @property
    def rank(self) -> tuple[int, float]:
        """How much it asks for: difficulty, then length."""
        return DIFFICULTIES.index(self.definition.difficulty), self.definition.duration

    @property
    def last_s(self) -> float:
        """When it was practised last, as seconds since 1970; 0 for never."""
        return self.progress.last_at.timestamp() if self.progress.last_at else 0.0


def chosen(offers: Iterable[Offer], wanted: Wanted) -> list[Offer]:
    """Those of the offers that are wanted, in the order wanted."""
    words = wanted.words.casefold().split()
    found = [offer for offer in offers if _fits(offer.definition, wanted) and _holds(offer.definition, words)]
    return _sorted(found, wanted.sort)


def _fits(definition: Definition, wanted: Wanted) -> bool:
    over, most = LENGTHS.get(wanted.length, (-1.0, float("inf")))
    is_level = wanted.difficulty not in DIFFICULTIES or definition.difficulty == wanted.difficulty
    return is_level and over < definition.duration <= most


def _holds(definition: Definition, words: Sequence[str]) -> bool:
    """Whether each of the words stands somewhere in what the scenario says of itself, in whichever language."""
    texts = [*definition.title.root.values(), *definition.summary.root.values(), definition.id, *definition.attack]
    for objective in definition.objectives:
        texts += objective.root.values()
    for task in definition.tasks:
        texts += task.attack
    said = "\n".join(texts).casefold()
    return all(word in said for word in words)


def _sorted(offers: Iterable[Offer], sort: str) -> list[Offer]:
    by_title = sorted(offers, key=lambda offer: offer.title.casefold())
    if sort == "title":
        return by_title
    if sort == "latest":
        return sorted(by_title, key=lambda offer: -offer.last_s)
    if sort == "length":
        return sorted(by_title, key=lambda offer: offer.definition.duration)
    return sorted(by_title, key=lambda offer: offer.rank)
