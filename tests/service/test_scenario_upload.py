"""Uploading scenarios: by program and by form, whole or not at all; versions stay, and exercises keep theirs."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ncr.config import Settings
from ncr.db import reading
from ncr.exercise import upload
from ncr.exercise.tables import ScenarioVersion
from ncr.people.tables import Audit
from ncr.site import Site
from tests.service import doors_site
from tests.service.doors_site import LITEN, Answer, Caller, World

BORDER = "ncrborder"


def site(caller: Caller) -> Site:
    found: Site = caller.app.state.site
    return found


def packed(**changes: str) -> bytes:
    """The scenario liten as a zip, with `changes` made to its definition: keys and what they say now."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(LITEN.rglob("*")):
            content = path.read_bytes()
            if path.name == "scenario.yml":
                text = content.decode()
                for key, value in changes.items():
                    text, times = re.subn(rf"^{key}: .*$", f"{key}: {value}", text, flags=re.MULTILINE)
                    text += "" if times else f"\n{key}: {value}\n"
                content = text.encode()
            if path.is_file():
                archive.writestr(f"liten/{path.relative_to(LITEN)}", content)
    return file.getvalue()


def send(caller: Caller, content: bytes, who: str = "instructor") -> Answer:
    return caller.as_(who, "POST", "/api/v1/scenarios", content, **{"content-type": "application/zip"})


def submit(caller: Caller, content: bytes, name: str = "liten.zip", form: str = "form-instructor") -> Answer:
    """As the form does it."""
    fields = f'--{BORDER}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{form}\r\n'
    file = f'--{BORDER}\r\nContent-Disposition: form-data; name="archive"; filename="{name}"\r\n\r\n'
    body = fields.encode() + file.encode() + content + f"\r\n--{BORDER}--\r\n".encode()
    headers = {"cookie": "ncr=cookie-instructor", "origin": doors_site.ORIGIN, "sec-fetch-site": "same-origin"}
    return caller.ask("POST", "/scenarios", body, headers | {"content-type": f"multipart/form-data; boundary={BORDER}"})


def text_of(caller: Caller, path: str, who: str = "owner") -> str:
    return caller.browse(who, "GET", path).body.decode()


def newest(caller: Caller) -> str:
    version: str = caller.as_("owner", "GET", "/api/v1/scenarios/liten").json()["version"]
    return version


def left(caller: Caller) -> list[str]:
    """What an upload left in the data folder beside the kept versions."""
    return [path.name for path in (site(caller).settings.data / "uploads").glob("*")]


def test_an_uploaded_version_is_planned_with_and_earlier_plans_keep_theirs(caller: Caller, world: World):
    before = newest(caller)
    sent = send(caller, packed(version="9.0.0", id="liten"))
    assert sent.status == 201, sent.body
    assert sent.json()["version"] == newest(caller) == "9.0.0"
    plan = {"title": "Ny", "teams": ["blaa"], "override": "rett fra forfatteren"}
    versions = {}
    for wanted in ("liten", "liten@9.0.0", f"liten@{before}"):
        made = caller.as_("owner", "POST", "/api/v1/exercises", {"scenario": wanted, **plan})
        assert made.status == 201, made.body
        versions[wanted] = made.json()["version"]
    assert versions == {"liten": "9.0.0", "liten@9.0.0": "9.0.0", f"liten@{before}": before}
    running = caller.as_("owner", "GET", world.path("/api/v1/exercises/{running}")).json()
    assert running["version"] == before
    kept = caller.as_("observer", "GET", "/api/v1/scenarios/liten/versions").json()
    assert [(row["version"], row["uploaded_by"]) for row in kept] == [("9.0.0", "Instructor"), (before, None)]
    assert left(caller) == []


def test_a_version_that_is_not_there_is_said(caller: Caller):
    plan = {"scenario": "liten@7.7.7", "title": "Ny", "teams": ["blaa"]}
    answer = caller.as_("owner", "POST", "/api/v1/exercises", plan)
    assert answer.status == 422
    assert answer.json()["errors"][0]["message"] == "there is no scenario liten@7.7.7; there are: liten"


