"""A hostile lab page in a real browser, beside NCR and a sibling lab: what it cannot read, frame, plant or cause."""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update
from starlette.types import ASGIApp, Receive, Scope, Send

from ncr import app as composition
from ncr.entries.doors import Entries
from ncr.entries.front import front
from ncr.live.socket import UVICORN
from ncr.people.tables import User
from tests.service import doors_site
from tests.service.doors_site import PASSWORD
from tests.service.live_site import free_port
from tests.service.web_site import ENTRIES, PORTS, Hall, engine_of, gate_address

PAGE = b"<!doctype html><title>Lab</title><h1>Velkommen til butikken</h1><script>window.ran = 1</script>"
WORKER = b"self.addEventListener('fetch', event => {}); self.addEventListener('activate', () => self.clients.claim());"


PLANTED = [
    "ncr-theme=dark; domain=localhost; path=/",
    "ncr=evil; domain=localhost; path=/",
    "ncr-language=en; domain=.localhost",
    "__Host-ncr=evil; path=/; secure",
    "__Host-ncr=evil; path=/; secure; domain=localhost",
    "wide=1; domain=localhost",
    "__Host-ncr-entry=evil; path=/; secure",
    "ncr-entry=evil; path=/",
    "ncr-entry=evil; domain=localhost",
]


class Shop:
    """A lab that answers everything with a page, and remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.cookies: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        # A browser asks for this one of its own accord, and when it likes.
        if scope["path"] != "/favicon.ico":
            self.seen.append((scope["method"], scope["path"]))
        self.cookies += [value.decode() for name, value in scope["headers"] if name == b"cookie"]
        is_worker = scope["path"] == "/worker.js"
        headers = [
            (b"content-type", b"text/javascript" if is_worker else b"text/html"),
            (b"set-cookie", b"ncr-theme=dark; Domain=localhost; Path=/"),
            (b"set-cookie", b"own=1; Domain=localhost; Path=/"),
            (b"access-control-allow-origin", b"*"),
            (b"service-worker-allowed", b"/"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": WORKER if is_worker else PAGE})


class Served:
    """Applications on ports of the loopback, in a thread with a loop of its own."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self._servers: list[uvicorn.Server] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def serve(self, app: ASGIApp, host: str, port: int, **options: Any) -> None:
        config = uvicorn.Config(app, host=host, port=port, log_level="error", lifespan="off", **options)
        server = uvicorn.Server(config)
        self._servers.append(server)
        self.run(self._started(server))

    async def _started(self, server: uvicorn.Server) -> None:
        self._serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        for server in self._servers:
            server.should_exit = server.force_exit = True
        self.run(asyncio.sleep(0.5))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@dataclass
class Town:
    """NCR at its own address, and the labs of two teams at theirs."""

    hall: Hall
    ncr: str
    labs: dict[str, Shop]

    def lab(self, team: str = "blaa") -> str:
        return f"http://{self.hall.host('shop', team)}"

    def enter(self, page: Page, login: str = "member", team: str = "blaa") -> None:
        """By a ticket, as the doors give one."""
        page.goto(f"{self.lab(team)}/.ncr/enter?ticket={self.hall.ticket(login, team)}")
        expect(page.locator("h1")).to_have_text("Velkommen til butikken")
        assert page.url == f"{self.lab(team)}/"

    def sign_in(self, page: Page, login: str) -> None:
        page.goto(f"{self.ncr}/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button.main")
        page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.fixture(scope="module")
def labs(front_end: None) -> Iterator[dict[str, Shop]]:
    """What stands behind each team's gate."""
    served, found = Served(), {"blaa": Shop(), "roed": Shop()}
    for team, shop in found.items():
        served.serve(shop, gate_address(team), PORTS["shop"], ws="none")
    yield found
    served.stop()


@pytest.fixture(scope="module")
def town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, labs: dict[str, Shop]) -> Iterator[Town]:
    """With no set-up: labs below localhost."""
    with built(sqlite_template, tmp_path_factory.mktemp("town"), "localhost", labs) as made:
        yield made


