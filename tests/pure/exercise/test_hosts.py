import pytest

from ncr.exercise.hosts import host, is_safe, label, web_address

ENTRY, PARTICIPANT, EXERCISE = "shop", "0123456789abcdef" * 2, "fedcba9876543210" * 2


def test_a_label_holds_the_entry_and_the_first_of_both_ids() -> None:
    assert label(ENTRY, PARTICIPANT, EXERCISE) == "shop--0123456789ab--fedcba987654"
    assert host(ENTRY, PARTICIPANT, EXERCISE, "lab.example") == "shop--0123456789ab--fedcba987654.lab.example"


def test_a_label_is_never_longer_than_a_host_name_allows() -> None:
    assert len(label("e" * 63, PARTICIPANT, EXERCISE)) == 63


@pytest.mark.parametrize(
    ("door", "begins"),
    [
        ("http://localhost:8000", "http://a--b--c.lab.example:8000/.ncr/enter?"),
        ("http://[::1]:8000", "http://a--b--c.lab.example:8000/.ncr/enter?"),
        ("http://[::1]", "http://a--b--c.lab.example/.ncr/enter?"),
        ("https://ncr.example.no/", "https://a--b--c.lab.example/.ncr/enter?"),
    ],
)
def test_the_address_has_the_doors_scheme_and_port(door: str, begins: str) -> None:
    assert web_address(door, "lab.example", "a", "b", "c", "x").startswith(begins)


def test_the_ticket_is_quoted() -> None:
    assert web_address("http://localhost", "localhost", "a", "b", "c", "x&y=z").endswith("?ticket=x%26y%3Dz")


def test_cookies_are_safe_behind_tls_and_on_localhost_only() -> None:
    assert is_safe("http", "localhost")
    assert is_safe("http", "lab.localhost")
    assert is_safe("https", "lab.example")
    assert not is_safe("http", "lab.example")
    assert not is_safe("http", "notlocalhost")
