"""The disk watchdog's verdicts."""

import pytest

from ncr.runtime import disk
from ncr.runtime.environment import build
from ncr.runtime.objects import SERVICE, FileSpec, SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from tests.pure.runtime.scenes import made, scene, service


@pytest.mark.parametrize(
    ("mib", "state", "act"),
    [
        (99.9, "running", None), (100, "running", "pause"), (199, "paused", None), (200, "running", "stop"),
        (200, "paused", "stop"), (500, "exited", None), (500, "created", None),
    ],
)  # fmt: skip
def test_over_the_soft_limit_is_frozen_and_over_the_hard_one_stopped(mib: float, state: str, act: str | None) -> None:
    seen = {"c": SeenContainer("c", state, {SERVICE: "shop"})}  # type: ignore[arg-type]
    found = disk.verdicts({"c": mib, "gone": 999}, seen, 100, 200)
    assert [verdict.act for verdict in found] == ([act] if act else [])


def test_only_the_one_that_writes_is_frozen_and_the_notice_names_it() -> None:
    world, plan = SimulatedEngine(), made(scene(service("shop"), service("db")))
    build(world, plan)
    world.put_files(plan.of("shop")[0].name, [FileSpec("/fill", bytes(2 * 2**20))])
    found = disk.watch(world, plan.who.labels, 1, 4)
    assert [str(verdict) for verdict in found] == ["service shop has written 2 MiB and is frozen; reset it to go on"]
    states = {one.labels.get(SERVICE): one.state for one in world.observe(plan.who.labels).containers.values()}
    assert states == {"shop": "paused", "db": "running", None: "running"}
    assert disk.watch(world, plan.who.labels, 1, 4) == []
