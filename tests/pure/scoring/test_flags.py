"""Per-team flags: own, stable, unlike any other."""

from ncr.scoring import flags

SECRET = "5f" * 32


def test_a_flag_is_the_same_every_time_and_differs_by_everything_it_is_made_of() -> None:
    made = [
        flags.flag(SECRET, "e1", "root", "p1"),
        flags.flag(SECRET, "e1", "root", "p2"),
        flags.flag(SECRET, "e1", "user", "p1"),
        flags.flag(SECRET, "e2", "root", "p1"),
        flags.flag("00" * 32, "e1", "root", "p1"),
    ]
    assert made[0] == flags.flag(SECRET, "e1", "root", "p1")
    assert len(set(made)) == 5
    assert all(flag.startswith("NCR{") and flag.endswith("}") and len(flag) == 31 for flag in made)


def test_names_that_run_together_give_different_flags() -> None:
    assert flags.flag(SECRET, "e", "ab", "c") != flags.flag(SECRET, "e", "a", "bc")


def test_the_owner_of_a_flag_is_found() -> None:
    players = ["p1", "p2", "p3"]
    assert flags.owner(flags.flag(SECRET, "e", "root", "p2"), SECRET, "e", "root", players) == "p2"
    assert flags.owner("NCR{no}", SECRET, "e", "root", players) is None
    assert flags.owner(flags.flag(SECRET, "e", "user", "p2"), SECRET, "e", "root", players) is None
