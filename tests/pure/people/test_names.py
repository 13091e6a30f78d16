"""Names are normalised, show what they are, and never smuggle anything unseen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.errors import Invalid
from ncr.people import names


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Lag Blå", "Lag Blå"),
        ("  mange   mellomrom\t her ", "mange mellomrom her"),
        ("Bla\u030a", "Blå"),
        ("admin\u202egnp.exe", "admingnp.exe"),
        ("a\x00b", "ab"),
        ("usyn\u200blig", "usynlig"),
        ("linje\nskift", "linjeskift"),
    ],
)
def test_a_name_is_kept_as_it_is_seen(typed: str, kept: str) -> None:
    assert names.name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\u202e\u200b", "\x00", "x" * 121])
def test_a_name_of_nothing_or_too_much_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        names.name(typed, "title")
    assert [problem.where for problem in refusal.value.problems] == ["title"]


@given(st.text())
def test_whatever_is_typed_the_name_has_no_unseen_character(typed: str) -> None:
    try:
        kept = names.name(typed)
    except Invalid:
        return
    assert not {unicodedata.category(each) for each in kept} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert names.name(kept) == kept


@pytest.mark.parametrize(("typed", "kept"), [("Kari", "kari"), (" ola.n@ntnu ", "ola.n@ntnu"), ("7x", "7x")])
def test_a_user_name_is_lower_case(typed: str, kept: str) -> None:
    assert names.login(typed) == kept


@pytest.mark.parametrize("typed", ["", "blå", "a b", "-a", "a" * 64, "a\x00", "a/../b", "a\nb"])
def test_a_user_name_of_other_characters_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        names.login(typed)


@pytest.mark.parametrize("typed", ["", "Blaa", "1a", "a_b", "a" * 64, "å", "a\n"])
def test_an_id_of_other_characters_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        names.slug(typed)