@pytest.fixture(scope="module", params=["localhost", "lab.localhost"])
def either(
    request: pytest.FixtureRequest,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    labs: dict[str, Shop],
) -> Iterator[Town]:
    """Also below a domain of their own, where browsers hold all labs for one site."""
    with built(sqlite_template, tmp_path_factory.mktemp("either"), request.param, labs) as made:
        yield made


@contextmanager
def built(template: Path, folder: Path, domain: str, labs: dict[str, Shop]) -> Iterator[Town]:
    port = free_port()
    shutil.copy(template, folder / "ncr.db")
    url, ncr = f"sqlite:///{folder / 'ncr.db'}", f"http://localhost:{port}"
    world = doors_site.populate(folder, url, ENTRIES)
    settings = doors_site.settings(folder, url, ncr).model_copy(
        update={"role": "web", "port": port, "entry_domain": domain}
    )
    served = Served()
    with ExitStack() as stack:
        stack.callback(served.stop)
        app = composition.create(settings)
        stack.callback(doors_site.close, app.state.site)
        with app.state.site.sessions.begin() as session:
            known = session.scalar(select(User.password_hash).where(User.login == "student"))
            session.execute(update(User).values(password_hash=known))
        engine = engine_of("door", "t", world.ids)
        entries = Entries(app.state.site, engine, "t")
        served.serve(entries.hosts(app), "127.0.0.1", port, http=front(settings), **UVICORN)
        served.run(started(entries))
        stack.callback(lambda: served.run(entries.stop()))
        yield Town(Hall(app.state.site, engine, world.ids, port), ncr, labs)


async def started(entries: Entries) -> None:
    entries.start()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="nb-NO")
    context.set_default_timeout(10_000)
    yield context
    context.close()


def outcome(page: Page, script: str) -> Any:
    """What a script of the page comes to, or why it fails."""
    return page.evaluate(f"async () => {{ try {{ return await ({script})() }} catch (error) {{ return 'refused' }} }}")


@pytest.mark.parametrize("script", [True, False])
def test_a_member_gets_from_the_teams_page_to_the_lab_with_no_set_up(
    browser: Browser, town: Town, script: bool
) -> None:
    context = browser.new_context(locale="nb-NO", java_script_enabled=script)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    town.sign_in(page, "member")
    page.goto(f"{town.ncr}/exercises/{town.hall.ids['running']}")
    with context.expect_page() as opened:
        page.click("form[action$='/entries/shop/open'] button")
    lab = opened.value
    expect(lab.locator("h1")).to_have_text("Velkommen til butikken", timeout=10_000)
    assert lab.url == f"{town.lab()}/"
    names = {(cookie["name"], cookie["domain"]) for cookie in context.cookies()}
    assert ("__Host-ncr-entry", town.hall.host().partition(":")[0]) in names
    assert complaints == []
    context.close()


def test_a_lab_page_reads_nothing_of_ncr(visitor: BrowserContext, town: Town) -> None:
    page = visitor.new_page()
    town.sign_in(page, "member")
    town.enter(page)
    assert "ncr" not in outcome(page, "() => document.cookie")
    api = json.dumps(f"{town.ncr}/api/v1/auth/me")
    assert outcome(page, f"() => fetch({api}, {{credentials: 'include'}}).then(got => got.text())") == "refused"
    blind = f"() => fetch({api}, {{credentials: 'include', mode: 'no-cors'}}).then(got => got.text())"
    assert outcome(page, blind) in ("", "refused")
    assert outcome(page, "() => window.opener") is None
    frame = (
        "() => new Promise(done => { const frame = document.createElement('iframe');"
        f" frame.src = {json.dumps(town.ncr)}; frame.onload = () => {{ try {{ done(frame.contentDocument.title) }}"
        " catch (error) { done('refused') } }; document.body.append(frame); })"
    )
    assert outcome(page, frame) in ("refused", None, "")
    assert all(not each.url.startswith(town.ncr) for each in page.frames[1:])
    popup = (
        f"() => {{ const other = window.open({json.dumps(town.ncr)}); return new Promise(done => setTimeout(() => {{"
        " try { done(other.closed ? 'cut off' : other.document.title) } catch (error) { done('refused') } }, 1500)) }"
    )
    assert outcome(page, popup) in ("cut off", "refused")
    assert all("__Host-ncr" not in cookie for cookie in town.labs["blaa"].cookies)


