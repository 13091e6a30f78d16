"""The keys of a containerlab node by what becomes of them here."""

from collections.abc import Mapping

_NAMED = "containers are named, started and removed by NCR"
_DEVICE = "configures a network system's own software; put it in the image"
_MANAGEMENT = "there is no management network here: instructors reach services through NCR"
_RIGHTS = "is not brought in: a container's rights are NCR's to give"
_INSIDE = "is not brought in; set it in compose.yml if the node needs it"

MAPPED: Mapping[str, str] = {
    "image": "image",
    "env": "environment",
    "cmd": "command",
    "entrypoint": "entrypoint",
    "cpu": "cpus",
    "memory": "mem_limit",
    "healthcheck": "healthcheck",
    "ports": "expose",
    "binds": "volumes",
}
# Why each of these is not in the result; none of them is needed for the topology to be what it is.
LEFT: Mapping[str, str] = {
    "type": "chooses a model of a network system; an image is one already",
    "kind": "every node is a container of its image here",
    "group": "what it gives has been written out in each node",
    "image-pull-policy": "images are pulled when they are missing",
    "restart-policy": "the director restarts services",
    "license": _DEVICE,
    "startup-config": _DEVICE,
    "enforce-startup-config": _DEVICE,
    "suppress-startup-config": _DEVICE,
    "config": _DEVICE,
    "components": _DEVICE,
    "extras": _DEVICE,
    "credentials": _DEVICE,
    "certificate": _DEVICE,
    "startup-delay": "write `depends_on` with a healthcheck in compose.yml",
    "stages": "write `depends_on` with a healthcheck in compose.yml",
    "exec": "is run after the start there; put it in the image's own start, or in the command",
    "auto-remove": _NAMED,
    "env-files": _INSIDE,
    "user": _INSIDE,
    "hostname": _INSIDE,
    "labels": _INSIDE,
    "shm-size": _INSIDE,
    "tmpfs": _INSIDE,
    "sysctls": _INSIDE,
    "dns": _INSIDE,
    "aliases": _INSIDE,
    "runtime": _RIGHTS,
    "cpu-set": _RIGHTS,
    "cap-add": _RIGHTS,
    "security-opts": _RIGHTS,
    "cgroupns-mode": _RIGHTS,
    "cgroup-parent": _RIGHTS,
    "privileged": _RIGHTS,
    "devices": _RIGHTS,
    "pid-mode": _RIGHTS,
    "network-mode": "the networks of a node are its links here",
    "mgmt-ipv4": _MANAGEMENT,
    "mgmt-ipv6": _MANAGEMENT,
    "link-apply-mode": "links are networks here, there before the containers start",
}
# What stays behind although the node may not work without it is warned about.
TRAPS = frozenset({"license", "startup-config", "exec", "stages", "cap-add", "env-files", "sysctls"})
TOP: Mapping[str, str] = {
    "prefix": _NAMED,
    "mgmt": _MANAGEMENT,
    "settings": "are containerlab's own",
}
