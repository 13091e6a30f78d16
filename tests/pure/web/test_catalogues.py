"""The catalogues: each holds a translation of every text that users read, and nothing else."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from ncr.web.catalogue import FOLDER, SOURCE, languages

WEB = FOLDER.parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """What `make words` collects."""
    with (WEB / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "told": None}
    return {str(found[2]) for found in extract_from_dir(WEB, methods, options, keywords)}


@pytest.fixture(params=[language for language in languages() if language != SOURCE])
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return read(FOLDER / request.param / "LC_MESSAGES" / "ncr.po")


def read(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()), abort_invalid=True)


def test_every_text_is_translated_and_no_translation_is_of_a_text_long_gone(
    catalogue: Catalog, texts: set[str]
) -> None:
    assert len(texts) > 100
    translated = {message.id for message in catalogue if message.id and message.string}
    assert (texts - translated, translated - texts, set(catalogue.obsolete)) == (set(), set(), set())


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_a_translation_has_the_places_its_text_has(catalogue: Catalog) -> None:
    def places(text: object) -> list[str]:
        return sorted(PLACEHOLDER.findall(str(text)))

    differ = [message.id for message in catalogue if message.id and places(message.id) != places(message.string)]
    assert differ == []


def test_no_text_can_break_the_page_it_stands_on(catalogue: Catalog) -> None:
    """A text with places is filled in by `%`; a lone sign in it would be an error at run time."""
    for message in catalogue:
        for text in (str(message.id), str(message.string)) if message.id else ():
            places = PLACEHOLDER.findall(text)
            if places:
                assert text % dict.fromkeys(places, "x")
