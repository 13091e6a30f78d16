"""Terminals in real browsers on the simulated engine: opened, left by the keyboard, lost and found, held, watched."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ISLANDS
from tests.browser.test_accessible import FOUND
from tests.browser.whole import People, Whole, until, whole

BACK_MS = 20_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """An exercise of this module's own: it is paused, reset and taken away."""
    with whole(tmp_path_factory.mktemp("whole")) as made:
        made.plan()
        made.wait_until_it_runs()
        yield made


def terminal(page: Page, number: int = 0) -> Locator:
    return page.locator("lab-terminal").nth(number)


def rows(page: Page, number: int = 0) -> Locator:
    return terminal(page, number).locator(".xterm-rows")


def open_here(page: Page) -> None:
    """Open another terminal on the team's page, and wait for its prompt."""
    count = page.locator("lab-terminal").count()
    page.click("[data-open=desk]")
    expect(rows(page, count)).to_contain_text("$")


def at_terminal(people: People, running: Whole, player: int, language: str = "nb", theme: str = "light") -> Page:
    """A member on the team's page with a terminal open."""
    page = people.somebody(running.cast.members[player], language, theme)
    page.goto(running.page)
    open_here(page)
    return page


def run(page: Page, line: str, number: int = 0) -> None:
    terminal(page, number).locator(".screen").click()
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def said(page: Page, number: int = 0) -> Locator:
    return terminal(page, number).locator(".said")


def focused(page: Page) -> str:
    """What has the keyboard, through all shadows."""
    return str(
        page.evaluate("""() => {
            let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return at?.classList.contains("xterm-helper-textarea") ? "shell" : at?.textContent.trim() ?? "";
        }""")
    )


def test_a_member_types_in_the_page_and_the_page_comes_back_to_the_same_shell(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 0)
    run(page, "echo blåbærsyltetøy")
    expect(rows(page)).to_contain_text(re.compile("echo blåbærsyltetøy.*blåbærsyltetøy"))
    page.keyboard.type("echo halvf")
    page.reload()
    expect(rows(page)).to_contain_text("blåbærsyltetøy")
    expect(said(page)).to_have_text("")
    terminal(page).locator(".screen").click()
    page.keyboard.type("erdig")
    page.keyboard.press("Enter")
    expect(rows(page)).to_contain_text("halvferdig$")


def test_the_keyboard_goes_in_and_out_both_ways(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 1)
    assert focused(page) == "shell"
    described = terminal(page).locator("textarea").get_attribute("aria-describedby")
    expect(terminal(page).locator(f"#{described}")).to_contain_text("Ctrl + Shift + komma")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "shell"
    page.keyboard.press("Control+Shift+Comma")
    assert focused(page) == "Kopier"
    stops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        stops.append(focused(page))
    assert "Avslutt" in stops
    assert "shell" not in stops
    while focused(page) != "Kopier":
        page.keyboard.press("Shift+Tab")
        assert len(stops) < 30
        stops.append(focused(page))
        if stops[-1] == "shell":
            page.keyboard.press("Control+Shift+Comma")
    page.keyboard.press("Shift+Tab")
    # The last way in that stands before the terminal, whichever the scenario has.
    assert focused(page).startswith("Åpne i ")


def test_three_terminals_stand_in_tabs_and_a_fourth_is_refused_in_words(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 2)
    open_here(page)
    open_here(page)
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_text(["Kontormaskina 1", "Kontormaskina 2", "Kontormaskina 3"])
    run(page, "echo den tredje", 2)
    page.click("[data-open=desk]")
    expect(page.locator("open-terminals")).to_contain_text("Du har tre terminaler åpne.")
    tabs.nth(2).focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(0)).to_have_attribute("aria-selected", "true")
    expect(tabs.nth(0)).to_be_focused()
    expect(rows(page, 0)).not_to_contain_text("den tredje")
    page.get_by_role("button", name="Avslutt").click()
    expect(tabs).to_have_count(2)
    page.reload()
    expect(tabs).to_have_text(["Kontormaskina 2", "Kontormaskina 3"])
    tabs.nth(1).click()
    expect(rows(page, 1)).to_contain_text("den tredje")


