"""What a service may never have, refused by name, and the few capabilities, kernel settings and options it may."""

from collections.abc import Mapping
from types import MappingProxyType

from ncr.scenario.compose.fields import Fields

CAPABILITIES = frozenset(
    str.split(
        "CHOWN DAC_OVERRIDE FOWNER FSETID SETUID SETGID SETPCAP KILL NET_BIND_SERVICE NET_RAW SYS_CHROOT AUDIT_WRITE"
    )
)
ULIMITS = frozenset(str.split("core cpu data fsize memlock msgqueue nice nofile rss rtprio rttime sigpending stack"))
DECIDED = MappingProxyType(
    {
        "net.ipv4.ip_forward": "no service passes on what is not for it; attach services to each other's networks",
        "net.ipv6.conf.all.disable_ipv6": "IPv6 is off in environments",
        "net.ipv6.conf.default.disable_ipv6": "IPv6 is off in environments",
    }
)
_NAMESPACES = MappingProxyType(
    {
        "pid": "the machine's or another container's processes",
        "ipc": "the machine's or another container's memory",
        "userns_mode": "the machine's users",
        "uts": "the machine's name",
        "cgroup": "the machine's control groups",
    }
)


def refuse(fields: Fields) -> None:
    """Findings for privileged and for namespaces shared with the machine."""
    if fields.boolean("privileged"):
        fields.add("privileged", "`privileged` is refused: it is root on the machine; name capabilities in cap_add")
    for key, what in _NAMESPACES.items():
        if fields.get(key) is not None:
            fields.add(key, f"`{key}: {fields.text(key)}` is refused: it shares {what}; remove it")
    mode = fields.text("network_mode")
    if mode and mode != "none":
        fields.add("network_mode", f"`network_mode: {mode}` is refused; name networks in `networks`, or write none")


def capabilities(fields: Fields) -> tuple[str, ...]:
    """What cap_add gives back of all that is dropped, without what cap_drop takes again; sorted."""
    dropped = {_capability(fields.context.fixed(item)) for item in fields.items("cap_drop")}
    added = set()
    for item in fields.items("cap_add"):
        name = _capability(fields.context.fixed(item))
        if name in CAPABILITIES:
            added.add(name)
        else:
            allowed = ", ".join(sorted(CAPABILITIES))
            fields.context.findings.add(item.mark, f"the capability `{name}` is refused; allowed are {allowed}")
    return tuple(sorted(added - dropped))


def allows_new_privileges(fields: Fields) -> bool:
    """Whether security_opt asks for no-new-privileges:false, as sudo needs; any other option is a finding."""
    asked = False
    for item in fields.items("security_opt"):
        option = fields.context.fixed(item).replace("=", ":").replace(" ", "")
        if option == "no-new-privileges:false":
            asked = True
            fields.context.findings.note(item.mark, "lets programs gain privileges (sudo); the instructor sees it")
        elif option not in ("no-new-privileges", "no-new-privileges:true"):
            fields.context.findings.add(item.mark, f"`{option}` is refused; only no-new-privileges may be set")
    return asked


def sysctls(fields: Fields) -> Mapping[str, str]:
    """Kernel settings of the container's own network."""
    found = {}
    for name, node, value in fields.pairs("sysctls"):
        if not name.startswith("net.") or not name.replace(".", "").replace("_", "").replace("-", "").isalnum():
            fields.context.findings.add(node.mark, f"the setting `{name}` is refused; only net.* may be set")
        elif value is None:
            fields.context.findings.add(node.mark, f"`{name}` has no value; write {name}=VALUE")
        elif name in DECIDED:
            fields.context.findings.note(node.mark, f"`{name}` is dropped: {DECIDED[name]}")
        else:
            found[name] = fields.context.same(value, node)
    return found


def labels(fields: Fields) -> Mapping[str, str]:
    """The service's labels; those beginning with ncr. are NCR's own."""
    found = {}
    for name, node, value in fields.pairs("labels"):
        if name == "ncr" or name.startswith("ncr."):
            fields.context.findings.add(node.mark, f"the label `{name}` is refused: ncr.* are NCR's own; rename it")
        found[name] = fields.context.same(value or "", node)
    return found


def runtime(fields: Fields) -> str | None:
    """Another container runtime, if the site has it."""
    name = fields.text("runtime")
    known = fields.context.maxima.runtimes
    if name and known is not None and name not in known:
        allowed = ", ".join(known) or "none but the engine's own"
        fields.add("runtime", f"the runtime `{name}` is refused; this site allows {allowed}")
    return name


def _capability(written: str) -> str:
    return written.upper().removeprefix("CAP_")
