"""The catalogue's choice: what is found, and in which order."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ncr.scenario.model import Definition
from ncr.scoring.progress import Made, progress
from ncr.web.practice_choice import Offer, Wanted, chosen


def definition(id: str, title: str, difficulty: str = "medium", duration: str = "1h", **more: Any) -> Definition:
    return Definition.model_validate(
        {"ncr": 1, "id": id, "version": "1.0.0", "title": title, "summary": f"Om {title}", "difficulty": difficulty,
         "duration": duration, **more}
    )  # fmt: skip


SHOP = definition(
    "shop",
    "Nettbutikken",
    "easy",
    "2h",
    objectives=[{"nb": "Kjenne igjen SQL-injeksjon", "en": "Recognise SQL injection"}, "Soner", "Personvern"],
    attack=["T1190"],
    tasks=[
        {"id": "door", "title": "Dør", "text": "?", "flag": "a", "objectives": [2], "attack": ["T1046"]},
        {"id": "memo", "title": "Lapp", "text": "?", "flag": "b", "objectives": [1, 2]},
    ],
)
BASTION = definition("bastion", "Åpen bastion", "hard", "30m")
AIR = definition("luft", "Luftbro", "easy", "45m")


def offer(of: Definition, *days: int) -> Offer:
    """The scenario as somebody sees it who practised it on those days of September."""
    runs = [Made(f"run-{day}", datetime(2026, 9, day, tzinfo=UTC), False) for day in days]
    return Offer(of, "nb", progress(of, runs))


ALL = [offer(each) for each in (SHOP, BASTION, AIR)]


def found(**wanted: str) -> list[str]:
    return [each.definition.id for each in chosen(ALL, Wanted(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, ["luft", "shop", "bastion"]),
        ({"words": "NETTBUTIKKEN"}, ["shop"]),
        ({"words": "sql injeksjon"}, ["shop"]),
        ({"words": "recognise"}, ["shop"]),
        ({"words": "t1190"}, ["shop"]),
        ({"words": "t1046"}, ["shop"]),
        ({"words": "om åpen"}, ["bastion"]),
        ({"words": "sql luftbro"}, []),
        ({"difficulty": "easy"}, ["luft", "shop"]),
        ({"difficulty": "nonsense"}, ["luft", "shop", "bastion"]),
        ({"length": "short"}, ["luft", "bastion"]),
        ({"length": "medium"}, ["shop"]),
        ({"length": "long"}, []),
        ({"difficulty": "easy", "length": "short"}, ["luft"]),
        ({"sort": "title"}, ["luft", "shop", "bastion"]),
        ({"sort": "length"}, ["bastion", "luft", "shop"]),
        ({"sort": "nonsense"}, ["luft", "shop", "bastion"]),
    ],
)
def test_what_is_asked_for_is_found_in_order(wanted: dict[str, str], ids: list[str]) -> None:
    assert found(**wanted) == ids


def test_what_was_practised_last_comes_first_when_asked_for() -> None:
    offers = [offer(SHOP, 1, 3), offer(BASTION), offer(AIR, 2)]
    assert [each.definition.id for each in chosen(offers, Wanted(sort="latest"))] == ["shop", "luft", "bastion"]


@pytest.mark.parametrize(
    ("wanted", "narrows"), [(Wanted(), False), (Wanted(sort="title"), False), (Wanted(words=" "), False)]
)
def test_an_order_alone_leaves_nothing_out(wanted: Wanted, narrows: bool) -> None:
    assert wanted.is_anything is narrows
    assert Wanted(words="x").is_anything
