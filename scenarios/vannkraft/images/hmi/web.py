"""The panel's requests: who may see and do what, and what it leads to."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore
from time import sleep
from urllib.parse import parse_qs, urlsplit

import modbus
import pages
from door import Door
from keeping import FACTORY_PASSWORD, LEAST_PASSWORD, Keeping
from pages import Viewer
from plant import AUTOMATIC, FIELDS, MUTED, RESET, TRIP, Plant
from words import LANGUAGES, chosen, said

PORT = 8080
LARGEST_FORM = 4000
AT_ONCE = BoundedSemaphore(32)
WRONG_S = 0.5
SELF = "127.0.0.1"  # the check of the password: nothing to keep
STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
COILS = {"automatic": AUTOMATIC, "trip": TRIP, "reset": RESET, "mute": MUTED}
OPEN = ("/", "/inn", "/helse", "/api/tilstand", "/hendelser")
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything a request may need."""

    plant: Plant
    keeping: Keeping
    door: Door
    mark: str
    project: bytes


class Server(ThreadingHTTPServer):
    """The panel's web server."""

    daemon_threads = True

    def __init__(self, panel: Panel, place: tuple[str, int] = ("", PORT)) -> None:
        self.panel = panel
        super().__init__(place, Request)


class Request(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 10.0
    server_version, sys_version = "Storjuvet", ""

    def handle(self) -> None:
        """Serve it, unless there are too many."""
        if AT_ONCE.acquire(blocking=False):
            try:
                super().handle()
            except (ConnectionError, TimeoutError):
                return
            finally:
                AT_ONCE.release()

    def do_GET(self) -> None:
        """A page, a file or the state."""
        path = urlsplit(self.path).path
        name = Path(path).name
        if path == f"/static/{name}" and (STATIC / name).is_file():
            self._send(200, (STATIC / name).read_bytes(), KINDS.get(Path(name).suffix, "application/octet-stream"))
        elif path in ("/sprak/nb", "/sprak/en"):
            self._go("/", f"sprak={path[-2:]}; Path=/; Max-Age=31536000; SameSite=Lax")
        elif path in OPEN or self._signed_in():
            self._show(path)
        else:
            self._go("/inn")

    def do_POST(self) -> None:
        """An order."""
        path = urlsplit(self.path).path
        form = self._form()
        if path == "/inn":
            self._sign_in(form)
        elif not self._signed_in():
            self._send(403, pages.sign_in(self._viewer("/inn")).encode(), HTML)
        elif path in _ORDERS:
            _ORDERS[path](self, form)
        else:
            self._missing()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: every open panel asks each second."""

    def _show(self, path: str) -> None:
        panel, viewer = self.server.panel, self._viewer(path)
        reading = panel.plant.reading()
        if path == "/helse":
            self._send(200, b"i drift\n", "text/plain; charset=utf-8")
        elif path == "/api/tilstand":
            told = {**panel.plant.told(), "status": pages.status(viewer.words, reading)}
            self._send(200, json.dumps(told).encode(), "application/json")
        elif path == "/storjuvet.prosjekt":
            self._note("event_backup")
            self._send(200, panel.project, "application/xml")
        else:
            self._page(path, viewer)

    def _page(self, path: str, viewer: Viewer) -> None:
        panel = self.server.panel
        reading = panel.plant.reading()
        if path == "/":
            told = panel.plant.told()["trend"]
            shown = pages.overview(viewer, reading, told if isinstance(told, list) else [])
        elif path == "/inn":
            shown = pages.sign_in(viewer)
        elif path == "/hendelser":
            shown = pages.events(viewer, panel.keeping.events())
        elif path == "/vedlikehold":
            shown = pages.service(viewer, reading, panel.keeping.door_open, panel.mark)
        else:
            self._missing()
            return
        self._send(200, shown.encode(), HTML)

    def _sign_in(self, form: dict[str, str]) -> None:
        keeping = self.server.panel.keeping
        if keeping.is_right(form.get("bruker", ""), form.get("passord", "")):
            self._note("event_in")
            self._go("/", f"okt={keeping.begin()}; Path=/; HttpOnly; SameSite=Strict")
            return
        sleep(WRONG_S)
        self._note("event_refused")
        viewer = self._viewer("/inn", "wrong")
        self._send(403, pages.sign_in(viewer).encode(), HTML)

    def _sign_out(self, form: dict[str, str]) -> None:
        self.server.panel.keeping.end(self._cookie("okt"))
        self._go("/")

    def _set(self, form: dict[str, str]) -> None:
        try:
            values = {name: float(form[name].replace(",", ".")) for name in FIELDS if name in form}
            rounded = {name: round(value, 3) for name, value in values.items()}
        except (ValueError, OverflowError):
            self._told("not_a_number")
            return
        told = ", ".join(f"{name}={value:g}" for name, value in rounded.items())
        self._note("event_set", told)
        self._order(lambda: self.server.panel.plant.set(rounded))

    def _switch(self, form: dict[str, str]) -> None:
        name = next((name for name in COILS if name in form), None)
        if name is None:
            self._missing()
            return
        on = form[name] == "1"
        self._note("event_switch", f"{name}={int(on)}")
        self._order(lambda: self.server.panel.plant.switch(COILS[name], on))

    def _order(self, order: Callable[[], None]) -> None:
        try:
            order()
        except (modbus.ModbusError, OSError, ValueError, OverflowError) as error:
            self._told("refused", str(error))
        else:
            self._told("saved")

    def _password(self, form: dict[str, str]) -> None:
        password = form.get("passord", "")
        if len(password) < LEAST_PASSWORD or password == FACTORY_PASSWORD:
            self._told("too_weak", path="/vedlikehold")
            return
        self.server.panel.keeping.set_password(password)
        self._note("event_password")
        self._send(200, pages.sign_in(self._viewer("/inn", "changed")).encode(), HTML)

    def _door(self, form: dict[str, str]) -> None:
        open_ = form.get("apen") == "1"
        self.server.panel.door.set(open_)
        self._note("event_door", "åpen" if open_ else "stengt")
        self._go("/vedlikehold")

    def _told(self, word: str, detail: str = "", path: str = "/") -> None:
        self._page(path, self._viewer(path, word, detail))

    def _missing(self) -> None:
        viewer = self._viewer("")
        self._send(404, pages.page(viewer, viewer.words["missing"], "").encode(), HTML)

    def _viewer(self, path: str, word: str = "", detail: str = "") -> Viewer:
        language = chosen(self._cookie("sprak"), self.headers.get("Accept-Language", ""))
        notice = said(language)[word].format(detail) if word else ""
        return Viewer(language if language in LANGUAGES else "nb", self._signed_in(), path, notice)

    def _signed_in(self) -> bool:
        return self.server.panel.keeping.knows(self._cookie("okt"))

    def _note(self, event: str, detail: str = "") -> None:
        address = str(self.client_address[0])
        if address != SELF:
            self.server.panel.keeping.note(address, event, detail)

    def _cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""

    def _form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), LARGEST_FORM)) if length.isdecimal() else b""
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}

    def _go(self, path: str, cookie: str = "") -> None:
        self._send(303, b"", HTML, {"Location": path} | ({"Set-Cookie": cookie} if cookie else {}))

    def _send(self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        fixed = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'",
        }
        for name, value in (fixed | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


_ORDERS = {
    "/ut": Request._sign_out,
    "/sett": Request._set,
    "/bryter": Request._switch,
    "/passord": Request._password,
    "/dor": Request._door,
}
