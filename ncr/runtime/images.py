"""Images: those a scenario needs, and our own (gate, checker, guard), tagged by what they are made of."""

from functools import cache
from pathlib import Path

from ncr.runtime.objects import ImageSpec
from ncr.scenario.digest import digest
from ncr.scenario.images import images
from ncr.scenario.topology import Scenario

BUILDS = Path(__file__).resolve().parent / "builds"


@cache
def own_image(name: str) -> ImageSpec:
    """The image made by builds/NAME: gate, checker or guard."""
    context = BUILDS / name
    return ImageSpec(f"ncr/{name}:{digest(context)[:12]}", context=context)


def specs(scenario: Scenario) -> tuple[ImageSpec, ...]:
    """Every image that environments of the scenario need, our own included."""
    needs = {need.reference: need for need in images(scenario).values()}
    theirs = (ImageSpec(n.reference, n.context, n.dockerfile, n.args, n.target) for n in needs.values())
    return (own_image("gate"), own_image("checker"), *theirs)
