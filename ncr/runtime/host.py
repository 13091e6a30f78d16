"""The machine the engine runs on: this one, or one that only a container of ours can look at."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from ncr.errors import EngineError
from ncr.runtime.subnets import PREFIX

COMMAND_TIMEOUT_S = 20
# A command on the engine's machine: its words and what it reads; its exit code and what it wrote.
Remote = Callable[[Sequence[str], bytes], tuple[int, bytes]]


class Host:
    """Runs commands and reads kernel files on the engine's machine, directly where this process may, else `remote`."""

    def __init__(self, is_here: Callable[[], bool], remote: Remote) -> None:
        self._is_here = is_here
        self._remote = remote

    @cached_property
    def is_here(self) -> bool:
        """Whether this process shares the engine's machine and network."""
        return self._is_here()

    @cached_property
    def is_ours(self) -> bool:
        """Whether this process may also change that machine's rules and limits."""
        return self.is_here and os.geteuid() == 0 and shutil.which("iptables-save") is not None

    def command(self, words: Sequence[str], stdin: bytes = b"") -> bytes:
        """Run it as root there; what it wrote. Raises EngineError with what it said when it fails."""
        code, output = self._here(words, stdin) if self.is_ours else self._remote(words, stdin)
        if code != 0:
            raise EngineError(f"{words[0]} on the engine's machine: {output.decode(errors='replace').strip()[-300:]}")
        return output

    def read(self, path: str) -> str:
        """A kernel file there; empty when there is none."""
        if self.is_here:
            return Path(path).read_text() if Path(path).exists() else ""
        return self._remote(["cat", path], b"")[1].decode(errors="replace")

    def routes(self) -> Sequence[tuple[IPv4Network, str]]:
        """The networks that machine has a route to, with their interfaces, but the default; none known if remote."""
        return tuple(parse_routes(self.read("/proc/net/route"))) if self.is_here else ()

    def addresses(self) -> Sequence[str]:
        """Every address of that machine, save on our control bridges; link-local ones as `fe80::…%interface`."""
        bridges = [
            net for net, name in parse_routes(self.read("/proc/net/route")) if name.startswith(PREFIX["control"])
        ]
        four = [str(a) for a in parse_local(self.read("/proc/net/fib_trie")) if not any(a in net for net in bridges)]
        return (*four, *parse_six(self.read("/proc/net/if_inet6")))

    def _here(self, words: Sequence[str], stdin: bytes) -> tuple[int, bytes]:
        done = subprocess.run(
            words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_TIMEOUT_S, check=False
        )
        return done.returncode, done.stdout


def parse_routes(text: str) -> Iterator[tuple[IPv4Network, str]]:
    """The entries of /proc/net/route but the default route."""
    for line in text.splitlines()[1:]:
        interface, destination, *rest = line.split()
        mask = int(rest[5], 16)
        if mask:
            yield IPv4Network((_swapped(destination), str(IPv4Address(_swapped(rest[5]))))), interface


def parse_local(text: str) -> Iterator[IPv4Address]:
    """The machine's own addresses in /proc/net/fib_trie, loopback left out."""
    seen: set[IPv4Address] = set()
    last = ""
    for line in text.splitlines():
        if "|-- " in line:
            last = line.partition("|-- ")[2].strip()
        elif "/32 host LOCAL" in line:
            address = IPv4Address(last)
            if not address.is_loopback and address not in seen:
                seen.add(address)
                yield address


def parse_six(text: str) -> Iterator[str]:
    """The addresses in /proc/net/if_inet6, loopback left out."""
    for line in text.splitlines():
        digits, *_, interface = line.split()
        address = ":".join(digits[at : at + 4] for at in range(0, 32, 4))
        if interface != "lo":
            yield f"{address}%{interface}" if digits.startswith("fe80") else address


def _swapped(digits: str) -> int:
    return int.from_bytes(bytes.fromhex(digits), "little")
