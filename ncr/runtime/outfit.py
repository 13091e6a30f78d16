"""What one service's containers are given: limits, environment, files, addresses and flags of the team; pure."""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ncr.errors import Invalid
from ncr.runtime.addresses import Addresses
from ncr.runtime.identity import Identity
from ncr.runtime.objects import Attachment, ContainerSpec, FileSpec, Limits, Mount
from ncr.scenario.interpolation import interpolate
from ncr.scenario.model import Deliver, PerTeamFlag
from ncr.scenario.topology import FileMount, Healthcheck, Scenario, Service

# Some engines ask the host's resolver for names outside even on sealed networks; this one answers nothing.
NO_RESOLVER = ("127.0.0.1",)


@dataclass(frozen=True, slots=True)
class SiteLimits:
    """What a service gets when its scenario says nothing, and the most it may ask for."""

    default_memory_mib: int = 256
    max_memory_mib: int = 4096
    default_cpus: float = 0.5
    max_cpus: float = 4.0
    default_pids: int = 128
    max_pids: int = 2048
    terminal_pids: int = 256


def outfit(
    scenario: Scenario,
    service: Service,
    who: Identity,
    values: Mapping[str, str],
    flags: Mapping[str, str],
    image: str,
    addresses: Addresses,
    site: SiteLimits,
) -> Iterator[ContainerSpec]:
    """The service's containers: one, or as many as it has replicas, all answering to the service's name."""
    fill = partial(interpolate, values=values)
    delivered = _delivered(scenario, service.name, flags)
    common = ContainerSpec(
        name="",
        service=service.name,
        image=image,
        labels=who.object_labels(service.name, "service", {key: fill(text) for key, text in service.labels.items()}),
        attachments=(),
        limits=_limits(scenario, service, site),
        command=_filled(service.command, values),
        entrypoint=_filled(service.entrypoint, values),
        environment=_environment(service, values, delivered),
        files=_files(scenario.path, service, delivered),
        mounts=tuple(Mount(who.name(mount.volume), mount.path, mount.read_only) for mount in service.volumes),
        tmpfs=service.tmpfs,
        user=fill(service.user) if service.user else None,
        working_dir=fill(service.working_dir) if service.working_dir else None,
        hostname=fill(service.hostname) if service.hostname else None,
        healthcheck=_healthcheck(service.healthcheck, values),
        cap_add=service.cap_add,
        sysctls=service.sysctls,
        extra_hosts={name: addresses.anywhere(fill(to)) for name, to in service.extra_hosts.items()},
        dns=service.dns if scenario.definition.environment.internet else NO_RESOLVER,
        read_only=service.read_only,
        runtime=service.runtime,
        init=service.init,
        tty=service.tty,
        stdin_open=service.stdin_open,
        stop_signal=service.stop_signal,
        stop_grace_s=service.stop_grace_s,
        no_new_privileges=service.no_new_privileges,
        depends_on={
            who.name(part): condition
            for other, condition in service.depends_on.items()
            for part in parts(scenario.topology.services[other])
        },
    )
    for part in parts(service):
        yield replace(common, name=who.name(part), attachments=tuple(_places(service, part, who, addresses)))


def parts(service: Service) -> list[str]:
    """What the service's containers are called: as the service, or numbered when it has replicas."""
    if service.replicas == 1:
        return [service.name]
    return [f"{service.name}-{number}" for number in range(1, service.replicas + 1)]


def _places(service: Service, part: str, who: Identity, addresses: Addresses) -> Iterator[Attachment]:
    for network, membership in service.networks.items():
        if membership.ipv4 and service.replicas > 1:
            raise Invalid(f"service {service.name}: {membership.ipv4} cannot be the address of several replicas")
        ipv4 = addresses.fixed(network, membership.ipv4) if membership.ipv4 else addresses.take(network)
        called = (f"{service.name}.{who.nickname}",) if who.nickname else ()
        names = dict.fromkeys((service.name, part, *membership.aliases, *called))
        yield Attachment(who.name(network), tuple(names), ipv4)


def _limits(scenario: Scenario, service: Service, site: SiteLimits) -> Limits:
    has_terminal = any(entry.terminal == service.name for entry in scenario.definition.entries)
    limits = Limits(
        memory_mib=service.memory_mib or site.default_memory_mib,
        cpus=service.cpus or site.default_cpus,
        pids=service.pids or (site.terminal_pids if has_terminal else site.default_pids),
        shm_mib=service.shm_mib,
        ulimits=service.ulimits,
    )
    for what, asked, most in (
        ("MiB of memory", limits.memory_mib, site.max_memory_mib),
        ("cores", limits.cpus, site.max_cpus),
        ("processes", limits.pids, site.max_pids),
    ):
        if asked > most:
            raise Invalid(f"service {service.name}: asks for {asked:g} {what}; this site gives at most {most:g}")
    return limits


def _environment(service: Service, values: Mapping[str, str], delivered: Mapping[Deliver, str]) -> dict[str, str]:
    own = {name: interpolate(text, values) for name, text in service.environment.items()}
    return own | {deliver.env: flag for deliver, flag in delivered.items() if deliver.env}


def _healthcheck(check: Healthcheck | None, values: Mapping[str, str]) -> Healthcheck | None:
    return replace(check, test=tuple(interpolate(word, values) for word in check.test)) if check else None


def _filled(words: tuple[str, ...] | None, values: Mapping[str, str]) -> tuple[str, ...] | None:
    return None if words is None else tuple(interpolate(word, values) for word in words)


def _delivered(scenario: Scenario, service: str, flags: Mapping[str, str]) -> dict[Deliver, str]:
    return {
        task.flag.deliver: flags[task.id]
        for task in scenario.definition.tasks
        if isinstance(task.flag, PerTeamFlag) and task.flag.deliver.service == service
    }


def _files(root: Path, service: Service, delivered: Mapping[Deliver, str]) -> tuple[FileSpec, ...]:
    own = [file for mount in service.files for file in _copied(root, mount)]
    flags = [
        FileSpec(deliver.file, f"{flag}\n".encode(), int(deliver.mode, 8))
        for deliver, flag in delivered.items()
        if deliver.file
    ]
    return (*own, *flags)


def _copied(root: Path, mount: FileMount) -> Iterator[FileSpec]:
    source = root / mount.source
    if source.is_file():
        yield FileSpec(mount.path, source.read_bytes(), mount.mode or _mode(source))
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file():
            yield FileSpec(f"{mount.path}/{path.relative_to(source)}", path.read_bytes(), mount.mode or _mode(path))


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
