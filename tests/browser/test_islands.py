"""The islands in a real browser, fed by the real live routes, under the strict content security policy."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from ncr import web
from ncr.clock import utcnow
from ncr.scoring import conduct
from ncr.scoring.facts import Draft, Kind
from ncr.site import Site
from tests.service.live_site import EXERCISE, TEAMS, close, free_port, make_site, plan, serving, solve, tell

HERE = Path(web.__file__).parent
SHOP = Path(__file__).parents[2] / "scenarios" / "nettbutikken"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
PAGE = """<!doctype html><html lang="{lang}" data-theme="{theme}"><head><meta charset="utf-8"><title>Tavle</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/styles/tokens.css"><link rel="stylesheet" href="/static/styles/page.css"></head>
<body><main><score-board exercise="{exercise}" lang="{lang}" heading="Nattskift" {projector}><p>Tavla</p></score-board>
<exercise-clock exercise="{exercise}" lang="{lang}"></exercise-clock>
<service-matrix exercise="{exercise}" lang="{lang}" team="ask"></service-matrix>
<exercise-timeline exercise="{exercise}" lang="{lang}"></exercise-timeline>
<message-list exercise="{exercise}" lang="{lang}"></message-list></main>
<script type="module" src="/static/build/islands.js"></script></body></html>"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path, port: int) -> Iterator[Site]:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    made = make_site(f"sqlite:///{tmp_path / 'ncr.db'}", tmp_path, port)
    plan(made, scenario=SHOP)
    yield made
    close(made)


@pytest.fixture
def server(site: Site, port: int) -> Iterator["Server"]:
    running = Server(site, port)
    running.start()
    yield running
    running.stop()


class Server:
    """The site in a thread of its own; it can be taken away and brought back on the same port."""

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.port = port
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        self._stop, up = Event(), Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(up)))
        self._thread.start()
        assert up.wait(15)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(20)

    async def _serve(self, up: Event) -> None:
        async with serving(self.site, self.port, _pages):
            up.set()
            await asyncio.to_thread(self._stop.wait)


def _pages(app: FastAPI) -> None:
    def page(lang: str = "nb", theme: str = "light", projector: str = "") -> HTMLResponse:
        html = PAGE.format(exercise=EXERCISE, lang=lang, theme=theme, projector=projector)
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    app.add_api_route("/", page)
    app.mount("/static", StaticFiles(directory=HERE / "static"))


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may not complain about anything but a lost connection."""
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        lost = "WebSocket connection" in message.text or "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not lost:
            complaints.append(message.text)

    opened.on("console", hear)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []


def names(page: Page) -> list[str]:
    return page.locator("score-board tbody .name").all_inner_texts()


def check(site: Site, **states: str) -> None:
    results = {team: {"butikk": state} for team, state in states.items()}
    tell(site, Draft(Kind.CHECKED, "check:1", None, {"every": 15, "tick": 1, "results": results}))


def first_task(site: Site) -> str:
    return next(iter(site.boards.of(EXERCISE).snapshot("public")["tasks"]))


def test_the_board_moves_without_a_reload_and_says_so(server: Server, page: Page) -> None:
    task = first_task(server.site)
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.locator("score-board tbody tr")).to_have_count(len(TEAMS))
    assert names(page)[0] == "Ask"
    solve(server.site, "gran", task=task)
    expect(page.locator("score-board tbody .name").first).to_have_text("Gran")
    expect(page.locator("score-board .moved.fell").first).to_contain_text("▼")
    expect(page.locator("score-board td.task.first")).to_have_count(1)
    expect(page.locator("score-board .ticker li")).to_contain_text(["Gran løste"])
    expect(page.locator("score-board [aria-live=polite]")).to_contain_text("Gran leder", timeout=15_000)


def test_service_states_are_told_by_shape_and_by_word(server: Server, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{server.port}/?lang=en")
    check(server.site, ask="down", gran="up")
    expect(page.locator("service-matrix .service.down")).to_contain_text("down")
    expect(page.locator("service-matrix .shape")).to_have_text("✕")


def test_a_freeze_is_shown_and_holds_the_board(server: Server, page: Page) -> None:
    task = first_task(server.site)
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.locator("score-board tbody tr")).to_have_count(len(TEAMS))
    with server.site.sessions.begin() as session:
        conduct.freeze(session, EXERCISE, utcnow())
    expect(page.locator("score-board .frozen")).to_contain_text("fryst")
    solve(server.site, "gran", task=task)
    page.wait_for_timeout(500)
    assert names(page)[0] == "Ask"
    with server.site.sessions.begin() as session:
        conduct.unfreeze(session, EXERCISE, utcnow())
    expect(page.locator("score-board tbody .name").first).to_have_text("Gran")
    expect(page.locator("score-board .frozen")).to_have_count(0)


def test_a_lost_connection_says_so_and_recovers_alone(server: Server, page: Page) -> None:
    task = first_task(server.site)
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.locator("score-board tbody tr")).to_have_count(len(TEAMS))
    server.stop()
    expect(page.locator("score-board .notice.bad")).to_contain_text("Mistet forbindelsen")
    solve(server.site, "gran", task=task)
    server.start()
    expect(page.locator("score-board tbody .name").first).to_have_text("Gran", timeout=30_000)
    expect(page.locator("score-board .notice.bad")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "height", "query"),
    [(1280, 800, ""), (390, 844, ""), (1920, 1080, "projector=projector"), (800, 600, "projector=projector")],
)
def test_nothing_is_cut_off_sideways(server: Server, page: Page, width: int, height: int, query: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"http://127.0.0.1:{server.port}/?{query}")
    expect(page.locator("score-board tbody tr")).to_have_count(len(TEAMS))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = "const box = document.querySelector('score-board').shadowRoot.querySelector('.scroll')"
    assert page.evaluate(f"() => {{ {wide}; return box.scrollWidth <= box.clientWidth + 1 }}")
    tallest = "Math.max(...[...document.querySelector('score-board').shadowRoot.querySelectorAll('tbody tr')]"
    assert page.evaluate(f"{tallest}.map((row) => row.getBoundingClientRect().height))") <= 90


def test_the_reducer_and_the_connection_pass_their_own_tests() -> None:
    for script in ("check", "test"):
        done = subprocess.run(
            ["npm", "run", "--silent", script], cwd=HERE / "islands", capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
