"""Playing by play.yml: solves tasks and breaks and repairs services inside a real environment, as a person would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ncr.errors import EngineError
from ncr.runtime.engine import Engine, ExecResult
from ncr.runtime.objects import FileSpec
from ncr.scenario.model import Entry
from ncr.scenario.play import Play
from ncr.scenario.topology import Scenario

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """An environment to play in: container names by service."""

    containers: Mapping[str, str]

    def container(self, service: str) -> str:
        """The container of a service. Raises EngineError when there is none."""
        if service not in self.containers:
            raise EngineError(f"the environment has no {service}")
        return self.containers[service]


def solve(engine: Engine, place: Place, scenario: Scenario, task: str) -> str:
    """The answer to `task`, found the way play.yml finds it. Raises EngineError when the way does not lead there."""
    way = _play(scenario).solve[task]
    entry = _entry(scenario, way.run.entry if way.run else None)
    command = [f"/{way.script}"] if way.script else list(way.run.command) if way.run else ["true"]
    found = _run(engine, place, scenario, entry, command)
    if way.answer is not None and found.exit_code == 0:
        return way.answer if isinstance(way.answer, str) else ",".join(way.answer)
    lines = found.stdout.decode(errors="replace").strip().splitlines()
    if found.exit_code != 0 or not lines:
        told = (found.stderr or found.stdout).decode(errors="replace").strip()[-300:]
        raise EngineError(f"{task} was not solved (exit {found.exit_code}): {told}")
    return lines[-1].strip()


def break_(engine: Engine, place: Place, scenario: Scenario, check: str) -> None:
    """Break what `check` looks at."""
    action = _play(scenario).checks[check].break_
    _act(engine, place, action.service, action.command, action.user)


def repair(engine: Engine, place: Place, scenario: Scenario, check: str) -> None:
    """Make whole again what `break_` broke."""
    action = _play(scenario).checks[check].repair
    _act(engine, place, action.service, action.command, action.user)


def _act(engine: Engine, place: Place, service: str, command: Sequence[str], user: str | None) -> None:
    done = engine.exec(place.container(service), command, user=user, timeout_s=TIMEOUT_S)
    if done.exit_code != 0:
        told = (done.stderr or done.stdout).decode(errors="replace").strip()[-300:]
        raise EngineError(f"{' '.join(command)} in {service} ended with {done.exit_code}: {told}")


def _run(engine: Engine, place: Place, scenario: Scenario, entry: Entry, command: Sequence[str]) -> ExecResult:
    container = place.container(entry.terminal or "")
    engine.put_files(container, _scripts(scenario))
    return engine.exec(container, command, user=entry.user, timeout_s=TIMEOUT_S)


def _scripts(scenario: Scenario) -> list[FileSpec]:
    found = sorted(path for path in (scenario.path / "play").glob("*") if path.is_file())
    return [FileSpec(f"/play/{path.name}", path.read_bytes(), 0o755) for path in found]


def _play(scenario: Scenario) -> Play:
    if scenario.play is None:
        raise EngineError(f"{scenario.definition.id} has no play.yml")
    return scenario.play


def _entry(scenario: Scenario, wanted: str | None) -> Entry:
    for entry in scenario.definition.entries:
        if entry.terminal and wanted in (None, entry.id):
            return entry
    raise EngineError(f"there is no terminal entry {wanted or ''}".rstrip())
