import pytest

from ncr.entries.web_headers import Header, entry_cookie, is_websocket, location, secrets_of, to_browser, to_lab

HOST = "a--b--c.localhost:8000"
INSIDE = ("web:8080", "web")


def lab(*headers: Header, upgrades: bool = False) -> dict[bytes, bytes]:
    passed = to_lab([(b"host", HOST.encode()), *headers], "192.0.2.7", "https", upgrades=upgrades)
    found = dict(passed)
    assert len(found) == len(passed)
    return found


def browser(*headers: Header) -> list[Header]:
    return to_browser(headers, HOST, "http", INSIDE)


OURS = {b"host": HOST.encode(), b"x-forwarded-for": b"192.0.2.7", b"x-forwarded-proto": b"https"}
OURS |= {b"x-forwarded-host": HOST.encode()}


def test_what_others_said_of_the_visitor_is_replaced() -> None:
    claims = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-real-ip")
    assert lab(*((name, b"evil") for name in claims)) == OURS


def test_the_hops_own_headers_stay_behind_and_others_pass_as_they_are() -> None:
    hop = [
        (b"connection", b"close, X-Mine"), (b"x-mine", b"1"), (b"te", b"trailers"), (b"keep-alive", b"5"),
        (b"upgrade", b"h2c"),
        (b"proxy-authorization", b"x"), (b"transfer-encoding", b"chunked"), (b"expect", b"100-continue"),
    ]  # fmt: skip
    passing = {b"accept-encoding": b"br", b"authorization": b"Basic x", b"content-length": b"3", b"range": b"bytes=1-"}
    assert lab(*hop, *passing.items()) == OURS | passing


def test_connection_cannot_take_away_what_is_needed() -> None:
    found = lab(
        (b"connection", b"host, cookie, content-length, x-forwarded-for"),
        (b"cookie", b"a=1"),
        (b"content-length", b"3"),
    )
    assert found == OURS | {b"cookie": b"a=1", b"content-length": b"3"}


def test_a_websocket_is_asked_for_in_our_own_words() -> None:
    found = lab(
        (b"connection", b"keep-alive, Upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-key", b"k"), upgrades=True
    )
    assert found == OURS | {b"connection": b"Upgrade", b"upgrade": b"websocket", b"sec-websocket-key": b"k"}
    assert is_websocket([(b"upgrade", b"WebSocket")])
    assert not is_websocket([(b"upgrade", b"h2c, websocket")])


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (b"a=1; b=2", b"a=1; b=2"),
        (b"a=1; __Host-ncr-entry=s; b=2", b"a=1; b=2"),
        (b"__Host-ncr=s;ncr=t; ncr-theme=dark; ncr-language=nb", None),
        (b" ncr-entry = s ; a=b=c", b"a=b=c"),
        (b"ncr-entry", None),
        (b"x-ncr=1; ncrx=2", b"x-ncr=1; ncrx=2"),
    ],
)
def test_no_cookie_of_ours_reaches_a_lab(given: bytes, passed: bytes | None) -> None:
    assert lab((b"cookie", given)).get(b"cookie") == passed


def test_cookies_sent_apart_arrive_as_one_header() -> None:
    assert lab((b"cookie", b"a=1"), (b"cookie", b"ncr=x"), (b"cookie", b"b=2"))[b"cookie"] == b"a=1; b=2"


def test_every_value_of_our_cookie_is_tried_within_reason() -> None:
    name = entry_cookie(safe=False)
    headers = [(b"cookie", b"%s=one; a=b; %s=two" % (name, name)), (b"cookie", b"; ".join([name + b"=x"] * 50))]
    assert secrets_of(headers, safe=False)[:2] == ["one", "two"]
    assert len(secrets_of(headers, safe=False)) == 16
    assert secrets_of(headers, safe=True) == []


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (b"a=1; Path=/; HttpOnly", b"a=1; Path=/; HttpOnly"),
        (b"a=1; Domain=localhost; Path=/", b"a=1; Path=/"),
        (b"a=1;DOMAIN = .example.no;domain=x", b"a=1"),
        (b"a=domain=x; Secure", b"a=domain=x; Secure"),
        (b"__Host-ncr-entry=evil; Path=/; Secure", None),
        (b" ncr-entry =evil", None),
        (b"=ncr-entry=evil", None),
        (b"==__Host-ncr=evil", None),
        (b"ncr", None),
        (b"", b""),
    ],
)
def test_a_labs_cookie_is_for_its_own_host_and_none_of_ours(given: bytes, passed: bytes | None) -> None:
    found = browser((b"set-cookie", given))
    assert found == ([(b"set-cookie", passed)] if passed else [])


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (b'"cookies"', None),
        (b'"cache", "cookies","storage"', b'"cache", "storage"'),
        (b'"*"', b'"cache", "storage", "executionContexts"'),
    ],
)
def test_a_lab_clears_nothing_of_other_hosts(given: bytes, passed: bytes | None) -> None:
    assert browser((b"clear-site-data", given)) == ([(b"clear-site-data", passed)] if passed else [])


def test_what_concerns_the_connection_alone_is_not_passed_back() -> None:
    hop = [
        (b"connection", b"x-mine"),
        (b"x-mine", b"1"),
        (b"alt-svc", b'h2="evil:443"'),
        (b"trailer", b"x"),
        (b"upgrade", b"h2c"),
    ]
    kept = [(b"content-length", b"3"), (b"x", b"y"), (b"x", b"z"), (b"content-security-policy", b"default-src *")]
    assert browser(*hop, *kept) == kept


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (b"/a?b#c", b"/a?b#c"),
        (b"//evil.example/a", b"//evil.example/a"),
        (b"http://web:8080", b"http://a--b--c.localhost:8000"),
        (b"HTTP://Web:8080/a", b"http://a--b--c.localhost:8000/a"),
        (b"https://a--b--c.localhost:8000?x", b"http://a--b--c.localhost:8000?x"),
        (b"http://web/x", b"http://a--b--c.localhost:8000/x"),
        (b"http://webb/x", b"http://webb/x"),
        (b"http://web:8080@evil/x", b"http://web:8080@evil/x"),
        (b"https://example.org/", b"https://example.org/"),
    ],
)
def test_redirects_to_its_own_service_lead_to_this_origin(given: bytes, seen: bytes) -> None:
    assert location(given, HOST, "http", INSIDE) == seen