def test_a_lost_network_is_said_and_found_again_with_the_same_shell(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 3, "en")
    run(page, "echo before")
    page.context.set_offline(True)
    expect(said(page)).to_contain_text("Lost the connection. The shell is kept alive for 30 seconds.")
    page.context.set_offline(False)
    expect(said(page)).to_contain_text("The connection is back.", timeout=BACK_MS)
    run(page, "echo after")
    expect(rows(page)).to_contain_text(re.compile("before.*after"))


def test_a_pause_holds_the_shell_and_not_the_page(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 4)
    page.evaluate("window.isSamePage = true")
    turn(running, "pause")
    expect(said(page)).to_contain_text("Øvelsen er satt på pause.")
    expect(page.locator(".entries")).to_contain_text("Øvelsen er på pause.")
    turn(running, "resume")
    expect(said(page)).to_have_text("", timeout=BACK_MS)
    run(page, "echo videre")
    expect(rows(page)).to_contain_text(re.compile("echo videre.*videre"))
    assert page.evaluate("window.isSamePage")


def test_a_reset_ends_the_shell_in_words_and_another_is_started(running: Whole, people: People) -> None:
    page = at_terminal(people, running, 5)
    mate = people.somebody(running.cast.members[5])
    mate.goto(running.page)
    mate.click("summary:has-text('Tilbakestill miljøet')")
    expect(mate.locator("details.confirm[open]")).to_contain_text("Én åpen terminal lukkes.")
    mate.click("button:has-text('Tilbakestill miljøet')")
    expect(mate.locator("main > .notice")).to_contain_text("bygges på nytt nå")
    expect(said(page)).to_contain_text("Miljøet er tilbakestilt, og terminalen ble lukket.")
    until(lambda: ("open", 2) in [(each["state"], each["generation"]) for each in running.get("/environments")], 20)
    expect(page.locator("[data-open=desk]")).to_be_visible(timeout=BACK_MS)
    terminal(page).get_by_role("button", name="Start ny terminal").click()
    expect(said(page)).to_have_text("")
    run(page, "echo ny")
    expect(rows(page)).to_contain_text(re.compile("echo ny.*ny"))


def test_staff_watch_unseen_and_join_after_the_team_is_told(running: Whole, people: People) -> None:
    team = at_terminal(people, running, 0)
    run(team, "echo hemmelig")
    control = people.somebody(running.cast.instructor)
    control.goto(running.page)
    line = inside(control, running, 0)
    expect(line.locator(".terminal").last).to_contain_text("Spiller Cyberforsvaret")
    with control.context.expect_page() as opened:
        line.get_by_role("link", name=re.compile("^Se på")).last.click()
    watcher = opened.value
    expect(rows(watcher)).to_contain_text("hemmelig")
    expect(said(watcher)).to_contain_text("Du ser på.")
    expect(said(team)).to_have_text("")
    line.locator("summary", has_text="Bli med").last.click()
    expect(line).to_contain_text("Laget får vite at du er med")
    with control.context.expect_page() as opened:
        line.get_by_role("link", name="Si fra og bli med").last.click()
    joined = opened.value
    expect(said(team)).to_contain_text("Øvingsleder er med i terminalen.")
    run(joined, "echo hjelp")
    expect(rows(team)).to_contain_text(re.compile("echo hjelp.*hjelp"))
    joined.close()
    expect(said(team)).to_have_text("")


def test_staff_step_into_a_teams_environment_and_it_is_on_record(running: Whole, people: People) -> None:
    control = people.somebody(running.cast.instructor, "en")
    control.goto(running.page)
    line = inside(control, running, 1)
    with control.context.expect_page() as opened:
        line.get_by_role("link", name=re.compile("^The office computer")).click()
    expect(rows(opened.value)).to_contain_text("$")
    expect(control.locator("#h-used ~ * tbody tr").first).to_contain_text("Øvingsleder", timeout=BACK_MS)


