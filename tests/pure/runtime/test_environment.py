"""An environment's steps on an engine that misbehaves."""

import pytest

from ncr.errors import EngineError, EngineUnavailable, SubnetTaken
from ncr.runtime import environment
from ncr.runtime.engine import ExecResult
from ncr.runtime.identity import Identity
from ncr.runtime.objects import ContainerSpec
from ncr.runtime.simulated import SimulatedEngine
from ncr.runtime.simulated_mischief import How
from ncr.scenario.topology import Healthcheck
from tests.pure.runtime.scenes import made, scene, service

WELL = Healthcheck(("CMD", "true"), interval_s=0.1, timeout_s=0.1, retries=1)
SICK = Healthcheck(("CMD", "false"), interval_s=0.1, timeout_s=0.1, retries=1)
SHOP = scene(
    service("db", healthcheck=WELL),
    service("migrate", depends_on={"db": "healthy"}),
    service("shop", depends_on={"migrate": "completed", "db": "started"}, replicas=2),
)


def engine() -> SimulatedEngine:
    return SimulatedEngine(completes={"migrate": 0})


def test_everything_is_started_in_the_order_of_its_dependencies() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    started = [name for verb, name in world.calls if verb == "start"]
    order = [started.index(plan.of(service)[0].name) for service in ("db", "migrate", "shop")]
    assert order == sorted(order)
    assert environment.health(world.observe(plan.who.labels), plan) == dict.fromkeys(
        ("db", "migrate", "shop", "@gate"), "up"
    )


def test_nothing_starts_without_the_guard() -> None:
    world = engine()
    world.misbehave("ensure_guard", "error")
    with pytest.raises(EngineError):
        environment.build(world, made(SHOP))
    assert not [verb for verb, _ in world.calls if verb == "start"]


def test_a_sick_service_is_named() -> None:
    world, plan = engine(), made(scene(service("db", healthcheck=SICK), service("web")))
    world = SimulatedEngine(health_after_s=60)
    with pytest.raises(EngineError, match="service db is not healthy"):
        environment.build(world, plan)


def test_a_service_that_ends_is_named_with_its_last_words() -> None:
    world = SimulatedEngine(completes={"db": 3})
    with pytest.raises(EngineError, match="service db ended with 3; it last wrote"):
        environment.build(world, made(SHOP))


@pytest.mark.parametrize("how", ["error", "late", "half"])
@pytest.mark.parametrize("verb", ["ensure_network", "ensure_volume", "ensure_container", "start", "ensure_image"])
def test_building_again_repairs_what_a_failure_left(verb: str, how: How) -> None:
    world, plan = engine(), made(SHOP)
    world.misbehave(verb, how, times=1)
    with pytest.raises(EngineError):
        environment.build(world, plan)
    environment.build(world, plan)
    environment.verify(world, plan)
    seen = world.observe(plan.who.labels)
    assert len(seen.containers) == 5
    assert all(len(one.addresses) >= 1 for one in seen.containers.values())


def test_a_lost_container_is_made_again_and_the_others_are_kept() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    before = world.observe(plan.who.labels).containers
    world.restart(losing="*-db")
    assert environment.health(world.observe(plan.who.labels), plan)["db"] == "missing"
    environment.build(world, plan)
    after = world.observe(plan.who.labels).containers
    kept = [name for name, one in before.items() if after[name].created_at == one.created_at]
    assert sorted(kept) == sorted(set(before) - {plan.of("db")[0].name})


def test_a_new_generation_replaces_everything() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    second = made(SHOP, Identity("t", "ex", "a", 2))
    environment.build(world, second)
    seen = world.observe(plan.who.labels)
    assert {one.labels["ncr.generation"] for one in seen.containers.values()} == {"2"}


def test_held_environments_open_and_what_ended_keeps_nobody_from_it_but_the_gate() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    environment.hold(world, plan)
    environment.hold(world, plan)
    states = {one.state for one in world.observe(plan.who.labels).containers.values()}
    assert states == {"paused", "exited"}
    environment.open_(world, plan)
    world.crash(plan.of("db")[0].name)
    environment.hold(world, plan)
    environment.open_(world, plan)
    assert environment.health(world.observe(plan.who.labels), plan)["db"] == "exited"
    world.crash(plan.gate.name)
    with pytest.raises(EngineError, match="not running: the gate"):
        environment.open_(world, plan)


def test_removing_leaves_nothing_and_may_be_repeated() -> None:
    world, plan, other = engine(), made(SHOP), made(SHOP, Identity("t", "ex", "b"), first=8)
    environment.build(world, plan)
    environment.build(world, other)
    world.misbehave("remove_container", "error", times=3)
    world.misbehave("remove_network", "error", times=1)
    environment.remove(world, plan.who.labels)
    environment.remove(world, plan.who.labels)
    assert not world.observe(plan.who.labels)
    assert len(world.observe(other.who.labels).containers) == 5


def test_what_cannot_be_removed_is_said() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    world.misbehave("remove_container", "error", on="*-db", times=99)
    with pytest.raises(EngineError, match=r"still there: .*-db"):
        environment.remove(world, plan.who.labels)


def test_an_engine_that_is_down_is_told_from_one_that_refuses() -> None:
    world = engine()
    world.set_down(True)
    with pytest.raises(EngineUnavailable):
        environment.build(world, made(SHOP))


def test_foreign_addresses_are_told_from_other_refusals() -> None:
    world = engine()
    environment.build(world, made(SHOP))
    with pytest.raises(SubnetTaken) as caught:
        environment.build(world, made(SHOP, Identity("t", "ex", "b")))
    assert caught.value.cidr == "10.130.0.0/26"


def test_anything_reached_is_a_failed_verification() -> None:
    world, plan = engine(), made(SHOP)

    def leaky(spec: ContainerSpec) -> ExecResult:
        return ExecResult(0, b"open the host at 192.0.2.1 port 22\ndone\n")

    environment.build(world, plan)
    world.on_run = leaky
    with pytest.raises(EngineError, match=r"a container reaches the host at 192\.0\.2\.1 port 22"):
        environment.verify(world, plan)


@pytest.mark.parametrize("answer", [ExecResult(0, b""), ExecResult(1, b"done\n"), ExecResult(None, b"")])
def test_a_probe_that_did_not_finish_is_a_failed_verification(answer: ExecResult) -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    world.on_run = lambda spec: answer
    with pytest.raises(EngineError, match="did not finish"):
        environment.verify(world, plan)


def test_a_service_is_restarted_behind_the_guard() -> None:
    world, plan = engine(), made(SHOP)
    environment.build(world, plan)
    world.calls.clear()
    environment.restart(world, plan, "db")
    assert [verb for verb, _ in world.calls][:3] == ["ensure_guard", "stop", "start"]
