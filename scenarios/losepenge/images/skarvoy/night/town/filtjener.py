"""The file server's shares over HTTP, with an audit log in UTC; the same program serves in the night and afterwards."""

import base64
import json
import os
import sys
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(os.environ.get("FILTJENER_ROOT", "/"))
SHARES = ROOT / "srv"
OPEN = ("/felles/it/", "/vakt/", "/helse")


class Share(BaseHTTPRequestHandler):
    """One request to read, list or write below /srv."""

    server_version, sys_version = "Filtjener/2.0", ""
    timeout = 10

    def do_GET(self) -> None:
        path = self.place()
        if path is None:
            return
        if self.path == "/helse":
            self.answer(200, b"i drift\n")
        elif path.is_dir():
            names = sorted(entry.name + "/" * entry.is_dir() for entry in path.iterdir())
            self.audit("list", 200, 0)
            self.answer(200, "".join(f"{name}\n" for name in names).encode())
        elif path.is_file():
            body = path.read_bytes()
            self.audit("les", 200, len(body))
            self.answer(200, body)
        else:
            self.audit("les", 404, 0)
            self.answer(404, b"finnes ikke\n")

    def do_PUT(self) -> None:
        path = self.place(writing=True)
        if path is None:
            return
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 4_000_000))
        path.write_bytes(body)
        self.audit("skriv", 201, len(body))
        self.answer(201, b"lagret\n")

    def place(self, writing: bool = False) -> Path | None:
        """What the request is about, or None when it has been answered: not allowed, or outside the shares."""
        wanted = SHARES / os.path.normpath(unquote(self.path)).lstrip("/")
        is_open = not writing and self.path.startswith(OPEN)
        if not is_open and self.user() == "-":
            self.audit("avvist", 401, 0)
            self.answer(401, b"bruker og passord, takk\n", [("WWW-Authenticate", 'Basic realm="fil01"')])
        elif not wanted.parent.is_dir():
            self.answer(404, b"finnes ikke\n")
        else:
            return wanted
        return None

    def user(self) -> str:
        """Who asks, by HTTP basic authentication; `-` for nobody we know."""
        try:
            name, _, word = (
                base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode().partition(":")
            )
        except ValueError:
            return "-"
        users = json.loads((ROOT / "etc/skarvoy/brukere.json").read_text())
        return name if users.get(name) == sha256(f"skarvoy:{word}".encode()).hexdigest() else "-"

    def audit(self, what: str, status: int, size: int) -> None:
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        line = {"tid": stamp, "fra": self.client_address[0], "bruker": self.user(), "hva": what,
                "sti": "/srv" + unquote(self.path), "bytes": size, "svar": status}  # fmt: skip
        with (ROOT / "var/log/filtjener.jsonl").open("a") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")

    def answer(self, status: int, body: bytes, more: list[tuple[str, str]] = []) -> None:  # noqa: B006
        self.send_response(status)
        for name, value in [("Content-Length", str(len(body))), *more]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen: the audit log is the file."""


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], 8080), Share).serve_forever()
