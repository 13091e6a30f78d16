"""Practice in real browsers: the whole flow on a real engine, and every other turn of it on the simulated one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from ncr import db
from ncr.cli.cast import Person
from ncr.clock import utcnow
from ncr.exercise.tables import Practice
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.scoring import conduct
from tests.browser.conftest import ISLANDS
from tests.browser.test_accessible import FOUND, HERE, REACHABLE
from tests.browser.whole import People, Whole, until, whole

ALONE = Path(__file__).parents[1] / "scenarios" / "alene"
PASSWORD = "riktig hest batteri"
BUILT_MS = 90_000
SOON_MS = 20_000
NAMES = ("kari", "ola", "liv", "per", "eva", "nils", "siv", "tor")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of one scenario."""
    made = tmp_path_factory.mktemp("scenarios")
    (made / "alene").symlink_to(ALONE)
    return made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Whole]:
    """A site with one place for practice, where nobody may sit still for more than a minute; nothing stands ready."""
    limits = {"practice_runs": 1, "practice_idle_s": 60, "pool_scenarios": 0}
    with whole(tmp_path_factory.mktemp("whole"), scenarios=(folder,), **limits) as made:
        enrol(made)
        yield made


@pytest.fixture
def real(
    tmp_path: Path, folder: Path, docker_client: docker.DockerClient, instance: str, browser: Browser
) -> Iterator[People]:
    """A site on the real engine, and people who visit it."""
    with whole(tmp_path, scenarios=(folder,), engine="docker", instance=instance, pool_scenarios=0) as made:
        people = People(browser, made)
        yield people
        people.leave()
        assert people.complaints == []


@contextmanager
def rows(site: Whole) -> Iterator[Session]:
    """The site's database, behind its back."""
    engine = db.connect(site.settings.url)
    with db.sessions(engine).begin() as session:
        yield session
    engine.dispose()


def enrol(site: Whole) -> None:
    with rows(site) as session:
        for name in NAMES:
            accounts.add_user(session, name, name.title(), Role.STUDENT, utcnow(), password=PASSWORD)


def sat_still(site: Whole, run: str, for_s: float, warned_s: float | None = None) -> None:
    """As if the student had done nothing for so long, and been warned so long ago."""
    now = utcnow()
    with rows(site) as session:
        row = session.get_one(Practice, run.rpartition("/")[2])
        row.active_at = now - timedelta(seconds=for_s)
        row.warned_at = None if warned_s is None else now - timedelta(seconds=warned_s)


def student(people: People, name: str, *args: str, **options: object) -> Page:
    page = people.somebody(Person(name, PASSWORD, ""), *args, **options)
    page.goto(f"{people.whole.address}/practice")
    return page


def start(page: Page) -> str:
    """Start the scenario from the catalogue; the run's address, at once."""
    page.click(".offer button.main")
    page.wait_for_url(re.compile("/exercises/"))
    return page.url


def started(page: Page, within_ms: int = SOON_MS) -> str:
    """The same, and wait until it runs."""
    address = start(page)
    expect(page.locator("practice-run")).to_be_visible(timeout=within_ms)
    return address


def finish(page: Page) -> None:
    page.click("summary:has-text('Avslutt')")
    expect(page.locator("details[open]", has_text="Avslutt økten")).to_contain_text(
        "alt du har gjort inne i det går tapt"
    )
    page.click("button:has-text('Avslutt økten')")
    expect(page.locator("h1")).to_contain_text("ferdig")


def opened(page: Page, task: str) -> Locator:
    found = page.locator(f"#task-{task}")
    if found.get_attribute("open") is None:
        found.locator("> summary").click()
    return found


def seconds(page: Page) -> int:
    hours, minutes, rest = map(int, page.locator("[data-left]").inner_text().split(":"))
    return hours * 3600 + minutes * 60 + rest


