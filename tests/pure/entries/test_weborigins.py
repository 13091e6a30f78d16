from ncr.config import Settings
from ncr.exercise.weborigins import is_safe, label, web_address, web_origin

ENTRY, PARTICIPANT, EXERCISE = "shop", "0123456789abcdef" * 2, "fedcba9876543210" * 2


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]


def test_a_label_holds_the_entry_and_the_first_of_both_ids() -> None:
    assert label(ENTRY, PARTICIPANT, EXERCISE) == "shop--0123456789ab--fedcba987654"


def test_a_label_is_never_longer_than_a_host_name_allows() -> None:
    assert len(label("e" * 63, PARTICIPANT, EXERCISE)) == 63


def test_without_settings_the_entry_is_below_localhost_on_our_own_port() -> None:
    origin = web_origin(settings(port=8123), ENTRY, PARTICIPANT, EXERCISE)
    assert origin == "http://shop--0123456789ab--fedcba987654.localhost:8123"


def test_scheme_and_port_are_those_under_which_browsers_reach_the_entries() -> None:
    behind_tls = settings(public_url="https://ncr.example.no", entry_domain="ncr-lab.example")
    assert web_origin(behind_tls, "a", "b", "c") == "https://a--b--c.ncr-lab.example"
    apart = settings(public_url="https://ncr.example.no", entries_url="https://inn.example.no:8443")
    assert web_origin(apart, "a", "b", "c") == "https://a--b--c.localhost:8443"


def test_the_ticket_is_quoted() -> None:
    assert web_address(settings(), "a", "b", "c", "x&y=z").endswith("/.ncr/enter?ticket=x%26y%3Dz")


def test_cookies_are_safe_behind_tls_and_on_localhost_only() -> None:
    assert is_safe(settings())
    assert is_safe(settings(entry_domain="lab.localhost"))
    assert is_safe(settings(public_url="https://ncr.example.no", entry_domain="ncr-lab.example"))
    assert not is_safe(settings(entry_domain="ncr-lab.example"))