def test_a_lab_page_plants_nothing_for_ncr_or_a_sibling(visitor: BrowserContext, town: Town) -> None:
    page = visitor.new_page()
    town.enter(page)
    page.evaluate("planted => { for (const each of planted) document.cookie = each }", PLANTED)
    host = town.hall.host().partition(":")[0]
    strangers = [cookie for cookie in visitor.cookies() if cookie["domain"].lstrip(".") != host]
    assert strangers == []
    page.goto(f"{town.lab()}/again")
    expect(page.locator("h1")).to_have_text("Velkommen til butikken")
    page.goto(f"{town.ncr}/sign-in")
    assert page.get_attribute("html", "data-theme") is None
    assert page.get_attribute("html", "lang") == "nb"


def test_a_lab_page_cannot_use_a_visitors_session_at_a_sibling(visitor: BrowserContext, either: Town) -> None:
    page, town = visitor.new_page(), either
    town.enter(page, "admin", "roed")
    town.enter(page, "admin", "blaa")
    sibling, shop = town.lab("roed"), town.labs["roed"]
    before = list(shop.seen)
    aim = json.dumps(f"{sibling}/attack")
    for options in ("{mode: 'no-cors', credentials: 'include'}", "{credentials: 'include'}",
                    "{mode: 'no-cors', credentials: 'include', method: 'POST', body: 'x'}"):  # fmt: skip
        outcome(page, f"() => fetch({aim}, {options}).then(got => got.text())")
    element = (
        "(kind, key) => new Promise(done => { const made = document.createElement(kind); made.onload = made.onerror ="
        f" () => done(1); made[key] = {aim}; document.body.append(made); setTimeout(() => done(0), 2000); }})"
    )
    for kind, key in (("img", "src"), ("script", "src"), ("iframe", "src")):
        page.evaluate(f"() => ({element})({json.dumps(kind)}, {json.dumps(key)})")
    socket = (
        "() => new Promise(done => { "
        f"const made = new WebSocket({json.dumps(sibling.replace('http', 'ws'))} + '/attack');"
        " made.onopen = () => done('open'); made.onerror = () => done('refused'); })"
    )
    assert outcome(page, socket) == "refused"
    with visitor.expect_page() as opened:
        page.evaluate(
            f"() => {{ const form = document.createElement('form'); form.action = {aim}; form.method = 'post';"
            " form.target = '_blank'; document.body.append(form); form.submit(); }"
        )
    # Where they are one site the browser sends the cookie, and it is we who refuse.
    is_one_site = town.hall.domain != "localhost"
    refusal = "Dette kom fra en annen side" if is_one_site else "Åpne denne siden fra lagets side"
    expect(opened.value.locator("h1")).to_have_text(refusal)
    assert shop.seen == before
    page.goto(f"{sibling}/link")
    assert shop.seen == [*before, ("GET", "/link")]


def test_a_labs_service_worker_stays_on_its_own_host(visitor: BrowserContext, town: Town) -> None:
    page = visitor.new_page()
    town.enter(page)
    register = "() => navigator.serviceWorker.register('/worker.js', {scope: '/'}).then(got => got.scope)"
    assert outcome(page, register) == f"{town.lab()}/"
    elsewhere = json.dumps(f"{town.ncr}/")
    assert outcome(page, f"() => navigator.serviceWorker.register('/worker.js', {{scope: {elsewhere}}})") == "refused"
    theirs = json.dumps(f"{town.ncr}/worker.js")
    assert outcome(page, f"() => navigator.serviceWorker.register({theirs})") == "refused"
    page.goto(f"{town.ncr}/sign-in")
    assert outcome(page, "() => navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
    town.enter(page)
    assert outcome(page, "() => navigator.serviceWorker.ready.then(got => got.scope)") == f"{town.lab()}/"


def test_pages_of_ours_on_a_labs_host_say_what_to_do(visitor: BrowserContext, town: Town) -> None:
    page = visitor.new_page()
    page.goto(town.lab())
    expect(page.locator("h1")).to_have_text("Åpne denne siden fra lagets side")
    page.click("a")
    page.wait_for_url(f"{town.ncr}/**")
