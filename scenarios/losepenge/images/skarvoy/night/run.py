"""The night to 15 March 2026, played for real: servers listen, people work, an intruder breaks in; leaves the evidence.

Usage: run.py EVIDENCE   (a folder to make; needs mke2fs and debugfs)
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
LAB = Path(os.environ.setdefault("LAB", "/tmp/lab"))
os.environ.update(PYTHONPATH=str(HERE / "lab"), PYTHONDONTWRITEBYTECODE="1", TZ="CET-1CEST,M3.5.0,M10.5.0/3")
time.tzset()
sys.path.insert(0, str(HERE / "lab"))

import disk  # noqa: E402
import kommune  # noqa: E402
import packets  # noqa: E402
import storyclock  # noqa: E402
import wire  # noqa: E402
from conversation import capture  # noqa: E402
from image import make_image  # noqa: E402
from nokkel import the_key  # noqa: E402

ATTACKER, NOISE, FILE_SERVER, CARE, DUTY = "203.0.113.66", "198.51.100.77", "10.20.10.20", "10.20.30.21", "10.20.30.22"
SERVERS = (
    ("10.20.0.5", 8080, "town/fjernport.py"),
    (FILE_SERVER, 8080, f"town/filtjener.py {FILE_SERVER}"),
    (FILE_SERVER, 9100, "town/driftsagent.py"),
    ("10.20.0.53", 53, "town/navnetjener.py"),
    ("198.51.100.140", 8080, "town/mottak.py 198.51.100.140 8080"),
    ("192.0.2.80", 8080, "town/mottak.py 192.0.2.80 8080"),
    ("192.0.2.41", 8080, "town/mottak.py 192.0.2.41 8080"),
)
CARE_LIST = "/felles/omsorg/hjemmetjenesten.csv"
NURSE = f"town/hverdag.py les kari.myhre {kommune.STAFF['kari.myhre']}"
NIGHT = (
    ("14.03 22:04:10", CARE, f"town/hverdag.py les tone.lillebo {kommune.STAFF['tone.lillebo']} {CARE_LIST}"),
    ("14.03 22:31:00", "10.20.30.40", "town/hverdag.py oppdater"),
    ("14.03 22:40:05", "192.0.2.143", f"town/hverdag.py inn bjorn.eide {kommune.STAFF['bjorn.eide']}"),
    ("14.03 22:58:47", "192.0.2.201", f"town/hverdag.py inn siri.aune {kommune.STAFF['siri.aune']}"),
    ("14.03 23:30:00", "10.20.10.30", f"town/hverdag.py kopi {kommune.OPERATIONS_PASSWORD}"),
    ("15.03 00:12:30", DUTY, f"{NURSE} {CARE_LIST} /vakt/vaktliste.txt"),
    ("15.03 01:12:03", NOISE, "town/hverdag.py tast admin,test,even.sather,bjorn.eide,kari.myhre,root,vpn "
                              "Vinter2026,Skarvoy2026,Passord123,Velkommen1,Sommer2025,qwerty"),
    ("15.03 01:58:20", ATTACKER, "gang/angrep.py se"),
    ("15.03 02:04:41", ATTACKER, "gang/angrep.py stjel"),
    ("15.03 02:13:07", "inside", "gang/angrep.py let"),
    ("15.03 02:26:15", "inside", "gang/angrep.py bli"),
    ("15.03 02:31:00", "10.20.30.40", "town/hverdag.py oppdater"),
    ("15.03 02:42:38", "inside", "gang/angrep.py hent"),
    ("15.03 03:20:44", DUTY, f"{NURSE} {CARE_LIST}"),
    ("15.03 03:38:52", "inside", "gang/angrep.py steng"),
    ("15.03 05:52:16", DUTY, f"{NURSE} {CARE_LIST} {CARE_LIST}"),
)  # fmt: skip
ENDS = "15.03 06:29:30"


def play() -> None:
    """The whole night, one thing after the other; between them the file server's own jobs run on the minute."""
    minute = kommune.at("15.03 02:30:00")
    for when, host, program in NIGHT:
        minute = cron(minute, kommune.at(when))
        storyclock.set_to(kommune.at(when))
        run(inside() if host == "inside" else host, program)
    cron(minute, kommune.at(ENDS))
    disk.settle(storyclock.now())


def cron(minute: float, until: float) -> float:
    """Run what stands in the file server's cron.d every fifth minute, as far as `until`; the next minute to run."""
    while minute < until:
        job = LAB / "fil01/etc/cron.d/tidssynk"
        # A minute that went by while somebody else kept the clock busy is run when its turn comes.
        if job.exists():
            storyclock.set_to(minute + 0.4)
            program = job.read_text().split()[-1].lstrip("/")
            run(FILE_SERVER, str(LAB / "fil01" / program))
        minute += 300
    return minute


def run(host: str, program: str) -> None:
    """Run one program of the night to its end, on `host`."""
    subprocess.run(_command(program), env={**os.environ, "LAB_HOST": host}, check=True, timeout=120)


def inside() -> str:
    """The address the portal gave the intruder."""
    return json.loads(Path("/tmp/bytte.json").read_text())["inside"]


def start(host: str, port: int, program: str) -> subprocess.Popen:
    """Start a server, and come back when it listens."""
    own = {"LAB_HOST": host, "FILTJENER_ROOT": str(LAB / "fil01")}
    server = subprocess.Popen(_command(program), env={**os.environ, **own})
    for _ in range(200):
        time.sleep(0.05)
        if _listens(*wire._swapped((host, port), inward=True), datagrams=port == 53):
            return server
    raise TimeoutError(f"{program} does not listen")


def _listens(host: str, port: int, datagrams: bool) -> bool:
    kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _command(program: str) -> list[str]:
    path, *words = program.split()
    return [sys.executable, str(HERE / path), *words]


def lay_out(evidence: Path) -> None:
    """Put the evidence where the analysts find it, with sums."""
    evidence.mkdir(parents=True)
    packets.in_order(capture())
    shutil.copy(capture(), evidence / "opptak.pcap")
    shutil.copytree(LAB / "fjernport/var/log/fjernport", evidence / "fjernport")
    (evidence / "fil01").mkdir()
    shutil.copy(LAB / "fil01/var/log/filtjener.jsonl", evidence / "fil01")
    make_image(LAB / "fil01", disk.deleted(), disk.births(), evidence / "fil01/fil01.img")
    for paper in sorted((HERE / "papers").iterdir()):
        shutil.copy(paper, evidence)
    (evidence.parent / "nokkel").write_bytes(the_key(capture()))
    sums = [
        (sha256(path.read_bytes()).hexdigest(), path.relative_to(evidence)) for path in sorted(evidence.rglob("*.*"))
    ]
    (evidence / "SHA256SUMS").write_text("".join(f"{value}  {name}\n" for value, name in sums))


def main() -> None:
    if time.time() < disk.STORY_ENDS:
        raise SystemExit("this machine's clock is before March 2026; set it right and build again")
    shutil.rmtree(LAB, ignore_errors=True)
    LAB.mkdir()
    kommune.settle_in(LAB)
    storyclock.set_to(kommune.at("14.03 22:00:00"))
    packets.write_header(capture())
    servers = [start(*server) for server in SERVERS]
    try:
        play()
    finally:
        for server in servers:
            server.kill()
            server.wait()
    lay_out(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
