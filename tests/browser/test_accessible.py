"""Every page for everybody: axe finds nothing in either language and theme, and the keyboard reaches everything."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ncr.clock import utcnow
from tests.browser.conftest import ISLANDS
from tests.browser.whole import People, Whole

PAGES = (
    "sign-in",
    "home",
    "plan",
    "scenarios",
    "scenario",
    "rehearsal",
    "control",
    "team",
    "board",
    "projector",
    "rooms",
    "room",
)
MANGE = Path(__file__).parents[1] / "scenarios" / "mange"
FOUND = """async () => (await axe.run()).violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""
# Reaches into shadow trees, as the keyboard does.
REACHABLE = """() => {
    const within = (one) => [one, ...(one.shadowRoot ? every(one.shadowRoot) : [])];
    const every = (root) => [...root.querySelectorAll("*")].flatMap(within);
    const kinds = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const works = (one) => !one.disabled && one.type !== "hidden" && one.checkVisibility({visibilityProperty: true});
    const wanted = every(document).filter((one) => one.matches(kinds) && works(one));
    const groups = new Set();
    window.wanted = wanted.filter((one) => one.type !== "radio" || (!groups.has(one.name) && groups.add(one.name)));
    return window.wanted.length;
}"""
HERE = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (at?.type === "radio") at = window.wanted.find((one) => one.name === at.name) ?? at;
    return window.wanted.indexOf(at);
}"""


def visit(people: People, running: Whole, roomy: str, name: str, language: str, theme: str) -> Page:
    """The page `name` as the person it is meant for, fully drawn."""
    cast = running.cast
    planning = dict.fromkeys(
        ("home", "plan", "scenarios", "scenario", "rehearsal", "control", "rooms"), cast.instructor
    )
    who = {**planning, "team": cast.members[0], "room": cast.members[0]}.get(name)
    page = people.somebody(who, language, theme) if who else people.stranger(language, theme)
    page.add_init_script(path=ISLANDS / "node_modules/axe-core/axe.min.js")
    paths = {"sign-in": "/sign-in", "home": "/", "plan": "/exercises/new"}
    paths |= {"scenarios": "/scenarios", "scenario": "/scenarios/nettbutikken"}
    paths |= {"rehearsal": "/scenarios/nettbutikken/rehearsal", "rooms": roomy, "room": roomy}
    own = {"control": "", "team": "", "board": "/board", "projector": "/board?projector=1"}
    page.goto(running.address + paths[name] if name in paths else running.page + own[name])
    drawn = {
        "control": "service-matrix .service",
        "team": "team-place dd >> visible=true",
        "board": "score-board tbody .name",
        "rooms": "select[name=seats]",
        "room": "#h-messages",
    }
    if wanted := drawn.get("board" if name == "projector" else name):
        expect(page.locator(wanted).first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    return page


@pytest.fixture(scope="module", autouse=True)
def _played(running: Whole) -> None:
    """Something of everything to look at: solves, a wrong answer, checked services."""
    for player in range(3):
        assert running.submit(player, "open-door", "2222")
    assert not running.submit(0, "handover", "NCR{galt}")


@pytest.fixture(scope="module")
def roomy(running: Whole, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an exercise of tomorrow whose scenario has rooms."""
    packed = Path(
        shutil.make_archive(str(tmp_path_factory.mktemp("packed") / "mange"), "zip", MANGE.parent, MANGE.name)
    )
    wanted = {
        "scenario": "mange", "title": "Rommene", "teams": [team.id for team in running.cast.teams[:2]],
        "starts_at": (utcnow() + timedelta(days=1)).isoformat(), "override": "a test of the pages",
    }  # fmt: skip
    with running.service.client(running.cast.instructor.token) as http:
        uploaded = http.post("/api/v1/scenarios", content=packed.read_bytes())
        assert uploaded.status_code == 201, uploaded.text
        planned = http.post("/api/v1/exercises", json=wanted)
    assert planned.status_code == 201, planned.text
    return f"/exercises/{planned.json()['id']}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(running: Whole, people: People, roomy: str, name: str, language: str, theme: str) -> None:
    page = visit(people, running, roomy, name, language, theme)
    for task in page.locator("details").all():
        task.evaluate("one => one.open = true")
    assert page.evaluate(FOUND) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything(running: Whole, people: People, roomy: str, name: str) -> None:
    page = visit(people, running, roomy, name, "nb", "light")
    count = page.evaluate(REACHABLE)
    page.evaluate("document.activeElement?.blur()")
    reached = set()
    # More than once each: a field for dates has a stop for every part.
    for _ in range(2 * count + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(HERE))
    missing = set(range(count)) - reached
    assert not missing, page.evaluate("(them) => them.map((one) => window.wanted[one].outerHTML)", list(missing))
