"""Solve one task the way a team does, from the analysis machine; the last line printed is the answer.

Usage: evening.py TASK
"""

import base64
import csv
import hashlib
import importlib.util
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

EVIDENCE = Path("/bevis")
DISK, CAPTURE = EVIDENCE / "fil01/fil01.img", EVIDENCE / "opptak.pcap"
GANG = "198.51.100.140"


def how_many() -> str:
    return str(len(re.findall(r"^r/r .*\.sot$", files(), re.MULTILINE)))


def way_in() -> str:
    return tunnel()["fra"]


def inside_address() -> str:
    return tunnel()["inne"]


def careless_file() -> str:
    inside = inside_address()
    lines = [json.loads(line) for line in (EVIDENCE / "fil01/filtjener.jsonl").read_text().splitlines()]
    read = [line["sti"] for line in lines if line["fra"] == inside and line["hva"] == "les"]
    answers = tshark("http.response && ip.src == 10.20.10.20", "http.file_data")
    assert "svc-speil" in answers
    return next(path for path in read if path.endswith(".sh"))


def clockwork() -> str:
    jobs = re.findall(r"^r/r (\d+):\t(etc/cron\.d/.*)$", files(), re.MULTILINE)
    return next(f"/{path}" for inode, path in jobs if "*/5" in content(inode).decode())


def spare_key() -> str:
    inode = found(r"^r/r (\d+):\troot/\.ssh/authorized_keys$", files())
    return content(inode).decode().split()[-1]


def carried_out() -> str:
    return str(
        sum(
            int(size)
            for size in tshark(f"ip.dst == {GANG} && http.request.method == POST", "http.content_length").split()
        )
    )


def whose_lives() -> str:
    people = {(row["navn"], row["fodt"]) for row in csv.DictReader(io.StringIO(care_list()), delimiter=";")}
    return str(len(people))


def deleted() -> str:
    return str(encryptor().KAMPANJE)


def when() -> str:
    first = min(changed(inode) for inode in re.findall(r"^r/r (\d+):\tsrv/.*\.sot$", files(), re.MULTILINE))
    return first[11:16]


def the_key() -> str:
    return key().hex()


def crisis_room() -> str:
    with urlopen("http://bevislager:8080/beslag/kriserom.txt.sot", timeout=10) as answer:
        locked = answer.read()
    sot = encryptor()
    clear = sot.xor(locked[20:], sot.strom(key(), locked[4:20], len(locked) - 20)).decode()
    return found(r"NCR\{[^}]+\}", clear)


def deadline() -> str:
    known = found(r"(\d\d:\d\d)  Ser løsepengebrevet", (EVIDENCE / "vaktlogg.txt").read_text())
    aware = datetime.strptime(f"15.03.2026 {known}", "%d.%m.%Y %H:%M")
    return (aware + timedelta(hours=72)).strftime("%d.%m %H:%M")


def tunnel() -> dict[str, str]:
    """The tunnel that was opened without a sign-in from the same place: who, from where, and as what inside."""
    lines = (EVIDENCE / "fjernport/innlogging.log").read_text().splitlines()
    signed_in = {word for line in lines if "godtatt" in line for word in line.split() if word.startswith("fra=")}
    strange = [line for line in lines if " tunnel " in line and not signed_in & set(line.split())]
    return dict(word.split("=") for word in strange[0].split() if "=" in word)


def care_list() -> str:
    """The care services' list as it was carried out: the parts in order are a tar archive."""
    folder = Path(tempfile.mkdtemp())
    run(["tshark", "-r", str(CAPTURE), "-q", "--export-objects", f"http,{folder}"])
    parts = {found(r"del=(\d\d)", path.name): path.read_bytes() for path in sorted(folder.glob("opp*del=??"))}
    with tarfile.open(fileobj=io.BytesIO(b"".join(parts[part] for part in sorted(parts)))) as tar:
        member = tar.extractfile("hjemmetjenesten.csv")
        assert member is not None
        return member.read().decode()


def encryptor() -> ModuleType:
    """The deleted program, back from the disk."""
    inode = found(r"^r/r \* (\d+):\t.*sot\.py$", run(["fls", "-r", "-p", "-d", str(DISK)]))
    place = Path(tempfile.mkdtemp()) / "sot.py"
    place.write_bytes(content(inode))
    spec = importlib.util.spec_from_file_location("sot", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def key() -> bytes:
    """The key, from four questions to the name server and the program that asked them."""
    asked = tshark('dns.flags.response == 0 && dns.qry.name contains "n.sky-arkiv"', "dns.qry.name")
    parts = dict(re.findall(r"^(\d)-([a-z2-7]+)\.", asked, re.MULTILINE))
    masked = base64.b32decode("".join(parts[number] for number in sorted(parts)).upper() + "====")
    sot = encryptor()
    return bytes(sot.xor(masked, hashlib.sha256(sot.KAMPANJE.encode()).digest()))


def files() -> str:
    return run(["fls", "-r", "-p", str(DISK)])


def content(inode: str) -> bytes:
    return subprocess.run(["icat", str(DISK), inode], capture_output=True, check=True, timeout=20).stdout


def changed(inode: str) -> str:
    """When a file was last changed, in Norwegian winter time."""
    return found(r"File Modified:\t(\S+ \S+)", run(["env", "TZ=CET-1", "istat", str(DISK), inode]))


def tshark(which: str, *fields: str) -> str:
    wanted = [word for field in fields for word in ("-e", field)]
    return run(["tshark", "-r", str(CAPTURE), "-Y", which, "-T", "fields", *wanted])


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout


def found(pattern: str, text: str) -> str:
    """The pattern's first group, or all it matched; an error that shows the text when it is not there."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"did not find {pattern} in:\n{text[:2000]}")
    return match[match.lastindex or 0]


TASKS = (
    *(how_many, way_in, inside_address, careless_file, clockwork, spare_key, carried_out, whose_lives, deleted, when),
    *(the_key, crisis_room, deadline),
)

if __name__ == "__main__":
    print({task.__name__.replace("_", "-"): task for task in TASKS}[sys.argv[1]]())
