"""Leaks: a flag that lies where nobody is meant to find it: hand-outs, environments, images; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ncr.director.rehearsal.layers import Found
from ncr.runtime.objects import ContainerSpec
from ncr.scenario.model import Definition, PerTeamFlag
from ncr.scenario.topology import Scenario

# Shorter texts stand everywhere by chance.
SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag to be looked for: of which task, whose (team; empty for all teams'), and where it is meant to be."""

    task: str
    team: str
    text: str
    service: str = ""
    file: str = ""
    env: str = ""

    @property
    def is_own(self) -> bool:
        """Whether each team has another."""
        return bool(self.team)

    @property
    def words(self) -> str:
        """What it is called in a report, which does not give it away."""
        return f"the flag of {self.task}" + (f" (team {self.team})" if self.team else "")


def flags(definition: Definition, own: Mapping[str, Mapping[str, str]]) -> tuple[Flag, ...]:
    """Every flag worth looking for; `own` is team -> task -> flag."""
    found = []
    for task in definition.tasks:
        if isinstance(task.flag, PerTeamFlag):
            to = task.flag.deliver
            where = (to.service, to.file or "", to.env or "")
            found += [Flag(task.id, team, texts[task.id], *where) for team, texts in own.items()]
        elif task.flag is not None and "${" not in task.flag:
            found.append(Flag(task.id, "", task.flag))
    return tuple(flag for flag in found if len(flag.text) >= SHORTEST)


def in_handouts(scenario: Scenario, looked_for: Iterable[Flag]) -> Iterator[str]:
    """What is wrong with the hand-outs, in words."""
    given = {name for task in scenario.definition.tasks for name in task.files}
    places = {scenario.path / name for name in given} | set((scenario.path / "files").rglob("*"))
    contents = {place: place.read_bytes() for place in sorted(places) if place.is_file()}
    for flag in looked_for:
        for place, content in contents.items():
            if flag.text.encode() in content:
                yield f"{flag.words} stands in the hand-out {place.relative_to(scenario.path)}"


def in_specs(specs: Iterable[ContainerSpec], team: str, looked_for: Iterable[Flag]) -> Iterator[str]:
    """What is wrong with what a team's containers are given, in words. Fixed flags may stand in files."""
    needles = [flag for flag in looked_for if flag.team in ("", team) or flag.is_own]
    for spec in specs:
        for flag in needles:
            for place in _places(spec, flag, team):
                yield f"{flag.words} stands in {place} of {spec.service or 'the gate'}"


def _places(spec: ContainerSpec, flag: Flag, team: str) -> Iterator[str]:
    is_home = flag.service == spec.service and flag.team == team
    for name, value in spec.environment.items():
        if flag.text in value and not (is_home and name == flag.env):
            yield f"the environment variable {name}"
    if not flag.is_own:
        return
    words = [*(spec.command or ()), *(spec.entrypoint or ()), *(spec.healthcheck.test if spec.healthcheck else ())]
    if any(flag.text in word for word in words):
        yield "the command"
    if any(flag.text in value for value in spec.labels.values()):
        yield "a label"
    for file in spec.files:
        if flag.text.encode() in file.content and not (is_home and file.path == flag.file):
            yield f"the file {file.path}"


def in_images(images: Mapping[str, Found], desks: Iterable[str], looked_for: Iterable[Flag]) -> Iterator[str]:
    """What is wrong with the images, by service, in words.

    A flag that all share may lie in the image of the service it is found in; but not in what a later layer deleted,
    not in an image's settings, and not on the participants' desks when another service has it.
    """
    seated = set(desks)
    for flag in looked_for:
        holders = {service: image[flag.text.encode()] for service, image in images.items()}
        plain = {service for service, hits in holders.items() if any(hit.is_visible for hit in hits)}
        for service, hits in holders.items():
            for hit in hits:
                doubled = hit.is_visible and service in seated and plain - seated
                if not hit.is_visible or doubled:
                    yield f"{flag.words} stands in the image of {service}: {hit.words}"
