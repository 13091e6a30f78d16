import pytest

from ncr.entries.web_answer import Answer, Garbled

OK = b"HTTP/1.1 200 OK\r\n"
SWITCH = b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def read(data: bytes, method: str = "GET", step: int = 0, *, upgrades: bool = False, ends: bool = False) -> Answer:
    """The answer after these bytes, fed at once or in small steps."""
    answer, size = Answer(method, upgrades=upgrades), step or len(data)
    for at in range(0, len(data), size):
        if not answer.is_done:
            answer.feed(data[at : at + size])
    if ends:
        answer.end()
    return answer


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (OK + b"Content-Length: 3\r\n\r\nabc", b"abc"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n", b"abcde"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
            b"a",
        ),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_a_whole_answer_leaves_the_connection_clean(data: bytes, body: bytes, step: int) -> None:
    answer = read(data, step=step)
    assert (answer.is_done, answer.is_clean, answer.take()) == (True, True, body)


def test_an_answer_without_length_ends_with_the_connection() -> None:
    answer = read(OK + b"\r\nabc")
    assert not answer.is_done
    answer.end()
    assert (answer.is_done, answer.is_clean, answer.take()) == (True, False, b"abc")


def test_one_with_a_length_is_not_done_when_the_connection_ends_before() -> None:
    assert not read(OK + b"Content-Length: 9\r\n\r\nabc", ends=True).is_done
    assert not read(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ends=True).is_done


def test_the_answer_to_a_head_has_no_body() -> None:
    for more in (b"Content-Length: 9\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        answer = read(OK + more, "HEAD")
        assert (answer.is_done, answer.is_clean, answer.take()) == (True, True, b"")


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 3\r\n\r\nabcevil",
        (OK + b"Content-Length: 3\r\n\r\nabc") * 2,
        OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_connection_on_which_more_came_or_that_closes_is_not_used_again(data: bytes) -> None:
    answer = read(data)
    assert (answer.is_done, answer.is_clean, answer.take()) == (True, False, b"abc")


def test_a_body_where_none_may_be_dirties_the_connection() -> None:
    for data, method in (
        (OK + b"Content-Length: 4\r\n\r\nevil", "HEAD"),
        (b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nevil", "GET"),
    ):
        answer = read(data, method)
        assert (answer.is_done, answer.is_clean, answer.take()) == (True, False, b"")


def test_a_switch_hands_over_what_came_behind_it() -> None:
    answer = read(SWITCH + b"\x81\x02hi", upgrades=True)
    assert answer.head is not None
    assert (answer.head.status, answer.rest, answer.is_clean) == (101, b"\x81\x02hi", False)


@pytest.mark.parametrize("step", [0, 1, 64])
@pytest.mark.parametrize(
    "data",
    [
        SWITCH,
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 099 No\r\n\r\n",
        b"HTTP/1.1 600 No\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
        OK + b"Content-Length: 3, 3\r\n\r\n",
        OK + b"Content-Length: +3\r\n\r\n",
        OK + b"Content-Length: 9999999999999999\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: identity\r\n\r\n",
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + b"X: y\r\n" * 201 + b"\r\n",
        OK + b"X: " + b"y" * 70_000,
        b"HTTP/1.1 103 Hints\r\n\r\n" * 17,
    ],
)
def test_what_can_be_read_in_two_ways_or_has_no_end_is_refused(data: bytes, step: int) -> None:
    with pytest.raises(Garbled):
        read(data, step=step)


def test_a_switch_without_its_words_is_refused() -> None:
    with pytest.raises(Garbled):
        read(b"HTTP/1.1 101 Switching\r\n\r\n", upgrades=True)
