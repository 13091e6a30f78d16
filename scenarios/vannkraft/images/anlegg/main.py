"""The plant's process: passes time, serves the controller on the field network, and shows its meters to the checks."""

import json
import os
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import BoundedSemaphore, Thread

import bryter
from station import Station, level_judgement, power_judgement

FIELD_PORT, METER_PORT = 9000, 8090
TICK_S = 0.1
LONGEST_LINE = 1000
CONNECTIONS = BoundedSemaphore(8)
STATION = Station()


def answer(line: bytes) -> dict[str, object]:
    """Obey one line from the controller, {"vane": 0-1, "gate": 0-1, "trip": bool, "reset": bool}, or a part of it."""
    asked = json.loads(line)
    if not isinstance(asked, dict):
        raise ValueError("an object was expected")
    if "vane" in asked and "gate" in asked:
        STATION.order(float(asked["vane"]), float(asked["gate"]))
    if asked.get("trip") is True:
        STATION.trip()
    elif asked.get("reset") is True:
        STATION.trip(False)
    return dict(STATION.meters())


class Field(StreamRequestHandler):
    """A controller's connection: a line in, a line out."""

    timeout = 10.0

    def handle(self) -> None:
        """Serve until the controller goes, falls silent or talks nonsense."""
        if not CONNECTIONS.acquire(blocking=False):
            return
        try:
            while line := self.rfile.readline(LONGEST_LINE):
                self.wfile.write(json.dumps(answer(line)).encode() + b"\n")
        except (OSError, ValueError, TypeError):
            return
        finally:
            CONNECTIONS.release()


class Meter(BaseHTTPRequestHandler):
    """The meters nobody can turn: /effekt and /vannstand, 200 within the limits and 503 outside."""

    timeout = 5.0

    def do_GET(self) -> None:
        """One judgement, as JSON."""
        meters = STATION.meters()
        judged: dict[str, tuple[str, str]] = {
            "/effekt": ("power_mw", power_judgement(float(meters["power_mw"]))),
            "/vannstand": ("level_m", level_judgement(float(meters["level_m"]))),
        }
        name, state = judged.get(self.path, ("", "unknown"))
        body = json.dumps({"state": state, name: round(float(meters.get(name, 0)), 3)}).encode()
        self.send_response({"unknown": 404, "down": 503}.get(state, 200))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a check asks every quarter of a minute."""


class FieldServer(ThreadingTCPServer):
    """The controller's side."""

    allow_reuse_address = True
    daemon_threads = True


ORDERS: dict[str, Callable[[str], object]] = {
    "utlos": lambda _: STATION.trip(),
    "start": lambda _: STATION.trip(False),
    "vannstand": lambda metres: STATION.fill(float(metres)),
    "tilsig": lambda flow: STATION.weather(float(flow)),
    "vis": lambda _: json.dumps(STATION.meters()),
}


def main() -> None:
    """Serve for ever; the main thread is the plant's clock."""
    bryter.serve(os.environ["BRYTER"], ORDERS)
    for server in (FieldServer(("", FIELD_PORT), Field), ThreadingHTTPServer(("", METER_PORT), Meter)):
        Thread(target=server.serve_forever, daemon=True).start()
    before = time.monotonic()
    while True:
        time.sleep(TICK_S)
        now = time.monotonic()
        STATION.pass_time(now - before)
        before = now


if __name__ == "__main__":
    main()
