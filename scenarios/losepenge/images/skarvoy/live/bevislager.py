"""The evidence store: hands out what was secured, and the one file that was encrypted on the crisis room's computer."""

import html
import os
import shutil
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import sot

EVIDENCE = Path("/bevis")
SEIZED = "beslag/kriserom.txt.sot"
TEXT = """Kriserommet, Skarvøy rådhus
Møteplass ved bortfall av data: brannstasjonen, inngang fra kaia.
Satellittelefonen ligger i skapet, kode hos ordføreren.
Kvittering for at denne fila er lest: {flag}
"""
PAGE = """<!doctype html><html lang="nb"><meta charset="utf-8"><title>Bevislageret</title>
<style>body{{font:1.1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{text-align:left;padding:.15rem 1.5rem .15rem 0}}code{{font-size:.8rem;word-break:break-all}}</style>
<h1>Bevislageret</h1>
<p>Sikret 15. mars 2026. Det samme ligger i <code>/bevis</code> på analysemaskina, alt unntatt beslaget.
<span lang="en">Secured on 15 March 2026.
The same is in <code>/bevis</code> on the analysis machine, all but what was seized.
</span></p>
<table><tr><th>Fil / File</th><th>Byte</th><th>SHA-256</th></tr>{rows}</table></html>"""


def seized() -> bytes:
    """The crisis room's file as the gang's program left it: this team's own."""
    clear = TEXT.format(flag=os.environ["KRISEROM_FLAGG"]).encode()
    nonce = sha256(clear).digest()[:16]
    return b"SOT1" + nonce + sot.xor(clear, sot.strom(Path("/gang/nokkel").read_bytes(), nonce, len(clear)))


FILES = {str(path.relative_to(EVIDENCE)): path for path in sorted(EVIDENCE.rglob("*")) if path.is_file()}
IN_MEMORY = {SEIZED: seized()}


def page() -> bytes:
    """The list of all there is."""
    rows = ""
    for name in (*FILES, *IN_MEMORY):
        body = IN_MEMORY[name] if name in IN_MEMORY else FILES[name].read_bytes()
        link = f'<a href="/{quote(name)}">{html.escape(name)}</a>'
        rows += f"<tr><td>{link}</td><td>{len(body)}</td><td><code>{sha256(body).hexdigest()}</code></td></tr>"
    return PAGE.format(rows=rows).encode()


LIST = page()


class Desk(BaseHTTPRequestHandler):
    """One request, reading only."""

    server_version, sys_version, timeout = "bevislager", "", 10

    def do_GET(self) -> None:
        name = unquote(self.path).lstrip("/")
        if name == "":
            self.begin(200, "text/html; charset=utf-8", len(LIST))
            self.wfile.write(LIST)
        elif name in IN_MEMORY:
            self.begin(200, "application/octet-stream", len(IN_MEMORY[name]))
            self.wfile.write(IN_MEMORY[name])
        elif name in FILES:
            plain = name.endswith((".txt", ".log", ".jsonl"))
            self.begin(
                200, "text/plain; charset=utf-8" if plain else "application/octet-stream", FILES[name].stat().st_size
            )
            with FILES[name].open("rb") as file:
                shutil.copyfileobj(file, self.wfile)
        else:
            self.begin(404, "text/plain", 0)

    def begin(self, status: int, kind: str, size: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on the screen."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Desk).serve_forever()
