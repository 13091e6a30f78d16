"""Images: those a scenario needs, our own (gate, checker, guard), and the disk they take."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ncr.runtime.objects import ImageSpec, SeenImage
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


def together_mib(images: Iterable[SeenImage]) -> float:
    """What the images take together, in MiB: one that others are built on counts once."""
    sizes = {image.layers: image.size_mib for image in images}
    return sum(size - _below(layers, sizes) for layers, size in sizes.items())


def _below(layers: tuple[str, ...], sizes: dict[tuple[str, ...], float]) -> float:
    """The largest of the others that this one is built on."""
    return max(
        (size for other, size in sizes.items() if other != layers and layers[: len(other)] == other), default=0.0
    )
