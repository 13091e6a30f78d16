"""Solve one task the way a team does, as root on the server; the last line printed is the answer.

Usage: evening.py TASK
"""

import crypt
import csv
import io
import re
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

PEOPLE = ("kasserer", "medlem", "root", "sync")


def first_look() -> str:
    listening = run(["ss", "-tlnpH"])
    process = run(["pgrep", "-f", "lib/bryggelys.py"]).split()
    return found(rf":(\d+) .*pid={process[0]},", listening)


def former_keeper() -> str:
    """Who has a shell in this machine and does not stand on the board's list."""
    rows = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    people = [row[0] for row in rows if int(row[2]) >= 1000 and row[5].startswith("/home/")]
    return next(name for name in people if name not in (*PEOPLE, "student"))


def got_in() -> str:
    """The stranger that knocked in vain, and then was let in."""
    log = Path("/var/log/ssh.log.1").read_text()
    failed = Counter(re.findall(r"Failed password .* from (\S+)", log))
    return next(host for host in re.findall(r"Accepted password .* from (\S+)", log) if failed[host])


def open_drawer() -> str:
    names = run(["find", "/var", "-xdev", "-type", "f", "-perm", "-o=r", "-size", "-2"])
    texts = (Path(name).read_text(errors="replace") for name in names.split())
    return next(text for text in texts if text.startswith("NCR{"))


def unknown_job() -> str:
    odd = next(job for job in re.findall(r"(?m)^/\S+", Path("/etc/jobber.tab").read_text()) if "/opt/" not in job)
    return Path(odd).with_name("merke.txt").read_text()


def weak_word() -> str:
    kept = found(r"(?m)^kasserer:([^:]+):", Path("/etc/shadow").read_text())
    guesses = (f"Brygge{year}" for year in range(1930, 2025))
    return next(word for word in guesses if crypt.crypt(word, kept) == kept)


def how_many() -> str:
    """Members with something about their health, counted in the backup, wherever it lies by now."""
    places = ("/srv/havn/offentlig", "/var/backups")
    backup = run(["find", *places, "-name", "medlemmer.tar"]).split()[0]
    with tarfile.open(backup) as archive:
        file = archive.extractfile("medlemmer.csv")
        rows = csv.DictReader(io.StringIO(file.read().decode() if file else ""), delimiter=";")
        return str(sum(bool(row["helseopplysning"]) for row in rows))


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def found(pattern: str, text: str) -> str:
    """The pattern's first group; an error that shows the text when it is not there."""
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"did not find {pattern} in:\n{text[:2000]}")
    return match[1]


TASKS = (first_look, former_keeper, got_in, open_drawer, unknown_job, weak_word, how_many)

if __name__ == "__main__":
    sys.stdout.write({task.__name__.replace("_", "-"): task for task in TASKS}[sys.argv[1]]().strip() + "\n")
