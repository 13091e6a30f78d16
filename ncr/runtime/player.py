"""Playing by play.yml: solves tasks and breaks and repairs services inside a real environment, as a person would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ncr.errors import EngineError
from ncr.runtime.engine import Engine, ExecResult
from ncr.runtime.objects import FileSpec
from ncr.scenario.model import Entry
from ncr.scenario.play import Action, Play
from ncr.scenario.topology import Scenario

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """An environment to play in: container names by service, and what commands in services that all share are told."""

    containers: Mapping[str, str]
    told: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
    found = _run(engine, place, scenario, entry, command, float(way.timeout))
    if way.answer is not None and found.exit_code == 0:
        return way.answer if isinstance(way.answer, str) else ",".join(way.answer)
    lines = found.stdout.decode(errors="replace").strip().splitlines()
    if found.exit_code != 0 or not lines:
        told = (found.stderr or found.stdout).decode(errors="replace").strip()[-300:]
        how = f"ran out of its {way.timeout} s" if found.exit_code is None else f"exit {found.exit_code}"
        raise EngineError(f"{task} was not solved ({how}): {told or 'it printed nothing'}")
    return lines[-1].strip()


def break_(engine: Engine, place: Place, scenario: Scenario, check: str) -> None:
    """Break what `check` looks at."""
    act(engine, place, _play(scenario).checks[check].break_)


def repair(engine: Engine, place: Place, scenario: Scenario, check: str) -> None:
    """Make whole again what `break_` broke."""
    act(engine, place, _play(scenario).checks[check].repair)


def act(engine: Engine, place: Place, action: Action) -> None:
    """Run an action of play.yml. Raises EngineError with what it said when it does not end with 0."""
    container, about = place.container(action.service), place.told.get(action.service, {})
    done = engine.exec(container, action.command, user=action.user, timeout_s=TIMEOUT_S, environment=about)
    if done.exit_code != 0:
        told = (done.stderr or done.stdout).decode(errors="replace").strip()[-300:]
        how = f"ran out of its {TIMEOUT_S:g} s" if done.exit_code is None else f"ended with {done.exit_code}"
        raise EngineError(f"`{' '.join(action.command)}` in {action.service} {how}: {told}")


def _run(
    engine: Engine, place: Place, scenario: Scenario, entry: Entry, command: Sequence[str], timeout_s: float
) -> ExecResult:
    container = place.container(entry.terminal or "")
    engine.put_files(container, _scripts(scenario))
    return engine.exec(container, command, user=entry.user, timeout_s=timeout_s)


def _scripts(scenario: Scenario) -> list[FileSpec]:
    folder = scenario.path / "play"
    found = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [FileSpec(f"/play/{path.relative_to(folder)}", path.read_bytes(), 0o755) for path in found]


def _play(scenario: Scenario) -> Play:
    if scenario.play is None:
        raise EngineError(f"{scenario.definition.id} has no play.yml")
    return scenario.play


def _entry(scenario: Scenario, wanted: str | None) -> Entry:
    for entry in scenario.definition.entries:
        if entry.terminal and wanted in (None, entry.id):
            return entry
    raise EngineError(f"there is no terminal entry {wanted or ''}".rstrip())
