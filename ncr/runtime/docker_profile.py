"""A container specification in the engine's own words: the whole security profile, in one place; pure."""

from typing import Any

from ncr.runtime.objects import Attachment, ContainerSpec
from ncr.scenario.topology import Healthcheck

MIB = 1024 * 1024
SECOND = 1_000_000_000
# What the kernel is told in every container's network namespace; a scenario cannot say otherwise.
SYSCTLS = {
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
}
ULIMITS = {"nofile": (1024, 1024), "core": (0, 0)}
LOG = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}


def create_body(spec: ContainerSpec, cgroup_parent: str) -> dict[str, Any]:
    """What is sent to the engine to make the container, on its first network."""
    body = {
        "Image": spec.image,
        "Cmd": _list(spec.command),
        "Entrypoint": _list(spec.entrypoint),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "Labels": dict(spec.labels),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "Hostname": spec.hostname or (spec.service or None),
        "Tty": spec.tty,
        "OpenStdin": spec.stdin_open,
        "StopSignal": spec.stop_signal,
        "StopTimeout": round(spec.stop_grace_s),
        "Healthcheck": _healthcheck(spec.healthcheck) if spec.healthcheck else None,
        "HostConfig": _host_config(spec, cgroup_parent),
        "NetworkingConfig": {"EndpointsConfig": {a.network: endpoint(a) for a in spec.attachments[:1]}},
    }
    return {key: value for key, value in body.items() if value is not None}


def endpoint(place: Attachment) -> dict[str, Any]:
    """A container's place on one network."""
    fixed = {"IPAMConfig": {"IPv4Address": place.ipv4}} if place.ipv4 else {}
    return {"Aliases": list(place.aliases), **fixed}


def volumes_for_files(spec: ContainerSpec) -> tuple[str, ...]:
    """Directories that need a volume of their own, since nothing can be put into a read-only root."""
    if not spec.read_only:
        return ()
    return tuple(sorted({file.path.rpartition("/")[0] for file in spec.files}))


def _host_config(spec: ContainerSpec, cgroup_parent: str) -> dict[str, Any]:
    limits = spec.limits
    ulimits = ULIMITS | dict(limits.ulimits)
    return {
        "NetworkMode": spec.attachments[0].network if spec.attachments else "none",
        "CapDrop": ["ALL"],
        "CapAdd": list(spec.cap_add),
        "SecurityOpt": ["no-new-privileges"] if spec.no_new_privileges else [],
        "Privileged": False,
        "IpcMode": "private",
        "CgroupParent": cgroup_parent,
        "Memory": limits.memory_mib * MIB,
        "MemorySwap": limits.memory_mib * MIB,
        "NanoCpus": round(limits.cpus * SECOND),
        "PidsLimit": limits.pids,
        "ShmSize": limits.shm_mib * MIB,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, (soft, hard) in ulimits.items()],
        "Sysctls": {**spec.sysctls, **SYSCTLS},
        **({"Runtime": spec.runtime} if spec.runtime else {}),
        "Init": spec.init,
        "ReadonlyRootfs": spec.read_only,
        "Tmpfs": dict(spec.tmpfs),
        "Mounts": [*_volumes(spec), *_file_volumes(spec)],
        "Dns": list(spec.dns),
        "DnsOptions": ["timeout:1", "attempts:1"],
        "ExtraHosts": [f"{name}:{address}" for name, address in spec.extra_hosts.items()],
        "LogConfig": LOG,
        "RestartPolicy": {"Name": "no"},
    }


def _volumes(spec: ContainerSpec) -> list[dict[str, Any]]:
    return [
        {"Type": "volume", "Source": mount.volume, "Target": mount.path, "ReadOnly": mount.read_only}
        for mount in spec.mounts
    ]


def _file_volumes(spec: ContainerSpec) -> list[dict[str, Any]]:
    labels = {"Labels": dict(spec.labels)}
    return [{"Type": "volume", "Target": path, "VolumeOptions": labels} for path in volumes_for_files(spec)]


def _healthcheck(check: Healthcheck) -> dict[str, Any]:
    return {
        "Test": list(check.test),
        "Interval": round(check.interval_s * SECOND),
        "Timeout": round(check.timeout_s * SECOND),
        "StartPeriod": round(check.start_period_s * SECOND),
        "Retries": check.retries,
    }


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)
