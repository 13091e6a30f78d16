import pytest

from ncr.entries.web_pages import page, preferred
from ncr.entries.web_words import PAGES
from ncr.exercise.openness import CLOSED


@pytest.mark.parametrize("key", PAGES)
def test_every_page_stands_alone_and_carries_nothing_of_ours(key: str) -> None:
    for language, tongue in ((b"nb-NO,nb;q=0.9,en;q=0.8", "nb"), (b"en-GB", "en")):
        status, headers, body = page(key, language, "nb", "https://ncr.example.no")
        assert status == PAGES[key].status >= 400
        assert f'lang="{tongue}"'.encode() in body
        assert PAGES[key].title[tongue == "en"].split("'")[0].encode() in body
        names = {name for name, _ in headers}
        assert {b"content-security-policy", b"cache-control", b"x-content-type-options"} <= names
        assert b"set-cookie" not in names
        assert b"<script" not in body
        assert b"src=" not in body


def test_every_reason_a_way_is_closed_for_has_its_page() -> None:
    assert set(CLOSED) <= set(PAGES)


def test_the_browsers_first_language_of_ours_counts() -> None:
    assert preferred("de, en;q=0.5", "nb") == "en"
    assert preferred("nn", "en") == "nb"
    assert preferred("", "en") == "en"


def test_the_address_of_ncr_is_only_an_address() -> None:
    assert b'href="https://x/&quot;&gt;"' in page("down", b"", "nb", 'https://x/">')[2]
