"""The frames, word for word as PROTOCOL.md has them."""

import json
from datetime import UTC, datetime

from ncr.exercise.lifecycle import State
from ncr.live import frames
from ncr.live.rows import Life, Said, Sight

NOW = datetime(2027, 3, 1, 9, 0, 0, 500000, tzinfo=UTC)
LIFE = Life("x", "e", "d", State.RUNNING, 417, None, {"t_s": 1.5, "at": NOW}, 0, 0.0)


def test_hello_says_where_the_reader_stands() -> None:
    told = json.loads(frames.hello("team", "e", 417, True, NOW, LIFE).data)
    assert told == {
        "type": "hello",
        "exercise": "x",
        "epoch": "e",
        "head": 417,
        "resume": True,
        "audience": "team",
        "server_time": "2027-03-01T09:00:00.500000Z",
        "state": "running",
        "frozen": False,
        "clock": {"t_s": 1.5, "at": "2027-03-01T09:00:00.500000Z"},
    }


def test_facts_are_numbered_from_the_one_after_the_last_and_resumed_after_the_newest() -> None:
    frame = frames.facts(412, 417, [{"seq": 413}], {"rows": frames.fragment([{"team": "a"}]), "order": ["a"]})
    told = json.loads(frame.data)
    assert told == {
        "type": "facts",
        "from": 413,
        "to": 417,
        "facts": [{"seq": 413}],
        "rows": [{"team": "a"}],
        "order": ["a"],
    }
    assert frame.number == 417


def test_beats_and_farewells_leave_no_number() -> None:
    assert frames.beat(417, NOW).number is None
    assert json.loads(frames.bye("slow").data) == {"type": "bye", "reason": "slow", "retry_after": 1.0}
    assert frames.CLOSE_CODES["slow"] == 4408


def test_a_message_is_for_staff_and_for_the_teams_it_is_addressed_to() -> None:
    def heard(participant: str | None, *to: str) -> list[str]:
        said = Said(1, participant, to, {})
        sights = {"public": Sight("public"), "staff": Sight("staff"), "a": Sight("team", "a"), "b": Sight("team", "b")}
        return [name for name, sight in sights.items() if said.is_for(sight)]

    assert heard(None, "teams") == ["staff", "a", "b"]
    assert heard("a", "teams") == ["staff", "a"]
    assert heard(None, "staff") == ["staff"]
    assert heard(None, "technical") == ["staff", "a", "b"]
