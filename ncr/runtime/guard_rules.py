"""The guard's rules on the host, and what is missing from a dump of what is there; pure."""

from collections.abc import Sequence

from ncr.runtime.subnets import PREFIX

INPUT, FORWARD = "NCR-INPUT", "NCR-FORWARD"
TEAM, CONTROL, INTERNET = (f"{PREFIX[kind]}+" for kind in ("team", "control", "internet"))
NOT_THE_INTERNET = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
)  # fmt: skip

# Spelled exactly as iptables-save prints them: comparing text is the verification.
_BRIDGED = "-m physdev  --physdev-is-bridged"
_ROUTED = "-m physdev ! --physdev-is-bridged"
_FOUR = (
    f"-A {INPUT} -i {TEAM} -j DROP",
    f"-A {INPUT} -i {INTERNET} -j DROP",
    f"-A {INPUT} -i {CONTROL} -m conntrack --ctstate ESTABLISHED -j ACCEPT",
    f"-A {INPUT} -i {CONTROL} -j DROP",
    f"-A {FORWARD} -i {TEAM} ! -o {TEAM} -j DROP",
    f"-A {FORWARD} ! -i {TEAM} -o {TEAM} -j DROP",
    f"-A {FORWARD} -i {TEAM} {_ROUTED} -j DROP",
    f"-A {FORWARD} -i {CONTROL} -j DROP",
    f"-A {FORWARD} -o {CONTROL} -j DROP",
    f"-A {FORWARD} -i {INTERNET} -o {INTERNET} {_BRIDGED} -j RETURN",
    *(f"-A {FORWARD} -d {net} -i {INTERNET} -j DROP" for net in NOT_THE_INTERNET),
    f"-A {FORWARD} -o {INTERNET} -m conntrack --ctstate NEW -j DROP",
)
_SIX = (
    *(f"-A {INPUT} -i {kind} -j DROP" for kind in (TEAM, INTERNET, CONTROL)),
    f"-A {FORWARD} -i {CONTROL} -j DROP",
    f"-A {FORWARD} -o {CONTROL} -j DROP",
    *(f"-A {FORWARD} -i {kind} {_ROUTED} -j DROP" for kind in (TEAM, INTERNET)),
    *(f"-A {FORWARD} -i {kind} ! -o {kind} -j DROP" for kind in (TEAM, INTERNET)),
    *(f"-A {FORWARD} ! -i {kind} -o {kind} -j DROP" for kind in (TEAM, INTERNET)),
)
RULES = {4: _FOUR, 6: _SIX}


def missing(dump: str, family: int) -> list[str]:
    """What differs from the guard in a dump of the filter table, in words; empty when the guard stands."""
    lines = dump.splitlines()
    found = []
    for chain in (INPUT, FORWARD):
        wanted = [rule for rule in RULES[family] if rule.startswith(f"-A {chain} ")]
        if _of(lines, chain) != [_plain(rule) for rule in wanted]:
            found.append(f"IPv{family} rules of {chain}")
    for hook, chain in _hooks(lines):
        if _of(lines, hook)[:1] != [f"-A {hook} -j {chain}"]:
            found.append(f"IPv{family} jump from {hook}")
    return found


def repair(dump: str, family: int) -> str:
    """What iptables-restore must be told to put the guard in place, in one transaction."""
    lines = dump.splitlines()
    jumps = []
    for hook, chain in _hooks(lines):
        jumps += [f"-D {hook} -j {chain}"] * _of(lines, hook).count(f"-A {hook} -j {chain}")
        jumps.append(f"-I {hook} 1 -j {chain}")
    chains = [f":{chain} - [0:0]" for chain in (INPUT, FORWARD)]
    return "\n".join(["*filter", *chains, *RULES[family], *jumps, "COMMIT", ""])


def _hooks(lines: Sequence[str]) -> list[tuple[str, str]]:
    # Docker has a chain for site rules that it keeps first in FORWARD; before all others is the only safe place.
    if any(line.startswith((":DOCKER-USER ", "-A DOCKER-USER ")) for line in lines):
        return [("INPUT", INPUT), ("FORWARD", "DOCKER-USER"), ("DOCKER-USER", FORWARD)]
    return [("INPUT", INPUT), ("FORWARD", FORWARD)]


def _of(lines: Sequence[str], chain: str) -> list[str]:
    return [_plain(line) for line in lines if line.startswith(f"-A {chain} ")]


def _plain(rule: str) -> str:
    return " ".join(rule.split())
