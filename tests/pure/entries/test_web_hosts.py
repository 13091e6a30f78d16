import pytest

from ncr.config import Settings
from ncr.entries.web_hosts import NOBODY, OURS, Hosts, Whose

HOSTS = Hosts("lab.example", frozenset({"ncr.example.no", "desk.lab.example"}))
LOCAL = Hosts("localhost", frozenset())
LABEL = "shop--0123456789ab--fedcba987654"


def lab(label: str = LABEL) -> Whose:
    return Whose("lab", label)


@pytest.mark.parametrize(
    ("host", "whose"),
    [
        (f"{LABEL}.lab.example", lab()),
        (f"{LABEL}.lab.example:8443", lab()),
        (f"{LABEL.upper()}.LAB.Example.", lab()),
        (f"{LABEL}.lab.example.:80", lab()),
        ("anything.lab.example", lab("anything")),
        (f"evil.{LABEL}.lab.example", lab(f"evil.{LABEL}")),
        ("lab.example", lab("")),
        ("desk.lab.example", OURS),
        ("ncr.example.no", OURS),
        ("NCR.example.no.:443", OURS),
        ("notlab.example", OURS),
        ("lab.example.evil", OURS),
        ("127.0.0.1:8000", OURS),
        ("[::1]:8000", OURS),
        ("[fe80::1]", OURS),
    ],
)
def test_a_host_is_ours_or_a_labs(host: str, whose: Whose) -> None:
    assert HOSTS.whose([host.encode()], "1.1") == whose


@pytest.mark.parametrize(
    "host",
    [
        "", " ", "a b", "user@ncr.example.no", f"ncr.example.no@{LABEL}.lab.example", "http://ncr.example.no",
        "ncr.example.no/..", "ncr.example.no:", "ncr.example.no:80:80", "ncr.example.no:port", "ncr.example.no..",
        ".lab.example", "ncr.example.no,x", "[::1", "[::1]x", "x" * 64 + ".lab.example", "ncr\x00.example.no",
        "ncr.example.nø", "ncr.example.no\\.lab.example", "%6ecr.example.no",
    ],
)  # fmt: skip
def test_what_cannot_be_read_beyond_doubt_is_nobodys(host: str) -> None:
    assert HOSTS.whose([host.encode()], "1.1") == NOBODY


def test_several_hosts_are_nobodys_and_none_is_only_for_the_old_kind() -> None:
    assert HOSTS.whose([b"ncr.example.no", b"ncr.example.no"], "1.1") == NOBODY
    assert HOSTS.whose([b"ncr.example.no", LABEL.encode()], "1.1") == NOBODY
    assert HOSTS.whose([], "1.1") == NOBODY
    assert HOSTS.whose([], "1.0") == OURS


def test_localhost_itself_is_ours_and_what_is_below_a_labs() -> None:
    assert LOCAL.whose([b"localhost:8000"], "1.1") == OURS
    assert LOCAL.whose([b"localhost."], "1.1") == OURS
    assert LOCAL.whose([f"{LABEL}.localhost:8000".encode()], "1.1") == lab()


def test_our_own_names_are_those_in_the_settings() -> None:
    settings = Settings(
        _env_file=None, public_url="https://ncr.example.no", entries_url="https://inn.ncr.example.no:8443"
    )
    assert Hosts.of(settings).own == {"ncr.example.no", "inn.ncr.example.no"}
    assert Hosts.of(Settings(_env_file=None)).own == frozenset()
