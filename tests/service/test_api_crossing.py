"""Requests from other pages: a browser's cookie works from our own pages only; a token rides on nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import doors_site
from tests.service.doors_site import ORIGIN, PASSWORD, Caller, World

COOKIE = {"cookie": "ncr=cookie-owner"}
CREDENTIALS = {"login": "student", "password": PASSWORD}


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("crossing")
    shutil.copy(sqlite_template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}")


@pytest.fixture
def caller(world: World, tmp_path: Path) -> Iterator[Caller]:
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}") as caller:
        yield caller


FOREIGN = [
    {},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"{ORIGIN}.evil.example"},
    {"origin": ORIGIN.replace("8000", "8001")},
    {"origin": ORIGIN.replace("http:", "https:")},
    {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"},
    {"referer": f"{ORIGIN}/exercises"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_cookie_from_elsewhere_changes_nothing(caller: Caller, world: World, headers: dict[str, str]) -> None:
    path = world.path("/api/v1/exercises/{running}/pause")
    answer = caller.ask("POST", path, None, COOKIE | headers)
    assert (answer.status, answer.json()["type"]) == (403, "urn:ncr:problem:forbidden")
    shown = caller.as_("owner", "GET", world.path("/api/v1/exercises/{running}")).json()
    assert shown["state"] == "running"


@pytest.mark.parametrize("headers", [{"origin": ORIGIN}, {"sec-fetch-site": "same-origin"}], ids=str)
def test_a_cookie_from_our_own_page_is_heard(caller: Caller, world: World, headers: dict[str, str]) -> None:
    path = world.path("/api/v1/exercises/{running}/pause")
    assert caller.ask("POST", path, None, COOKIE | headers).status == 200


def test_a_token_needs_no_page(caller: Caller, world: World) -> None:
    path = world.path("/api/v1/exercises/{running}/pause")
    assert caller.as_("owner", "POST", path, origin="https://evil.example").status == 200


@pytest.mark.parametrize("token", ["ncr_wrong", "", "x" * 5000], ids=["wrong", "empty", "long"])
def test_a_token_that_is_wrong_is_not_helped_by_a_cookie(caller: Caller, token: str) -> None:
    answer = caller.ask("GET", "/api/v1/auth/me", None, {"authorization": f"Bearer {token}", **COOKIE})
    assert answer.status == 401


@pytest.mark.parametrize("headers", FOREIGN[1:-1], ids=str)
def test_nobody_is_signed_in_from_elsewhere(caller: Caller, headers: dict[str, str]) -> None:
    answer = caller.ask("POST", "/api/v1/auth/sign-in", CREDENTIALS, headers)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_never_get(caller: Caller) -> None:
    answer = caller.ask("POST", "/api/v1/auth/sign-in", CREDENTIALS, {"origin": ORIGIN})
    cookie = answer.headers["set-cookie"]
    assert answer.status == 204
    assert cookie.startswith("ncr=")
    assert {"httponly", "samesite=lax", "path=/"} <= set(cookie.lower().split("; "))
    secret = cookie.split(";")[0]
    assert caller.ask("GET", "/api/v1/auth/me", None, {"cookie": secret}).json()["login"] == "student"
    assert caller.ask("POST", "/api/v1/auth/sign-out", None, {"cookie": secret, "origin": ORIGIN}).status == 204
    assert caller.ask("GET", "/api/v1/auth/me", None, {"cookie": secret}).status == 401


@pytest.mark.parametrize("address", ["https://ncr.example", "http://localhost:8000"])
def test_behind_tls_or_on_localhost_the_cookie_is_bound_to_the_host(world: World, address: str, tmp_path: Path) -> None:
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}", public_url=address) as caller:
        answer = caller.ask("POST", "/api/v1/auth/sign-in", CREDENTIALS, {"origin": address})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-ncr=")
    assert "secure" in cookie.lower().split("; ")
    assert "domain" not in cookie.lower()


def test_behind_tls_only_the_cookie_bound_to_the_host_counts(world: World, tmp_path: Path) -> None:
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    url = f"sqlite:///{tmp_path / 'ncr.db'}"
    with doors_site.service(world.folder, url, public_url="https://ncr.example") as caller:
        for name, status in (("__Host-ncr", 200), ("ncr", 401)):
            answer = caller.ask("GET", "/api/v1/auth/me", None, {"cookie": f"{name}=cookie-owner"})
            assert answer.status == status


def test_signing_in_again_ends_the_browsers_earlier_session(caller: Caller) -> None:
    headers = {"origin": ORIGIN}
    first = caller.ask("POST", "/api/v1/auth/sign-in", CREDENTIALS, headers).headers["set-cookie"].split(";")[0]
    second = caller.ask("POST", "/api/v1/auth/sign-in", CREDENTIALS, headers | {"cookie": first}).headers["set-cookie"]
    for cookie, status in ((first, 401), (second.split(";")[0], 200)):
        assert caller.ask("GET", "/api/v1/auth/me", None, {"cookie": cookie}).status == status


@pytest.mark.parametrize("path", ["/sign-out", "/exercises/{running}/pause", "/exercises/{running}/extend"])
@pytest.mark.parametrize("token", ["", "form-admin", "wrong"])
def test_a_form_that_this_session_did_not_make_is_refused(caller: Caller, world: World, path: str, token: str) -> None:
    answer = caller.browse("owner", "POST", world.path(path), {"form_token": token})
    assert answer.status == 403


@pytest.mark.parametrize("headers", FOREIGN[1:-1], ids=str)
def test_a_form_from_elsewhere_is_refused_whatever_its_token(
    caller: Caller, world: World, headers: dict[str, str]
) -> None:
    form = {"form_token": "form-owner"}
    path = world.path("/exercises/{running}/pause")
    assert caller.ask("POST", path, form, COOKIE | headers, form=True).status == 403
