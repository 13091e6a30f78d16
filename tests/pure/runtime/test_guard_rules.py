"""The guard's rules: what a dump lacks, and what puts it right."""

from collections.abc import Sequence

import pytest

from ncr.errors import EngineError
from ncr.runtime.guard import Guard
from ncr.runtime.guard_rules import FORWARD, INPUT, RULES, missing, repair

HOST = """*filter
:INPUT ACCEPT [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j DOCKER
-A DOCKER-USER -j RETURN
"""


def standing(family: int) -> str:
    jumps = f"-A INPUT -j {INPUT}\n-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j {FORWARD}\n-A DOCKER-USER -j RETURN\n"
    return jumps + "\n".join(RULES[family])


@pytest.mark.parametrize("family", [4, 6])
def test_a_guard_that_stands_lacks_nothing(family: int) -> None:
    assert missing(standing(family), family) == []


@pytest.mark.parametrize("family", [4, 6])
def test_a_bare_host_lacks_everything(family: int) -> None:
    assert len(missing(HOST, family)) == 4


def test_dockers_own_chain_comes_first_in_forward() -> None:
    moved = standing(4).replace("-A FORWARD -j DOCKER-USER", "-A FORWARD -j ACCEPT\n-A FORWARD -j DOCKER-USER")
    assert missing(moved, 4) == ["IPv4 jump from FORWARD"]
    assert repair(moved, 4).index("-D FORWARD -j DOCKER-USER") < repair(moved, 4).index("-I FORWARD 1 -j DOCKER-USER")


@pytest.mark.parametrize("family", [4, 6])
def test_every_single_rule_is_missed(family: int) -> None:
    for rule in RULES[family]:
        assert missing(standing(family).replace(rule, "", 1), family) == [f"IPv{family} rules of {rule.split()[1]}"]


def test_rules_in_another_order_or_too_many_are_not_the_guard() -> None:
    assert missing(standing(4) + f"\n-A {INPUT} -i ncr-+ -j ACCEPT", 4) == [f"IPv4 rules of {INPUT}"]
    assert missing(f"-A {INPUT} -i ncr-+ -j ACCEPT\n" + standing(4), 4) == [f"IPv4 rules of {INPUT}"]


def test_a_rule_before_the_jump_is_a_gap() -> None:
    assert missing("-A INPUT -i ncr-+ -j ACCEPT\n" + standing(4), 4) == ["IPv4 jump from INPUT"]


def test_without_dockers_own_chain_forward_itself_is_hooked() -> None:
    assert f"-I FORWARD 1 -j {FORWARD}" in repair("-A FORWARD -j ACCEPT\n", 4)
    assert f"-I DOCKER-USER 1 -j {FORWARD}" in repair(HOST, 4)


def test_a_jump_in_the_wrong_place_is_moved_not_doubled() -> None:
    told = repair(f"-A INPUT -j ACCEPT\n-A INPUT -j {INPUT}\n", 4).splitlines()
    assert told.index(f"-D INPUT -j {INPUT}") < told.index(f"-I INPUT 1 -j {INPUT}")


def test_every_kind_of_bridge_is_dropped_at_the_host() -> None:
    for family, rules in RULES.items():
        for kind in ("ncr-+", "ncrc-+", "ncri-+"):
            assert f"-A {INPUT} -i {kind} -j DROP" in rules, (family, kind)


class Desk:
    """A host whose tables are told, dump by dump."""

    def __init__(self, *dumps: str) -> None:
        self.dumps = list(dumps)
        self.told: list[str] = []

    def read(self, path: str) -> str:
        return ""

    def command(self, words: Sequence[str], stdin: bytes = b"") -> bytes:
        if "restore" in words[0]:
            self.told.append(stdin.decode())
            return b""
        return (self.dumps.pop(0) if len(self.dumps) > 1 else self.dumps[0]).encode()


def test_a_jump_the_engine_takes_out_for_a_moment_is_not_missed() -> None:
    moment = standing(4).replace("-A FORWARD -j DOCKER-USER\n", "")
    desk = Desk(moment, moment, standing(4))
    assert Guard(desk).ensure() == []  # type: ignore[arg-type]
    assert desk.told == []


def test_what_stays_away_is_put_back_once_and_told() -> None:
    away = standing(4).replace(f"-A INPUT -j {INPUT}\n", "")
    desk = Desk(*[away] * 5, standing(4))
    assert Guard(desk).ensure() == ["IPv4 jump from INPUT"]  # type: ignore[arg-type]
    assert len(desk.told) == 1


def test_a_guard_that_will_not_stand_is_an_error() -> None:
    with pytest.raises(EngineError, match="nothing may start"):
        Guard(Desk(HOST)).ensure()  # type: ignore[arg-type]