def test_a_phone_has_the_keys_that_its_keyboard_lacks(running: Whole, people: People) -> None:
    phone = people.somebody(
        running.cast.members[1], viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone.goto(f"{running.page}/entries/desk")
    expect(rows(phone)).to_contain_text("$")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keys = terminal(phone).locator(".keys button")
    expect(keys).to_have_count(10)
    for key in ("|", "~", "/"):
        keys.get_by_text(key, exact=True).tap()
    expect(rows(phone)).to_contain_text("$ |~/")
    expect(terminal(phone)).to_be_in_viewport(ratio=0.99)


def test_on_a_phone_no_page_is_wider_than_it(running: Whole, people: People) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    for who, shown in ((running.cast.instructor, "service-matrix"), (running.cast.members[1], "team-place")):
        page = people.somebody(who, **phone)
        page.goto(running.page)
        expect(page.locator(shown).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= 390")


def test_text_size_and_screen_reader_are_remembered(running: Whole, people: People) -> None:
    page = people.somebody(running.cast.members[2], "en")
    page.goto(f"{running.page}/entries/desk")
    reader = terminal(page).get_by_role("button", name="Screen reader")
    expect(reader).to_have_attribute("aria-pressed", "false")
    reader.click()
    expect(terminal(page).locator(".xterm-accessibility")).to_have_count(1)
    before = terminal(page).locator(".xterm-rows > div").count()
    for _ in range(4):
        terminal(page).get_by_role("button", name="Larger text").click()
    until(lambda: terminal(page).locator(".xterm-rows > div").count() < before, 5)
    page.reload()
    expect(terminal(page).locator(".xterm-accessibility")).to_have_count(1)
    assert terminal(page).locator(".xterm-rows > div").count() < before


def test_copy_and_paste_by_buttons_and_by_keys(running: Whole, people: People) -> None:
    page = people.somebody(running.cast.members[3])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{running.page}/entries/desk")
    expect(rows(page)).to_contain_text("$")
    page.evaluate("navigator.clipboard.writeText('echo fra utklippstavla')")
    terminal(page).get_by_role("button", name="Lim inn").click()
    expect(rows(page)).to_contain_text("$ echo fra utklippstavla")
    page.keyboard.press("Enter")
    expect(rows(page).locator("> div").nth(1)).to_contain_text("fra utklippstavla")
    box = rows(page).locator("> div").nth(1).bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + 8, box["y"] + 5)
    page.keyboard.press("Control+Shift+KeyC")
    until(lambda: page.evaluate("navigator.clipboard.readText()") == "fra", 5)
    terminal(page).get_by_role("button", name="Kopier").click()
    expect(said(page)).to_contain_text("Kopiert.")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["nb", "en"])
def test_axe_finds_nothing_where_terminals_are(running: Whole, people: People, language: str, theme: str) -> None:
    page = people.somebody(running.cast.members[4], language, theme)
    page.add_init_script(path=ISLANDS / "node_modules/axe-core/axe.min.js")
    page.goto(running.page)
    open_here(page)
    open_here(page)
    assert page.evaluate(FOUND) == []
    page.goto(f"{running.page}/entries/desk")
    expect(rows(page)).to_contain_text("$")
    terminal(page).get_by_role("button", name=re.compile("Skjermleser|Screen reader")).click()
    assert page.evaluate(FOUND) == []
    control = people.somebody(running.cast.instructor, language, theme)
    control.add_init_script(path=ISLANDS / "node_modules/axe-core/axe.min.js")
    control.goto(running.page)
    expect(control.locator(".terminal").first).to_be_visible()
    for part in control.locator("details").all():
        part.evaluate("one => one.open = true")
    assert control.evaluate(FOUND) == []


def inside(control: Page, running: Whole, player: int) -> Locator:
    """The team's row in the control room's list of who is inside."""
    return control.locator("#h-inside ~ * tr", has=control.get_by_role("rowheader", name=running.team_name(player)))


def turn(running: Whole, which: str) -> None:
    with running.service.client(running.cast.instructor.token) as http:
        reply = http.post(f"/api/v1/exercises/{running.exercise['id']}/{which}")
    assert reply.status_code == 200, reply.text
