import pytest

from ncr.entries.web_crossing import is_foreign

HOST = "shop--0123456789ab--fedcba987654.localhost:8000"
OWN = f"http://{HOST}"
BESIDE = "http://mail--0123456789ab--fedcba987654.localhost:8000"
OTHER_TEAM = "http://shop--ba9876543210--fedcba987654.localhost:8000"
OTHER_EXERCISE = "http://shop--0123456789ab--456789abcdef.localhost:8000"


def foreign(method: str = "GET", **given: str) -> bool:
    headers = {name.replace("_", "-").encode(): value.encode() for name, value in given.items()}
    return is_foreign(method, headers, "http", HOST)


def fetched(site: str, mode: str, dest: str, **more: str) -> dict[str, str]:
    return {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest, **more}


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_site_may_only_lead_here_by_a_link(site: str) -> None:
    assert not foreign("GET", **fetched(site, "navigate", "document"))
    assert not foreign("HEAD", **fetched(site, "navigate", "document"))
    assert foreign("POST", **fetched(site, "navigate", "document"))
    for dest in ("iframe", "frame", "embed", "object"):
        assert foreign("GET", **fetched(site, "navigate", dest))
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("websocket", "empty")):
        assert foreign("GET", **fetched(site, mode, dest))
    assert foreign("GET", **fetched(site, "navigate", "document", upgrade="websocket"))


def test_its_own_pages_and_what_the_visitor_typed_may_do_everything() -> None:
    for site in ("same-origin", "none"):
        assert not foreign("POST", **fetched(site, "cors", "empty"))
        assert not foreign("GET", **fetched(site, "navigate", "iframe"))
    assert not foreign("POST", origin=OWN)
    assert not foreign("POST", origin=OWN.upper())
    assert not foreign("DELETE"), "a program"


@pytest.mark.parametrize(
    "origin",
    [
        OTHER_TEAM, OTHER_EXERCISE, "null", "", "http://localhost:8000", f"https://{HOST}", OWN.replace("8000", "8001"),
        f"{OWN}.evil", OWN.replace(".localhost", ".evil"), f"http://evil.{HOST}",
        f"http://evil.mail{HOST.removeprefix('shop')}", f"http://MAIL_{HOST.removeprefix('shop')}",
        f"http://{HOST.removeprefix('shop')}",
    ],
)  # fmt: skip
def test_the_pages_of_others_may_do_nothing_not_even_with_a_get(origin: str) -> None:
    assert foreign("GET", origin=origin)
    assert foreign("POST", origin=origin)


def test_the_same_teams_other_entries_are_no_strangers() -> None:
    assert not foreign("POST", origin=BESIDE, **fetched("same-site", "cors", "empty"))
    assert not foreign("GET", origin=BESIDE, upgrade="websocket")


def test_a_host_that_is_no_entrys_has_no_family() -> None:
    headers = {b"origin": b"http://b.localhost"}
    assert is_foreign("POST", headers, "http", "a.localhost")
    assert is_foreign("POST", headers, "http", "localhost")