def test_a_student_practises_from_sign_in_to_result(real: People, docker_client: docker.DockerClient) -> None:
    site = real.whole
    page = real.somebody(site.cast.student)
    expect(page).to_have_url(f"{site.address}/practice")
    page.fill("#q", "filsystem t1083")
    page.keyboard.press("Enter")
    expect(page.locator(".offer")).to_have_count(1)
    start(page)
    expect(page.locator("h1")).to_have_text("Alene i laben")
    expect(page.locator("practice-run")).to_be_visible(timeout=BUILT_MS)
    page.click("[data-open=desk]")
    rows = page.locator("lab-terminal .xterm-rows")
    expect(rows).to_contain_text("$")
    page.locator("lab-terminal .screen").click()
    page.keyboard.type("cat /srv/lapp.txt")
    page.keyboard.press("Enter")
    expect(rows).to_contain_text(re.compile(r"NCR\{\w+\}"))
    flag = re.search(r"NCR\{\w+\}", rows.inner_text())
    assert flag is not None
    opened(page, "note")
    page.fill("#answer-note", flag[0])
    page.keyboard.press("Enter")
    expect(page.locator("#task-note .notice").first).to_contain_text("Riktig! Du har nå 100 poeng.")
    expect(page.locator("#task-note")).to_contain_text("Kommandoen cat viser innholdet i en fil.")
    expect(page.locator("[data-renew=progress]")).to_contain_text("1 av 2")
    expect(page.locator(".objectives .reached")).to_have_count(1)
    task = opened(page, "port")
    task.locator("summary", has_text="Gi opp").click()
    expect(task).to_contain_text("Da gir oppgaven ingen poeng")
    task.get_by_role("button", name="Gi opp oppgaven").click()
    expect(task).to_contain_text("SSH lytter på port 22.")
    expect(task.locator("code").last).to_have_text("22")
    before = seconds(page)
    page.click("summary:has-text('Forleng')")
    page.click("button:has-text('Forleng med 30 minutter')")
    until(lambda: seconds(page) > before + 1500, 10)
    # None of it took the shell away.
    page.locator("lab-terminal .screen").click()
    page.keyboard.type("echo her fortsatt")
    page.keyboard.press("Enter")
    expect(rows).to_contain_text(re.compile("echo her fortsatt.*her fortsatt"))
    other = page.context.new_page()
    other.goto(f"{site.address}/practice")
    expect(other.locator(".runs")).to_contain_text("Alt står slik du forlot det.")
    other.click(".offer a.main")
    expect(other.locator("[data-renew=progress]")).to_contain_text("1 av 2")
    finish(other)
    expect(page.locator("h1")).to_contain_text("ferdig", timeout=SOON_MS)
    expect(page.locator(".facts")).to_contain_text("1 av 2")
    expect(page.locator("#task-port")).to_contain_text("Gitt opp")
    page.click("text=Til katalogen")
    expect(page.locator(".offer")).to_contain_text("Du har løst 1 av 2 oppgaver.")
    mine = {"label": f"ncr.instance={site.settings.instance}"}
    until(
        lambda: (
            not docker_client.containers.list(all=True, filters=mine) and not docker_client.networks.list(filters=mine)
        ),
        60,
    )


def test_one_who_comes_too_many_waits_in_the_queue_and_may_leave_it(running: Whole, people: People) -> None:
    first, second = student(people, "kari"), student(people, "ola")
    run = started(first)
    waiting = start(second)
    expect(second.locator("practice-wait")).to_contain_text("Du er først i køen.", timeout=SOON_MS)
    expect(second.locator("practice-wait")).to_contain_text(re.compile("Klart om omtrent \\d+ minutter, kanskje før."))
    start_again = student(people, "ola")
    expect(start_again.locator(".runs")).to_contain_text("Du er først i køen.")
    first.click("summary:has-text('Forleng')")
    first.click("button:has-text('Forleng med')")
    expect(first.locator("main > .notice.bad")).to_contain_text("1 står i kø")
    start_again.click(".runs a.button")
    start_again.click("text=Gå ut av køen")
    expect(start_again.locator("h1")).to_contain_text("forlatt")
    expect(second.locator("h1")).to_contain_text("forlatt", timeout=SOON_MS)
    second.click("text=Øv på dette igjen")
    expect(second.locator("practice-wait")).to_be_visible()
    assert second.url != waiting
    second.get_by_role("link", name="Til katalogen").focus()
    first.goto(run)
    finish(first)
    # The page becomes the run's own where it stands, and the keyboard is not lost.
    expect(second.locator("practice-run")).to_be_visible(timeout=SOON_MS)
    expect(second.locator("h1")).to_be_focused()
    finish(second)
    # A refusal is an answer that browsers note.
    assert [text for text in people.complaints if "409" not in text] == []
    people.complaints.clear()


def test_whoever_sits_still_is_warned_and_may_stay(running: Whole, people: People) -> None:
    page = student(people, "liv")
    run = started(page)
    sat_still(running, run, 31)
    # Looking at the page is no sign of life: somebody may have left it open.
    page.reload()
    warning = page.locator("[data-idle]")
    expect(warning).to_be_visible()
    expect(page.locator("[data-said]")).to_contain_text("Du har ikke gjort noe på en stund.")
    page.get_by_role("button", name="Jeg er her").focus()
    page.keyboard.press("Enter")
    expect(warning).to_be_hidden()
    expect(page.locator("main")).to_be_focused()
    page.reload()
    expect(page.locator("practice-run")).to_be_visible()
    expect(warning).to_be_hidden()
    finish(page)


def test_whoever_sits_still_too_long_is_told_why_it_ended(running: Whole, people: People) -> None:
    page = student(people, "per", "en")
    sat_still(running, started(page), 120, warned_s=60)
    expect(page.locator("main")).to_contain_text("closed because nothing had happened", timeout=SOON_MS)
    expect(page.get_by_role("button", name="Practise this again")).to_be_visible()


