"""The guard's rules: what a dump lacks, and what puts it right."""

import pytest

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


@pytest.mark.parametrize("family", [4, 6])
def test_every_single_rule_is_missed(family: int) -> None:
    for rule in RULES[family]:
        assert missing(standing(family).replace(rule, "", 1), family) == [f"IPv{family} rules of {rule.split()[1]}"]


def test_rules_in_another_order_or_too_many_are_not_the_guard() -> None:
    assert missing(standing(4) + f"\n-A {INPUT} -i ncr-+ -j ACCEPT", 4) == [f"IPv4 rules of {INPUT}"]
    assert missing(f"-A {INPUT} -i ncr-+ -j ACCEPT\n" + standing(4), 4) == [f"IPv4 rules of {INPUT}"]


def test_a_rule_before_the_jump_is_a_gap() -> None:
    assert missing("-A INPUT -i ncr-+ -j ACCEPT\n" + standing(4), 4) == ["IPv4 jump from INPUT"]


def test_without_dockers_own_chain_first_forward_itself_is_hooked() -> None:
    assert f"-I FORWARD 1 -j {FORWARD}" in repair("-A FORWARD -j ACCEPT\n-A FORWARD -j DOCKER-USER\n", 4)
    assert f"-I DOCKER-USER 1 -j {FORWARD}" in repair(HOST, 4)


def test_a_jump_in_the_wrong_place_is_moved_not_doubled() -> None:
    told = repair(f"-A INPUT -j ACCEPT\n-A INPUT -j {INPUT}\n", 4).splitlines()
    assert told.index(f"-D INPUT -j {INPUT}") < told.index(f"-I INPUT 1 -j {INPUT}")


def test_every_kind_of_bridge_is_dropped_at_the_host() -> None:
    for family, rules in RULES.items():
        for kind in ("ncr-+", "ncrc-+", "ncri-+"):
            assert f"-A {INPUT} -i {kind} -j DROP" in rules, (family, kind)
