"""A whole exercise in real browsers: what one person does, the others see at once."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.whole import People, Whole

# People think a screen is live when it answers within a second or two.
AT_ONCE_MS = 2000
WORDS = {
    "nb": {"right": "Riktig!", "wrong": "Ikke riktig", "solved": "løste", "heading": "Siste nytt", "lost": "Mistet"},
    "en": {"right": "Correct!", "wrong": "Not correct", "solved": "solved", "heading": "Latest", "lost": "Lost"},
}


def answer(page: Page, task: str, text: str) -> Locator:
    """Type and submit an answer on the team's page; the region where the verdict appears."""
    open_task(page, task)
    page.fill(f"#answer-{task}", text)
    page.click(f"#task-{task} form.answer button")
    return page.locator(f"#task-{task}")


def open_task(page: Page, task: str) -> None:
    if page.locator(f"#task-{task}").get_attribute("open") is None:
        page.click(f"#task-{task} > summary")


def board_row(page: Page, team: str) -> Locator:
    return page.locator("score-board tbody tr", has_text=team)


def points(row: Locator) -> int:
    return int(re.sub(r"\D", "", row.locator(".points").inner_text()) or 0)


@pytest.mark.parametrize(("language", "player"), [("nb", 0), ("en", 1)])
def test_an_answer_in_one_browser_moves_the_board_in_another(
    running: Whole, people: People, language: str, player: int
) -> None:
    words, team = WORDS[language], running.team_name(player)
    board = people.stranger(language)
    board.goto(f"{running.page}/board")
    member = people.somebody(running.cast.members[player], language)
    member.goto(running.page)
    row = board_row(board, team)
    expect(row.locator("td.task.first, td.task.right")).to_have_count(0)
    before = points(row)
    verdict = answer(member, "open-door", "2222")
    expect(row.locator("td.task.first, td.task.right")).to_have_count(1, timeout=AT_ONCE_MS)
    assert points(row) >= before + 50
    expect(board.locator("score-board .ticker li").first).to_contain_text(f"{team} {words['solved']}")
    expect(verdict.locator(".notice")).to_contain_text(words["right"])


def test_what_a_solve_opens_shows_on_every_page_of_the_team_without_a_reload(running: Whole, people: People) -> None:
    member, mate = (people.somebody(running.cast.members[2]) for _ in range(2))
    for page in (member, mate):
        page.goto(running.page)
        expect(page.locator("#task-handover")).to_have_class(re.compile("locked"))
    answer(member, "open-door", "2222")
    for page in (member, mate):
        expect(page.locator("#task-handover")).not_to_have_class(re.compile("locked"))
        expect(page.locator("#task-open-door")).to_have_class(re.compile("solved"))
    expect(answer(mate, "handover", running.own_flag(2, "handover")).locator(".notice")).to_contain_text("Riktig!")
    expect(member.locator("#task-handover")).to_have_class(re.compile("solved"))
    own = next(row for row in running.get("/scoreboard")["standings"] if row["name"] == running.team_name(2))
    expect(member.locator("team-place dd >> visible=true").first).to_contain_text(str(own["rank"]))


def test_a_wrong_answer_is_told_in_place_and_a_double_click_counts_once(running: Whole, people: People) -> None:
    member = people.somebody(running.cast.members[3], "en")
    member.goto(running.page)
    sent: list[str] = []
    member.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    open_task(member, "open-door")
    member.fill("#answer-open-door", "22")
    member.dblclick("#task-open-door form.answer button")
    expect(member.locator("#task-open-door [role=status]")).to_contain_text("Not correct")
    assert member.input_value("#answer-open-door") == "22"
    assert [url.rpartition("/")[2] for url in sent] == ["submissions"]
    team = next(row["id"] for row in running.exercise["participants"] if row["name"] == running.team_name(3))
    assert sum(row["kind"] == "submitted" and row["team"] == team for row in running.get("/facts")["facts"]) == 1


def test_an_answer_survives_a_network_that_fails(running: Whole, people: People) -> None:
    member = people.somebody(running.cast.members[4])
    member.goto(running.page)
    open_task(member, "open-door")
    member.context.set_offline(True)
    member.fill("#answer-open-door", "2222")
    member.click("#task-open-door form.answer button")
    expect(member.locator("#task-open-door [role=status]")).to_contain_text("Svaret står fortsatt her")
    assert member.input_value("#answer-open-door") == "2222"
    member.context.set_offline(False)
    member.click("#task-open-door form.answer button")
    expect(member.locator("#task-open-door .notice")).to_contain_text("Riktig!")


def test_everything_works_without_javascript(running: Whole, people: People) -> None:
    member = people.somebody(running.cast.members[5], java_script_enabled=False)
    member.goto(running.page)
    expect(answer(member, "open-door", "22").locator(".notice")).to_contain_text("Ikke riktig")
    expect(answer(member, "open-door", "2222").locator(".notice")).to_contain_text("Riktig!")
    member.goto(f"{running.page}/board")
    expect(member.locator("score-board tbody tr")).to_have_count(6)
    expect(member.locator("score-board tbody tr", has_text=running.team_name(5))).to_be_visible()


def test_a_board_comes_back_by_itself_from_a_killed_service_and_shows_every_fact_once(
    running: Whole, people: People
) -> None:
    board = people.stranger("en")
    board.goto(f"{running.page}/board")
    expect(board.locator("score-board .ticker li").first).to_be_visible()
    assert running.submit(0, "handover", running.own_flag(0, "handover"))
    running.kill()
    expect(board.locator("score-board .notice.bad")).to_contain_text("Lost the connection")
    running.start()
    assert running.submit(1, "handover", running.own_flag(1, "handover"))
    assert running.submit(0, "forgotten-copy", "NCR{sikkerhetskopi-paa-avveie}")
    expect(board.locator("score-board .notice.bad")).to_have_count(0, timeout=40_000)
    assert running.submit(1, "zones", "bastion-both,db-two-hops")
    latest = board.locator("score-board .ticker li")
    expect(latest.first).to_contain_text(f"{running.team_name(1)} solved Zones")
    seen = Counter(latest.all_inner_texts())
    assert set(seen.values()) == {1}
    for words in ("solved Mons forgot something", "solved The forgotten copy", "solved Zones"):
        assert any(words in text for text in seen), words
    for row in running.get("/scoreboard")["standings"]:
        cells = board_row(board, row["name"]).locator("td.task.first, td.task.right")
        expect(cells).to_have_count(row["solved"])
