"""Fjernport, the municipality's remote access: signs employees in and gives them an address on the inside."""

import json
import os
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(os.environ["LAB"]) / "fjernport"
HELP = ROOT / "usr/share/fjernport/hjelp"
SESSIONS = ROOT / "var/lib/fjernport/okter.json"
LOGS = ROOT / "var/log/fjernport"


class Page(BaseHTTPRequestHandler):
    """One request; logged before it is answered."""

    server_version, sys_version = "Fjernport/3.1", ""
    user = "-"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path == "/":
            self.answer(200, "<h1>Skarvøy kommune</h1><form method=post action=/inn>bruker, passord</form>")
        elif asked.path == "/hjelp":
            # The hole of the night: the name of the page is trusted, so `../` leads out of the folder.
            page = HELP / parse_qs(asked.query).get("side", ["om"])[0]
            self.answer(200, page.read_text()) if page.is_file() else self.answer(404, "Ingen slik side")
        elif asked.path == "/tunnel":
            self.open_tunnel()
        else:
            self.answer(404, "Ingen slik side")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user, password = form["bruker"][0], form["passord"][0]
        users = json.loads((ROOT / "etc/fjernport/brukere.json").read_text())
        good = users.get(user) == sha256(f"skarvoy:{password}".encode()).hexdigest()
        self.note("innlogging.log", f"{'godtatt' if good else 'avvist'} bruker={user} fra={self.client_address[0]}")
        if not good:
            self.answer(403, "Feil bruker eller passord")
            return
        self.user, token = user, os.urandom(12).hex()
        sessions = json.loads(SESSIONS.read_text())
        sessions[token] = {"bruker": user, "fra": self.client_address[0], "siden": time.strftime("%F %T")}
        SESSIONS.write_text(json.dumps(sessions, indent=1))
        self.answer(200, "Velkommen", [("Set-Cookie", f"okt={token}; HttpOnly")])

    def open_tunnel(self) -> None:
        token = self.headers.get("Cookie", "").removeprefix("okt=")
        session = json.loads(SESSIONS.read_text()).get(token)
        if session is None:
            self.answer(403, "Logg inn først")
            return
        self.user = session["bruker"]
        inside = f"10.20.99.{11 + int(sha256(f'{token}{self.client_address[0]}'.encode()).hexdigest(), 16) % 80}"
        self.note("innlogging.log", f"tunnel bruker={self.user} fra={self.client_address[0]} inne={inside}")
        self.answer(200, json.dumps({"inne": inside}))

    def answer(self, status: int, text: str, more: list[tuple[str, str]] = []) -> None:  # noqa: B006
        body = text.encode()
        when = time.strftime("%d/%b/%Y:%T %z")
        agent = self.headers.get("User-Agent", "-")
        line = (
            f'{self.client_address[0]} - {self.user} [{when}] "{self.requestline}" {status} {len(body)} "-" "{agent}"'
        )
        self.write("tilgang.log", line)
        self.send_response(status)
        for name, value in [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))), *more]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, name: str, text: str) -> None:
        self.write(name, f"{time.strftime('%F %T')} {text}")

    def write(self, name: str, line: str) -> None:
        with (LOGS / name).open("a") as log:
            log.write(line + "\n")

    def log_message(self, *args: object) -> None:
        """Nothing on the screen: the logs are the files."""


if __name__ == "__main__":
    LOGS.mkdir(parents=True)
    HTTPServer(("10.20.0.5", 8080), Page).serve_forever()
