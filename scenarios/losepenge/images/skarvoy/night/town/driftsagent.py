"""The operations agent on the file server: runs what the operations account asks for, as root, from the disk's root."""

import base64
import json
import os
import subprocess
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ROOT = Path(os.environ["LAB"]) / "fil01"


class Order(BaseHTTPRequestHandler):
    """One order: a file to put, or a command to run."""

    server_version, sys_version = "Driftsagent/1.4", ""

    def do_PUT(self) -> None:
        body = self.body()
        if not self.allowed("legg", self.path):
            return
        place = ROOT / self.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        self.answer(201, f"{len(body)} byte\n")

    def do_POST(self) -> None:
        command = self.body().decode()
        if not self.allowed("kjor", command):
            return
        # What a job says on the network it says as the file server.
        done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
        self.answer(200, done.stdout + done.stderr)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def allowed(self, what: str, about: str) -> bool:
        name, _, word = (
            base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode().partition(":")
        )
        agents = json.loads((ROOT / "etc/skarvoy/driftsagent.json").read_text())
        good = agents.get(name) == sha256(f"skarvoy:{word}".encode()).hexdigest()
        with (ROOT / "var/log/driftsagent.log").open("a") as log:
            told = f"{self.client_address[0]} {name} {what if good else 'avvist'} {about}"
            log.write(f"{time.strftime('%F %T')} {told}\n")
        if not good:
            self.answer(403, "avvist\n")
        return good

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen: the log is the file."""


if __name__ == "__main__":
    HTTPServer(("10.20.10.20", 9100), Order).serve_forever()
