"""The Compose keys by what becomes of them: honoured, dropped with a note, or refused with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Keys:
    """What may stand in one kind of mapping; `dropped` and `refused` say why and what would be right."""

    what: str
    honoured: frozenset[str]
    dropped: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


_SITE = "NCR decides this for every container; remove it"
_DEVICES = "gives a container the machine's devices; a scenario has none, remove it"
_HOST = "opens the machine to the container; remove it"
_RESTARTS = "is dropped: the director restarts services"
_NETWORKS_DIFFER = "is not honoured; attach the service to networks by `networks`"

FILE = Keys(
    "a Compose file",
    frozenset({"services", "networks", "volumes", "configs", "secrets"}),
    {"version": "", "name": "is dropped: environments are named by exercise and team"},
    {"include": "is not honoured; put the services in this file, or use `extends`"},
)

SERVICE = Keys(
    "a service",
    frozenset(
        str.split(
            "image build command entrypoint environment env_file working_dir user hostname networks"
            " depends_on healthcheck ports expose volumes configs secrets cap_add cap_drop mem_limit cpus"
            " pids_limit ulimits deploy shm_size sysctls read_only tmpfs init tty stdin_open stop_signal"
            " stop_grace_period labels extra_hosts dns links profiles extends security_opt privileged runtime"
            " network_mode pid ipc userns_mode uts cgroup scale"
        )
    ),
    {
        "container_name": "is dropped: containers are named by exercise, team and service",
        "restart": _RESTARTS,
    },
    {
        "devices": _DEVICES,
        "device_cgroup_rules": _DEVICES,
        "device_read_bps": _DEVICES,
        "device_write_bps": _DEVICES,
        "gpus": _DEVICES,
        "blkio_config": _SITE,
        "cgroup_parent": _SITE,
        "logging": "is not honoured: every service keeps 1 MiB x 2 of log; remove it",
        "log_driver": "is not honoured: every service keeps 1 MiB x 2 of log; remove it",
        "log_opt": "is not honoured: every service keeps 1 MiB x 2 of log; remove it",
        "volumes_from": "is not honoured; name the volume in both services",
        "external_links": "reaches outside the scenario; remove it",
        "group_add": "is not honoured; set the groups in the image",
        "mem_reservation": "is not honoured; write `mem_limit`",
        "memswap_limit": "is not honoured: swap is never allowed; write `mem_limit`",
        "mem_swappiness": "is not honoured: swap is never allowed; write `mem_limit`",
        "oom_kill_disable": _SITE,
        "oom_score_adj": _SITE,
        "cpu_shares": "is not honoured; write `cpus`",
        "cpu_quota": "is not honoured; write `cpus`",
        "cpu_period": "is not honoured; write `cpus`",
        "cpu_count": "is not honoured; write `cpus`",
        "cpu_percent": "is not honoured; write `cpus`",
        "cpuset": "is not honoured; write `cpus`",
        "platform": "is not honoured; use an image for this machine",
        "pull_policy": "is not honoured: images are pulled or built when they are missing; remove it",
        "dns_search": "is not honoured; use the services' own names",
        "dns_opt": _SITE,
        "domainname": "is not honoured; write `hostname`",
        "mac_address": _NETWORKS_DIFFER,
        "net": _NETWORKS_DIFFER,
        "isolation": _SITE,
        "storage_opt": _SITE,
        "credential_spec": _HOST,
        "use_api_socket": _HOST,
        "provider": "runs a program on the machine; remove it",
        "develop": "is for development; remove it",
        "attach": "is for development; remove it",
        "annotations": "is not honoured; write `labels`",
        "post_start": "is not honoured; start it from the image's own command",
        "pre_stop": "is not honoured; react to `stop_signal` in the image",
        "models": "is not honoured; remove it",
        "dockerfile": "belongs under `build`; write build: {context: …, dockerfile: …}",
    },
)

BUILD = Keys(
    "build",
    frozenset({"context", "dockerfile", "args", "target"}),
    {},
    {
        name: "is not honoured; only context, dockerfile, args and target are"
        for name in str.split(
            "cache_from cache_to no_cache pull network ssh secrets privileged platforms extra_hosts labels shm_size"
            " tags isolation ulimits entitlements additional_contexts dockerfile_inline provenance sbom"
        )
    },
)

HEALTHCHECK = Keys(
    "healthcheck",
    frozenset({"test", "interval", "timeout", "retries", "start_period", "disable"}),
    {"start_interval": "is dropped: `interval` counts from the start"},
)

DEPLOY = Keys(
    "deploy",
    frozenset({"resources", "replicas", "mode"}),
    {"restart_policy": _RESTARTS, "labels": "is dropped; write `labels` on the service"},
    {
        name: "is not honoured: environments are placed and changed by NCR; remove it"
        for name in str.split("placement update_config rollback_config endpoint_mode")
    },
)
RESOURCES = Keys("resources", frozenset({"limits"}), {"reservations": "is dropped: limits are what is reserved"})
LIMITS = Keys("limits", frozenset({"cpus", "memory", "pids"}), {}, {"devices": _DEVICES, "generic_resources": _DEVICES})

NETWORK = Keys(
    "a network",
    frozenset({"driver", "internal", "ipam", "external", "enable_ipv6"}),
    {
        "name": "is dropped: networks are named by exercise and team",
        "labels": "is dropped",
        "attachable": "is dropped: nothing else is attached",
        "enable_ipv4": "is dropped: IPv4 is always on",
    },
    {"driver_opts": "is refused: it can open the network to the machine; remove it"},
)
IPAM = Keys(
    "ipam", frozenset({"config", "driver"}), {}, {"options": "is not honoured; write only config: [{subnet: …}]"}
)
SUBNET = Keys("a subnet", frozenset({"subnet"}), {"gateway": "is dropped", "ip_range": "is dropped"})
MEMBERSHIP = Keys(
    "a service's network",
    frozenset({"aliases", "ipv4_address"}),
    {"priority": "is dropped", "gw_priority": "is dropped"},
    {
        "ipv6_address": "is not honoured: IPv6 is off; write ipv4_address",
        "link_local_ips": "is not honoured; write ipv4_address",
        "mac_address": "is not honoured; remove it",
        "driver_opts": "is refused: it can open the network to the machine; remove it",
        "interface_name": "is not honoured; remove it",
    },
)
VOLUME = Keys(
    "a volume",
    frozenset({"driver", "external"}),
    {"name": "is dropped: volumes are named by exercise and team", "labels": "is dropped"},
    {"driver_opts": "is refused: it can reach the machine's disks; remove it"},
)
SOURCE_FILE = Keys(
    "a config or secret",
    frozenset({"file", "external"}),
    {"name": "is dropped", "labels": "is dropped"},
    {
        name: "is not honoured; put it in a file and write `file`"
        for name in str.split("environment content template_driver")
    },
)
GRANT = Keys("a config or secret of a service", frozenset({"source", "target", "mode", "uid", "gid"}))
PORT = Keys("a port", frozenset({"target", "published", "protocol", "mode", "host_ip", "name", "app_protocol"}))
MOUNT = Keys(
    "a volume of a service",
    frozenset({"type", "source", "target", "read_only", "tmpfs", "bind", "volume", "consistency"}),
)
DEPENDENCY = Keys("depends_on", frozenset({"condition", "restart", "required"}))
EXTENDS = Keys("extends", frozenset({"service", "file"}))
ULIMIT = Keys("a ulimit", frozenset({"soft", "hard"}))
ENV_FILE = Keys("env_file", frozenset({"path", "required", "format"}))
