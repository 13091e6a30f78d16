"""For the browser tests: a built front end, one service with a running exercise, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ncr import web
from tests.browser.whole import People, Whole, whole

ISLANDS = Path(web.__file__).parent / "islands"
QUIET = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")


@pytest.fixture(scope="session")
def front_end() -> None:
    """The built front end. Where it is missing the tests fail: they are never skipped."""
    built = [ISLANDS.parent / "static/build" / name for name in ("islands.js", "terminals.js")]
    for path in (*built, ISLANDS / "node_modules/axe-core/axe.min.js"):
        if not path.is_file():
            pytest.fail(f"{path.name} is missing: make web builds the front end", pytrace=False)


@pytest.fixture(scope="module")
def browser(chromium_path: str, front_end: None) -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """An exercise of six teams that runs, of this module's tests alone."""
    with whole(tmp_path_factory.mktemp("whole")) as made:
        made.plan()
        made.wait_until_it_runs()
        yield made


@pytest.fixture
def people(browser: Browser, running: Whole) -> Iterator[People]:
    """People whose browsers may complain of nothing but a lost connection; a breach of the content policy is one."""
    made = People(browser, running)
    yield made
    made.leave()
    assert made.complaints == []
