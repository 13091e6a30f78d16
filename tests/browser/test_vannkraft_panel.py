"""The power station's operator panel as people see it: controls reach the controller, and axe objects to nothing."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ncr import web
from tests.pure.scenarios.own_modules import load

FOLDERS = ("images/hmi", "images/plc", "images/anlegg", "felles")
NAMES = ("modbus", "device", "server", "access", "station", "keeping", "door", "plant", "web", "main")
AXE = Path(web.__file__).parent / "islands/node_modules/axe-core/axe.min.js"
RUN_AXE = (
    "async () => (await axe.run()).violations.map(found => found.id + ': ' + found.nodes.map(n => n.html).join(' '))"
)
HOST, FACTORY = "127.0.0.1", "operator"
modules: dict[str, Any] = dict(zip(NAMES, load("vannkraft", FOLDERS, *NAMES), strict=True))


@dataclass
class Power:
    """A controller, a plant that stands still, and the panel before them."""

    controller: Any
    station: Any
    panel: Any

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.panel.server_address[1]}"

    def cycle(self) -> None:
        """A turn of the controller; the plant obeys."""
        orders = self.controller.cycle(self.station.meters())
        self.station.order(orders["vane"], orders["gate"])
        if orders["trip"]:
            self.station.trip()


@contextmanager
def serving(made: Any) -> Iterator[Any]:
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture
def power(tmp_path: Path) -> Iterator[Power]:
    controller, station = modules["device"].Controller("skilt", "kvittering", 1), modules["station"].Station()
    controller.cycle(station.meters())
    plc = modules["server"].Server(controller, modules["access"].Access(), (HOST, 0))
    with serving(plc):
        plant = modules["plant"].Plant(lambda: modules["modbus"].Client(HOST, plc.server_address[1]))
        threading.Thread(target=plant.follow, daemon=True).start()
        keeping = modules["keeping"].Keeping(tmp_path / "panel.json")
        door = modules["door"].Door(keeping, 0)
        secrets = {"LEVERANDOR_PASSORD": "Garn-noeste", "PLC_PASSORD": "Kaffe-kopp"}
        panel = modules["web"].Panel(plant, keeping, door, "NCR{panelets-merke}", modules["main"].project(secrets))
        with serving(modules["web"].Server(panel, (HOST, 0))) as made:
            yield Power(controller, station, made)
        door.set(False)


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def reading(chromium: Browser, power: Power, **more: Any) -> Iterator[Page]:
    """A page with the plant's figures on it."""
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce", **more)
    page = context.new_page()
    page.goto(power.url)
    page.wait_for_function("document.querySelector('[data-value=level]').textContent.startsWith('412')")
    yield page
    context.close()


def sign_in(page: Page, power: Power, password: str = FACTORY) -> None:
    page.goto(power.url + "/inn")
    page.fill("[name=bruker]", "operator")
    page.fill("[name=passord]", password)
    page.click("main button")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["nb-NO", "en-GB"])
def test_axe_finds_nothing_on_any_page(chromium: Browser, power: Power, scheme: Any, locale: str) -> None:
    with reading(chromium, power, color_scheme=scheme, locale=locale) as page:
        sign_in(page, power)
        for path in ("/", "/hendelser", "/vedlikehold", "/inn"):
            page.goto(power.url + path)
            page.add_script_tag(path=AXE)
            assert page.evaluate(RUN_AXE) == [], path


def test_a_phone_shows_all_of_it_without_scrolling_sideways(chromium: Browser, power: Power) -> None:
    with reading(chromium, power, viewport={"width": 360, "height": 740}) as page:
        sign_in(page, power)
        for path in ("/", "/hendelser", "/vedlikehold"):
            page.goto(power.url + path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_figures_follow_the_plant_in_the_readers_language(chromium: Browser, power: Power) -> None:
    with reading(chromium, power, locale="nb-NO") as page:
        assert page.inner_text("[data-value=power]") == "12,06"
        power.station.fill(412.34)
        power.cycle()
        page.wait_for_function("document.querySelector('[data-value=level]').textContent === '412,34'")
        assert "Høy vannstand" in page.inner_text("[data-status]")
        page.click("text=English")
        assert "High water level" in page.inner_text("[data-status]")
        assert page.inner_text("[data-value=level]") == "412.34"


def test_nobody_controls_the_plant_without_signing_in(chromium: Browser, power: Power) -> None:
    with reading(chromium, power) as page:
        assert page.locator("button.trip").count() == 0
        for path, form in (("/bryter", {"trip": "1"}), ("/sett", {"gate": "100"}), ("/dor", {"apen": "0"})):
            assert page.request.post(power.url + path, form=form).status == 403
        assert page.request.get(power.url + "/storjuvet.prosjekt", max_redirects=0).status == 303
    assert power.controller.settings.gate == 0


def test_an_operator_takes_over_trips_and_brings_back(chromium: Browser, power: Power) -> None:
    with reading(chromium, power, locale="en-GB") as page:
        sign_in(page, power)
        page.click("text=Take manual control")
        page.fill("[name=gate]", "25,5")
        page.click("text=Save")
        assert (power.controller.settings.automatic, power.controller.settings.gate) == (False, 255)
        page.click("text=Emergency stop")
        power.cycle()
        page.goto(power.url)
        page.wait_for_function("document.querySelector('[data-status]').textContent.startsWith('TRIPPED')")
        page.click("text=Reset and start")
        assert power.controller.cycle(power.station.meters())["reset"] is True
        page.fill("[name=setpoint]", "420")
        page.click("text=Save")
        assert "The PLC did not accept it" in page.inner_text(".notice")


def test_the_doors_are_closed_from_the_maintenance_page(chromium: Browser, power: Power) -> None:
    keeping = power.panel.panel.keeping
    with reading(chromium, power, locale="nb-NO") as page:
        sign_in(page, power)
        page.goto(power.url + "/vedlikehold")
        assert page.inner_text("#merke") == "NCR{panelets-merke}"
        page.click("text=Steng")
        page.wait_for_selector("text=Leverandørens dør er stengt.")
        assert not keeping.door_open
        page.fill("[name=passord]", "operator")
        page.click("main >> text='Bytt passord' >> nth=-1")
        assert "Minst ti tegn" in page.inner_text(".notice")
        page.fill("[name=passord]", "Fossekall-under-brua")
        page.click("main >> text='Bytt passord' >> nth=-1")
        sign_in(page, power)
        assert page.inner_text(".notice") == "Feil bruker eller passord."
        sign_in(page, power, "Fossekall-under-brua")
        assert page.locator("button.trip").count() == 1


def test_the_project_file_hides_passwords_with_the_key_beside_them(chromium: Browser, power: Power) -> None:
    with reading(chromium, power) as page:
        sign_in(page, power)
        text = page.request.get(power.url + "/storjuvet.prosjekt").text()
    hidden = base64.b64encode(bytes(byte ^ 0x5A for byte in b"Kaffe-kopp")).decode()
    assert f'passord="{hidden}"' in text
    assert "Kaffe-kopp" not in text
    assert "@" not in text