def test_a_run_that_fails_says_so_and_can_be_tried_again(running: Whole, people: People) -> None:
    page = student(people, "eva")
    run = started(page).rpartition("/")[2]
    with rows(running) as session:
        conduct.fail(session, run, "desk: exited", utcnow())
    expect(page.locator("h1")).to_contain_text("ble ikke klart", timeout=SOON_MS)
    page.click("text=Prøv igjen")
    expect(page.locator("practice-run")).to_be_visible(timeout=SOON_MS)
    finish(page)


def test_a_double_click_and_two_tabs_start_one_run(running: Whole, people: People) -> None:
    page = student(people, "nils")
    other = page.context.new_page()
    other.goto(page.url)
    page.dblclick(".offer button.main")
    page.wait_for_url(re.compile("/exercises/"))
    assert start(other) == page.url
    expect(page.locator("practice-run")).to_be_visible(timeout=SOON_MS)
    page.goto(f"{running.address}/practice")
    expect(page.locator(".runs > li")).to_have_count(1)
    page.click(".offer a.main")
    finish(page)


def test_all_of_it_works_without_javascript(running: Whole, people: People) -> None:
    page = student(people, "siv", java_script_enabled=False)
    page.select_option("#difficulty", "hard")
    page.click("form.search button")
    expect(page.locator("main")).to_contain_text("Ingen scenarioer passer")
    page.click(".empty a")
    start(page)
    expect(page.locator("practice-run")).to_be_visible(timeout=SOON_MS)
    task = opened(page, "note")
    task.locator("summary", has_text="Hint 1").click()
    task.get_by_role("button", name="Vis hintet").click()
    expect(page.locator("#task-note")).to_contain_text("Bruk cat.")
    expect(page.locator("#task-note")).to_contain_text("Hint 2 for 20 poeng")
    opened(page, "port")
    page.fill("#answer-port", "22")
    page.click("#task-port form.answer button")
    expect(page.locator("#task-port .notice")).to_contain_text("Riktig!")
    page.click("summary:has-text('Tilbakestill')")
    expect(page.locator("details[open]", has_text="Det koster 10 poeng.")).to_contain_text("én gang til")
    page.click("button:has-text('Tilbakestill miljøet')")
    expect(page.locator("main")).to_contain_text("Miljøet ditt bygges på nytt.")
    page.click("summary:has-text('Tilbakestill')")
    expect(page.locator("main")).to_contain_text("tilbakestilt så mange ganger som det er lov")
    finish(page)


@pytest.fixture(scope="module")
def places(running: Whole, browser: Browser) -> dict[str, str]:
    """Every page of practice, by what is to be seen there: paths for the one who has a run, one waiting, one done."""
    people = People(browser, running)
    page, waiting = student(people, "tor"), student(people, "siv")
    path = started(page).removeprefix(running.address)
    queued = start(waiting).removeprefix(running.address)
    done = student(people, "nils")
    done.goto(f"{running.address}/practice/scenarios/alene")
    over = str(done.locator("tbody a").first.get_attribute("href"))
    people.leave()
    return {
        "catalogue": "tor /practice",
        "nothing found": "tor /practice?q=finnesikke",
        "scenario": "nils /practice/scenarios/alene",
        "waiting": f"siv {queued}",
        "run": f"tor {path}",
        "result": f"nils {over}",
        "now": "leder /practice/now",
    }


SHOWN = ("catalogue", "nothing found", "scenario", "waiting", "run", "result", "now")


def visit(people: People, running: Whole, place: str, language: str, theme: str) -> Page:
    who, _, path = place.partition(" ")
    person = running.cast.instructor if who == "leder" else Person(who, PASSWORD, "")
    page = people.somebody(person, language, theme)
    page.add_init_script(path=ISLANDS / "node_modules/axe-core/axe.min.js")
    page.goto(running.address + path)
    expect(page.locator("html")).to_have_attribute("lang", language)
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("name", SHOWN)
def test_axe_finds_nothing(
    running: Whole, people: People, places: dict[str, str], name: str, language: str, theme: str
) -> None:
    sat_still(running, places["run"], 0)
    page = visit(people, running, places[name], language, theme)
    for each in page.locator("details").all():
        each.evaluate("one => one.open = true")
    assert page.evaluate(FOUND) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", SHOWN)
def test_the_keyboard_reaches_everything(running: Whole, people: People, places: dict[str, str], name: str) -> None:
    sat_still(running, places["run"], 0)
    page = visit(people, running, places[name], "nb", "light")
    count = page.evaluate(REACHABLE)
    page.evaluate("document.activeElement?.blur()")
    reached = set()
    for _ in range(2 * count + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(HERE))
    missing = set(range(count)) - reached
    assert not missing, page.evaluate("(them) => them.map((one) => window.wanted[one].outerHTML)", list(missing))
