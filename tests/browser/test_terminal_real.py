"""A team at work on the real engine: a shell and a page of its lab in real browsers, and the board that moves by it."""

import re
from collections.abc import Iterator

import docker
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_board import AT_ONCE_MS, answer, board_row, points
from tests.browser.test_terminal import inside, open_here, rows, run, said, terminal
from tests.browser.whole import People, Whole, whole
from tests.conftest import own_instance

BUILT_S = 400.0
DONE_MS = 30_000
FLAG = re.compile(r"NCR\{[a-z0-9]{20,}\}")
PASTE = 1024 * 1024


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, docker_client: docker.DockerClient) -> Iterator[Whole]:
    """An exercise of one team, with containers."""
    folder = tmp_path_factory.mktemp("whole")
    with own_instance(docker_client) as instance, whole(folder, engine="docker", instance=instance) as made:
        made.plan(teams=1)
        made.wait_until_it_runs(BUILT_S)
        yield made


def at_desk(people: People, running: Whole) -> Page:
    page = people.somebody(running.cast.members[0])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(running.page)
    open_here(page)
    return page


def comes_to(page: Page, line: str, expected: str | re.Pattern[str]) -> None:
    """Run a line; what it says holds what is expected."""
    run(page, line)
    expect(rows(page)).to_contain_text(expected, timeout=DONE_MS)


def start_again(page: Page) -> None:
    """Press the button until there is a shell: what stopped is not up again at once."""
    button = terminal(page).get_by_role("button", name="Start ny terminal")
    for _ in range(10):
        button.click()
        expect(button.or_(terminal(page).locator(".said:empty"))).to_have_count(1, timeout=DONE_MS)
        if button.count() == 0:
            return
        page.wait_for_timeout(1000)
    raise AssertionError(said(page).inner_text())


def test_a_flag_found_in_the_terminal_moves_the_board_in_another_browser(running: Whole, people: People) -> None:
    board = people.stranger("en")
    board.goto(f"{running.page}/board")
    row = board_row(board, running.team_name(0))
    expect(row.locator(".points")).to_have_text("0")
    page = at_desk(people, running)
    comes_to(page, "nmap -sT -n -p2200-2300 --open bastion", "2222/tcp")
    answer(page, "open-door", "2222")
    expect(row.locator("td.task.first")).to_have_count(1, timeout=AT_ONCE_MS)
    comes_to(page, "clear; grep -o 'Garn-[a-z0-9-]*' ~/.bash_history", "Garn-noeste-27")
    comes_to(page, "clear; ssh -p 2222 vakt@bastion", "(yes/no")
    comes_to(page, "yes", "password:")
    comes_to(page, "Garn-noeste-27", "vakt@bastion:~$")
    comes_to(page, "cat flagg.txt", FLAG)
    found = FLAG.search(rows(page).inner_text())
    assert found
    before = points(row)
    expect(page.locator("#task-handover")).not_to_have_class(re.compile("locked"))
    answer(page, "handover", found[0])
    expect(row.locator("td.task.first")).to_have_count(2, timeout=AT_ONCE_MS)
    assert points(row) >= before + 100
    run(page, "exit")


def test_a_reload_finds_the_shell_as_it_was(running: Whole, people: People) -> None:
    page = at_desk(people, running)
    run(page, "husk=blåbær; cd /tmp")
    page.reload()
    comes_to(page, "echo $husk $PWD", "blåbær /tmp")


def test_the_shell_knows_its_size_its_language_and_when_it_is_closed(running: Whole, people: People) -> None:
    page = at_desk(people, running)
    comes_to(page, "clear; echo foer; stty size", re.compile(r"foer *\d+ \d+"))
    before = size_of(page)
    page.set_viewport_size({"width": 900, "height": 700})
    page.wait_for_timeout(1000)
    comes_to(page, "clear; echo etter; stty size", re.compile(r"etter *\d+ \d+"))
    assert size_of(page) < before
    comes_to(page, "clear; printf 'blå%.0s' 1 2 3 | wc -m", re.compile("9"))
    run(page, "exit 3")
    expect(said(page)).to_contain_text("Skallet er avsluttet med kode 3.")
    start_again(page)
    comes_to(page, "echo n$((1+1))", "n2")


def size_of(page: Page) -> tuple[int, int]:
    found = re.search(r"(?m)^(\d+) (\d+)\s*$", rows(page).inner_text())
    assert found, rows(page).inner_text()
    return int(found[2]), int(found[1])


def test_a_mebibyte_that_is_pasted_arrives_whole(running: Whole, people: People) -> None:
    page = at_desk(people, running)
    # Lines shorter than a terminal's own limit; letters that cross the borders of frames.
    line = "blåbærsyltetøy og lefse " * 20
    text = (line + "\n") * (PASTE // len((line + "\n").encode()) + 1)
    comes_to(page, "clear; stty -echo; echo k$((1+1)); cat > /tmp/limt; stty echo; echo ferdig", "k2")
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    terminal(page).get_by_role("button", name="Lim inn").click()
    page.wait_for_timeout(1000)
    page.keyboard.press("Control+D")
    expect(rows(page)).to_contain_text("ferdig", timeout=DONE_MS)
    comes_to(page, "clear; wc -c < /tmp/limt", str(len(text.encode())))


def test_a_web_page_of_the_lab_opens_in_a_tab_and_an_origin_of_its_own(running: Whole, people: People) -> None:
    page = people.somebody(running.cast.members[0])
    page.goto(running.page)
    lab = opens(page, page.locator(".entries li", has_text="Intranettet").get_by_role("button"))
    assert lab.evaluate("window.opener") is None
    assert "ncr" not in lab.evaluate("document.cookie")


def test_staff_see_the_lab_as_the_team_does(running: Whole, people: People) -> None:
    control = people.somebody(running.cast.instructor)
    control.goto(running.page)
    opens(control, inside(control, running, 0).get_by_role("button", name=re.compile("^Intranettet")))


def opens(page: Page, button: Locator) -> Page:
    """The tab that the button opens, which is the lab's intranet on its own origin."""
    with page.context.expect_page() as opened:
        button.click()
    lab = opened.value
    lab.wait_for_url(re.compile(r"^http://intranet--[0-9a-f]{12}--[0-9a-f]{12}\.localhost:"), timeout=DONE_MS)
    expect(lab.locator("body")).to_contain_text("Vott og Lue")
    return lab


def test_a_restart_takes_what_runs_and_leaves_the_files(running: Whole, people: People) -> None:
    page = at_desk(people, running)
    comes_to(page, "echo bevart > ~/notat; sleep 4321 & clear; echo klar", "klar")
    page.click("summary:has-text('Start en tjeneste på nytt')")
    page.select_option("#restart-service", "workstation")
    page.click("button:has-text('Start tjenesten på nytt')")
    expect(page.locator("main > .notice")).to_contain_text("startes på nytt nå")
    expect(said(page)).to_contain_text("Maskina som terminalen gikk i, har stanset.", timeout=DONE_MS)
    start_again(page)
    comes_to(page, "clear; cat ~/notat; pgrep -cxf 'sleep 4321'", re.compile("bevart *0"))
