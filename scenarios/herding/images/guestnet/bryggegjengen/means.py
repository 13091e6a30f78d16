"""How anybody on the quay's network talks to the server: the web, SSH, rsync and bare lines; all bounded in time."""

import http.client
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

SERVER = "server"
PATIENCE_S = 4.0
SSH = [
    *("ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    *("-o", "PreferredAuthentications=password", "-o", "ConnectTimeout=4"),
]
DENIED = ("Permission denied", "Too many authentication failures", "Connection closed by")
# rsync ends with these when it was talked to and turned away; with others there was nobody to talk to.
TURNED_AWAY = (1, 5)


class Unsure(Exception):
    """The service does not answer as it should, so that nothing can be said about its door."""


class Page(NamedTuple):
    """What the web site answered."""

    status: int
    text: str
    cookie: str = ""


def ask(method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Page:
    """One request. Raises Unsure when there is no answer, or the site says that it is broken."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers} if form else headers
    connection = http.client.HTTPConnection(SERVER, 80, timeout=PATIENCE_S)
    try:
        connection.request(method, path, urlencode(form) if form else None, sent)
        answer = connection.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        page = Page(answer.status, answer.read(500_000).decode("utf-8", "replace"), cookie)
    except (OSError, http.client.HTTPException) as error:
        raise Unsure(f"the web site does not answer: {type(error).__name__}") from error
    finally:
        connection.close()
    if page.status == 503:
        raise Unsure("the web site has lost its store")
    return page


def ssh(user: str, passwords: tuple[str, ...], command: str) -> str | None:
    """What the command printed; None when no password lets anybody in. Raises Unsure when nobody answers."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "passwords").write_text("\n".join(passwords) + "\n")
        asking = {"SSH_ASKPASS": "/usr/local/bin/askpass", "SSH_ASKPASS_REQUIRE": "force", "PASSWORDS": folder}
        done = _run([*SSH, "-o", f"NumberOfPasswordPrompts={len(passwords)}", f"{user}@{SERVER}", command], asking)
    if done.returncode != 255:
        return done.stdout
    if any(words in done.stderr for words in DENIED):
        return None
    raise Unsure(f"SSH does not answer: {done.stderr.strip()[-100:]}")


def rsync(*arguments: str, password: str = "") -> bool:
    """Whether rsync was let in. Raises Unsure when nobody answers."""
    done = _run(["rsync", "--contimeout=4", "--timeout=4", *arguments], {"RSYNC_PASSWORD": password})
    if done.returncode not in (0, *TURNED_AWAY):
        raise Unsure(f"rsync does not answer: {done.stderr.strip()[-100:]}")
    return done.returncode == 0


def line(port: int, *words: str) -> str | None:
    """The first line a service answers with; None when it is not there for us."""
    try:
        with socket.create_connection((SERVER, port), 2) as connection:
            connection.settimeout(2)
            connection.sendall("".join(f"{word}\r\n" for word in words).encode())
            return connection.makefile(encoding="utf-8", errors="replace").readline().strip()
    except OSError:
        return None


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, **environment}
    try:
        return subprocess.run(
            command, env=own, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=8
        )
    except subprocess.TimeoutExpired as error:
        raise Unsure(f"{command[0]} got no answer in time") from error
