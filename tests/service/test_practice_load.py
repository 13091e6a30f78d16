"""Many students at once, over HTTP, against a service in a process of its own: a small benchmarks.practiceload."""

from benchmarks import practiceload


def test_forty_students_in_a_few_seconds_are_all_served_as_promised() -> None:
    told = practiceload.main(40, "simulated", runs=8, within_s=5.0, stay_s=(0.5, 2.0))
    assert (told["served"], told["trouble"], told["leftovers"]) == (40, [], 0)
    assert told["queued"] > 0
    # All but those who came before anything had been measured were told a time; it was kept, give or take the machine.
    assert told["promised"] >= 35
    assert told["latest_promise_late_s"] < 15
