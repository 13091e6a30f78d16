"""Whether the machine has room for an exercise beside the others."""

from datetime import UTC, datetime, timedelta

from ncr.exercise.capacity import Amount, Window, collisions, need, room
from ncr.scenario.topology import Network, Service, Topology

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROOM = Amount(memory_mib=1000, cpus=10, networks=5)


def window(title: str, start_h: float, end_h: float, **amount: float) -> Window:
    need = Amount(amount.get("memory_mib", 0), amount.get("cpus", 0), int(amount.get("networks", 0)))
    return Window(title, NOON + timedelta(hours=start_h), NOON + timedelta(hours=end_h), need)


def test_what_fits_collides_with_nothing():
    assert collisions(window("a", 0, 1, memory_mib=1000, cpus=10, networks=5), [], ROOM) == []


def test_every_shortage_is_named_with_its_figures():
    found = collisions(window("a", 0, 1, memory_mib=1001, cpus=11, networks=6), [], ROOM)
    assert found == [
        "a needs 1001 MiB of memory, and there is room for 1000",
        "a needs 11 cores, and there is room for 10",
        "a needs 6 networks, and there is room for 5",
    ]


def test_the_exercise_it_collides_with_is_named():
    found = collisions(window("a", 0, 2, memory_mib=600), [window("b", 1, 3, memory_mib=600)], ROOM)
    assert found == ["a needs 1200 MiB of memory beside b, and there is room for 1000"]


def test_exercises_one_after_the_other_do_not_collide():
    others = [window("b", -1, 0, memory_mib=600), window("c", 1, 2, memory_mib=600)]
    assert collisions(window("a", 0, 1, memory_mib=600), others, ROOM) == []


def test_two_others_that_never_overlap_are_not_added_up():
    others = [window("b", 0, 1, memory_mib=400), window("c", 1, 2, memory_mib=400)]
    assert collisions(window("a", 0, 2, memory_mib=600), others, ROOM) == []


def test_an_environment_needs_its_services_limits_its_networks_and_its_gate():
    services = {"web": Service("web", memory_mib=100, cpus=1.0), "db": Service("db", replicas=2)}
    topology = Topology(services, {"lan": Network("lan"), "dmz": Network("dmz")})
    assert need(topology, 256, 0.5) == Amount(64 + 100 + 2 * 256, 2.0, 2)


def test_the_service_keeps_its_own_memory():
    assert room(1024, 2, 10, reserve_memory_mib=2048) == Amount(0, 32, 10)
