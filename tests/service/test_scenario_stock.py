"""The stock of scenario versions: bounded in number and size, and what nothing uses can be removed."""

import io
import os
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from ncr.db import reading
from ncr.exercise.tables import Exercise, Rehearsal, ScenarioVersion
from ncr.people.tables import Audit
from tests.command import ncr, refused
from tests.service.doors_site import Answer, Caller, World
from tests.service.test_scenario_upload import packed, send, site, submit, text_of, versions

PLAN = {"scenario": "liten@9.0.0", "title": "Ny øvelse", "teams": ["blaa"], "override": "rett fra forfatteren"}


def bounded(caller: Caller, **most: Any) -> None:
    at = site(caller)
    caller.app.state.site = replace(at, settings=at.settings.model_copy(update=most))


def brought(caller: Caller, version: str = "9.0.0") -> str:
    """Uploads a version; its digest."""
    sent = send(caller, packed(version=version))
    assert sent.status == 201, sent.body
    digest: str = sent.json()["digest"]
    return digest


def large(version: str) -> bytes:
    """An upload of over half a MiB."""
    file = io.BytesIO(packed(version=version))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("liten/files/stor.bin", os.urandom(600 * 1024))
    return file.getvalue()


def removed(caller: Caller, digest: str, who: str = "instructor") -> Answer:
    return caller.as_(who, "DELETE", f"/api/v1/scenarios/liten/versions/{digest}")


def kept(world: World) -> set[str]:
    """What lies in the folder of copies."""
    return {path.name for path in (world.folder / "scenarios").iterdir()}


def test_no_more_versions_are_kept_than_the_site_may(caller: Caller, world: World) -> None:
    bounded(caller, uploads=1)
    brought(caller)
    before = kept(world)
    full = send(caller, packed(version="9.0.1"))
    assert full.status == 507
    assert full.json()["type"] == "urn:ncr:problem:uploads-full"
    assert "keeps 1 of 1 uploaded versions" in full.json()["detail"]
    assert "remove versions that no exercise uses" in full.json()["detail"]
    assert kept(world) == before
    assert [row["version"] for row in versions(caller)] == ["9.0.0", "1.0.0"]
    # The same again needs no room, and what is removed makes some.
    assert removed(caller, brought(caller)).status == 204
    brought(caller, "9.0.1")


def test_no_more_bytes_are_kept_than_the_site_may_and_the_form_says_so(caller: Caller, world: World) -> None:
    bounded(caller, uploads_mib=0)
    page = submit(caller, packed(version="9.0.0"))
    assert page.status == 507
    assert "0 av 500 er tatt vare på og tar 0 av 0 MiB, og denne trenger 1 MiB." in page.body.decode()
    assert "Fjern versjoner som ingen øvelse bruker" in page.body.decode()
    bounded(caller, uploads_mib=1)
    assert send(caller, large("9.0.0")).status == 201
    before = kept(world)
    full = send(caller, large("9.0.1"))
    assert full.status == 507
    assert "keeps 1 of 500 uploaded versions, which take 0 of 1 MiB, and this one needs 1 MiB" in full.json()["detail"]
    assert kept(world) == before
    assert send(caller, packed(version="9.0.1")).status == 201


def test_an_unused_version_goes_with_its_copy_and_the_log_says_who(caller: Caller, world: World) -> None:
    digest = brought(caller)
    assert digest in kept(world)
    assert removed(caller, digest, "observer").status == 403
    assert caller.as_("owner", "DELETE", f"/api/v1/scenarios/annen/versions/{digest}").status == 404
    assert removed(caller, digest).status == 204
    assert removed(caller, digest).status == 404
    assert [row["version"] for row in versions(caller)] == ["1.0.0"]
    assert digest not in kept(world)
    with reading(site(caller).sessions) as session:
        (row,) = session.query(Audit).filter_by(action="scenario-removed").all()
        assert (row.subject, row.detail["version"], row.user_id) == ("liten", "9.0.0", world.ids["user_instructor"])
    # What was removed may come again, whatever it holds.
    assert send(caller, packed(version="9.0.0", difficulty="expert")).status == 201


def test_what_is_in_use_stays_and_says_by_whom(caller: Caller, world: World) -> None:
    digest = brought(caller)
    planned = caller.as_("owner", "POST", "/api/v1/exercises", PLAN)
    assert planned.status == 201, planned.body
    kept_back = removed(caller, digest)
    assert (kept_back.status, kept_back.json()["type"]) == (409, "urn:ncr:problem:in-use")
    assert kept_back.json()["detail"] == "liten 9.0.0 is used by Ny øvelse, and stays"
    assert digest in kept(world)
    assert "i bruk" in text_of(caller, "/scenarios/liten")
    page = caller.browse("owner", "POST", f"/scenarios/liten/versions/{digest}/remove", {})
    assert page.status == 409
    assert "Versjonen ble ikke fjernet. Den er brukt av: Ny øvelse." in page.body.decode()
    assert caller.as_("owner", "DELETE", f"/api/v1/exercises/{planned.json()['id']}").status == 204
    gone = caller.browse("owner", "POST", f"/scenarios/liten/versions/{digest}/remove", {})
    assert (gone.status, gone.headers["location"]) == (303, "/scenarios/liten")
    own = next(row["digest"] for row in versions(caller))
    assert removed(caller, own).json()["detail"].endswith("practice runs, and stays")


def test_one_whose_rehearsal_is_under_way_stays(caller: Caller) -> None:
    digest = brought(caller)
    assert caller.as_("owner", "POST", "/api/v1/scenarios/liten/rehearsals").status == 202
    said = removed(caller, digest).json()["detail"]
    assert said == "liten 9.0.0 is used by a rehearsal that is under way, and stays"
    with site(caller).sessions.begin() as session:
        session.query(Rehearsal).filter_by(digest=digest).update({"state": "failed"})
    assert removed(caller, digest).status == 204


def test_what_was_only_kept_ready_does_not_keep_a_version(caller: Caller, world: World) -> None:
    digest = brought(caller)
    planned = caller.as_("owner", "POST", "/api/v1/exercises", PLAN).json()["id"]
    with site(caller).sessions.begin() as session:
        session.get_one(Exercise, planned).mode = "pool"
    assert removed(caller, digest).status == 409
    with site(caller).sessions.begin() as session:
        session.get_one(Exercise, planned).state = "cancelled"
    assert removed(caller, digest).status == 204
    with reading(site(caller).sessions) as session:
        assert session.get(Exercise, planned) is None
        assert session.get(ScenarioVersion, digest) is None


def test_the_command_removes_by_name(caller: Caller, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    brought(caller)
    monkeypatch.setenv("NCR_DATA", str(world.folder))
    monkeypatch.delenv("NCR_DATABASE_URL", raising=False)
    refused(1, "there is no version liten@8.0.0 that is kept", "scenario", "remove", "liten@8.0.0")
    assert ncr("scenario", "remove", "liten@9.0.0").out == "removed: liten@9.0.0\ncopies: 1\n"
    refused(1, "liten 1.0.0 is used by", "scenario", "remove", "liten@1.0.0")
    assert [row["version"] for row in versions(caller)] == ["1.0.0"]