def test_an_older_version_is_kept_and_not_offered(caller: Caller):
    before = newest(caller)
    assert send(caller, packed(version="0.0.1")).status == 201
    assert newest(caller) == before


def test_the_same_again_changes_nothing_and_other_content_needs_a_new_version(caller: Caller):
    assert [send(caller, packed(version="9.0.0")).status for _ in range(2)] == [201, 201]
    again = send(caller, packed(version="9.0.0", difficulty="expert"))
    assert again.status == 409
    assert "raise `version`" in again.json()["detail"]
    with reading(site(caller).sessions) as session:
        assert session.query(ScenarioVersion).filter_by(version="9.0.0").count() == 1
        (first, second) = session.query(Audit).filter_by(action="scenario-uploaded").all()
        assert first.subject == second.subject == "liten"
    assert left(caller) == []


def test_what_is_wrong_is_said_at_once_and_nothing_is_kept(caller: Caller):
    answer = send(caller, packed(version="9.0.0", difficulty="murderous", duration="long"))
    assert answer.status == 422
    places = {error["where"].partition(":")[0] for error in answer.json()["errors"]}
    assert places == {"scenario.yml"}
    assert len(answer.json()["errors"]) == 2
    assert send(caller, b"Rar!").json()["errors"][0]["message"].startswith("the archive is neither")
    assert left(caller) == []
    assert newest(caller) != "9.0.0"


def test_a_request_that_is_too_large_is_not_read(caller: Caller):
    answer = caller.as_("instructor", "POST", "/api/v1/scenarios", b"PK", **{"content-length": str(2**40)})
    assert answer.status in (413, 422)
    large = caller.as_("instructor", "POST", "/api/v1/exercises", b" " * (257 * 1024))
    assert large.status == 413


def test_no_room_on_the_disk_is_said_plainly(caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload, "receive", full)
    answer = send(caller, packed(version="9.0.0"))
    assert answer.status == 503
    assert "no room" in answer.json()["detail"]


def test_the_form_leads_to_the_scenarios_page_and_says_what_is_wrong(caller: Caller):
    sent = submit(caller, packed(version="9.0.0"))
    assert sent.status == 303, sent.body
    page = caller.browse("instructor", "GET", sent.headers["location"]).body.decode()
    assert "Versjon 9.0.0 er tatt vare på." in page
    wrong = submit(caller, packed(version="9.0.1", difficulty="murderous"))
    assert wrong.status == 422
    assert re.search(r"<code>scenario.yml:\d+:\d+</code>", wrong.body.decode())
    assert submit(caller, packed(version="9.0.0", difficulty="expert")).status == 409
    assert "Velg en zip- eller tar.gz-fil." in submit(caller, b"", name="").body.decode()
    assert submit(caller, packed(version="9.0.2"), form="another").status == 403
    assert newest(caller) == "9.0.0"


def test_an_uploaded_copy_that_was_changed_is_left_out(caller: Caller, world: World):
    assert send(caller, packed(version="9.0.0")).status == 201
    fresh = doors_site.settings(world.folder, site(caller).settings.url)
    (digest,) = [row["digest"] for row in versions(caller) if row["version"] == "9.0.0"]
    place = world.folder / "scenarios" / digest / "liten" / "compose.yml"
    place.write_text(place.read_text() + "\n# changed\n")
    assert again(caller, fresh) != "9.0.0"


def versions(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.as_("owner", "GET", "/api/v1/scenarios/liten/versions").json()
    return found


def again(caller: Caller, settings: Settings) -> str:
    """The newest version as a service that starts now sees it."""
    with doors_site.closing_site(settings) as fresh:
        caller.app.state.site = replace(site(caller), scenarios=fresh.scenarios, shelf=fresh.shelf)
        return newest(caller)
