"""Which images a scenario builds or needs; a built one is named by its content, so the same content is built once."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ncr.scenario.digest import digest
from ncr.scenario.topology import NOTHING, Scenario, Service


@dataclass(frozen=True, slots=True)
class ImageNeed:
    """An image: built from `context` (absolute) when given, else pulled or already there. `dockerfile` is inside it."""

    reference: str
    context: Path | None = None
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    target: str | None = None


def images(scenario: Scenario) -> dict[str, ImageNeed]:
    """The image of every service, of the environment and of what is shared, by service name."""
    services = {**(scenario.shared.services if scenario.shared else {}), **scenario.topology.services}
    return {name: _need(scenario, service) for name, service in services.items()}


def image_reference(scenario: Scenario, service: str) -> str:
    """The image of one service: `ncr/SCENARIO-SERVICE:HASH` when built, else as the scenario writes it."""
    shared = scenario.shared.services if scenario.shared else {}
    return _need(scenario, scenario.topology.services.get(service) or shared[service]).reference


def _need(scenario: Scenario, service: Service) -> ImageNeed:
    build = service.build
    if build is None:
        return ImageNeed(service.image or "")
    context = scenario.path.resolve() / build.context
    recipe = json.dumps([digest(context), build.dockerfile, sorted(build.args.items()), build.target])
    tag = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    name = re.sub(r"[^a-z0-9]+", "-", service.name.lower()).strip("-")
    reference = f"ncr/{scenario.definition.id}-{name}:{tag}"
    return ImageNeed(reference, context, build.dockerfile, build.args, build.target)
