"""The sinkhole: answers for the gang's domain, writes down who calls, and says whether it has become quiet."""

import html
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

QUIET_S, NEVER_HEARD_S, KEPT = 15, 60, 30
PAGE = """<!doctype html><html lang="nb"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Slukhullet</title><style>body{{font:1.1rem/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}}
td{{padding:.1rem 1rem .1rem 0}}</style>
<h1>Slukhullet for sky-arkiv.example</h1><p><strong>{state}</strong></p>
<p>Domenet er tatt over etter avtale med registraren. Alle som spør etter det, havner her.
<span lang="en">The domain has been taken over. Whoever asks for it ends up here.</span></p>
<table><caption>Siste anrop / Latest calls (UTC)</caption>{rows}</table></html>"""


class Ear:
    """What has been heard; time is the seconds this process was awake, as a paused lab is not a quiet one."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.since_s, self.awake_s = 0, 0

    def count(self) -> None:
        """Count seconds for ever."""
        while True:
            time.sleep(1)
            self.since_s += 1
            self.awake_s += 1

    def hear(self, who: str, what: str) -> None:
        """Somebody called."""
        self.since_s = 0
        self.calls = [f"{time.strftime('%T', time.gmtime())} | {who} | {what}", *self.calls][:KEPT]

    @property
    def is_quiet(self) -> bool:
        """Whether nobody calls any more; before anybody has, that takes longer to believe."""
        return self.since_s >= (QUIET_S if self.calls else NEVER_HEARD_S)


EAR = Ear()


class Call(BaseHTTPRequestHandler):
    """One request: the page, its state, or somebody who believes this to be the gang."""

    server_version, sys_version, timeout = "slukhull", "", 10

    def do_GET(self) -> None:
        state = "taust" if EAR.is_quiet else f"noen ringer; sist for {EAR.since_s} s siden"
        if self.path == "/tilstand":
            self.answer(f"{state}\n", "text/plain")
        elif self.path == "/":
            rows = "".join(f"<tr><td>{html.escape(call)}</td></tr>" for call in EAR.calls)
            self.answer(PAGE.format(state=state, rows=rows), "text/html")
        else:
            EAR.hear(self.client_address[0], f"GET {self.path}"[:120])
            self.answer("vent\n", "text/plain")

    def answer(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen: the page is the log."""


if __name__ == "__main__":
    Thread(target=EAR.count, daemon=True).start()
    ThreadingHTTPServer(("", 8080), Call).serve_forever()
