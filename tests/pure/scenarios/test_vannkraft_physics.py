"""The hydropower station against its own equations, and against the answers its tasks want."""

from math import isclose, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.scenario import loader
from ncr.scenario.model import Number
from tests.pure.scenarios.own_modules import SCENARIOS, load

physics: Any
station: Any
control: Any
physics, station, control = load("vannkraft", ("images/anlegg", "images/plc"), "physics", "station", "control")
openings = st.floats(0, 1)
levels = st.floats(physics.BED_M + 1.5, 414)
HOUR_S = 3600


def run(state: Any, seconds: float, inflow: float, step_s: float = 0.5, orders: Any = None) -> Any:
    wanted = orders or physics.Orders(state.vane, state.gate)
    for _ in range(round(seconds / step_s)):
        state = physics.step(state, wanted, inflow, step_s)
    return state


@given(levels)
def test_level_and_volume_are_each_others_inverse(level: float) -> None:
    assert isclose(physics.level(physics.volume(level)), level, abs_tol=1e-9)


@given(st.floats(0.05, 1), levels)
def test_the_turbines_flow_solves_the_equation_it_comes_from(vane: float, level: float) -> None:
    flow = physics.turbine_flow(level, vane)
    wanted = vane * physics.RATED_FLOW * sqrt(physics.net_head(level, flow) / physics.RATED_HEAD_M)
    assert isclose(flow, wanted, rel_tol=1e-12)


@given(st.floats(0.05, 1), levels)
def test_the_waters_energy_is_power_loss_in_the_machine_and_friction(vane: float, level: float) -> None:
    flow = physics.turbine_flow(level, vane)
    fallen = physics.RHO * physics.G * flow * (level - physics.TAILWATER_M)
    power = physics.power(level, flow)
    machine = power * (1 / physics.efficiency(flow) - 1)
    friction = physics.RHO * physics.G * flow * physics.LOSS * flow**2
    assert isclose(fallen, power + machine + friction, rel_tol=1e-12)
    assert 0 < power < fallen


def test_friction_is_darcy_weisbachs() -> None:
    speed = 16 / physics.PIPE_AREA_M2
    wanted = physics.FRICTION * physics.PIPE_LENGTH_M / physics.PIPE_DIAMETER_M * speed**2 / (2 * physics.G)
    assert isclose(physics.LOSS * 16**2, wanted, rel_tol=1e-12)


def test_what_runs_in_and_out_is_what_the_reservoir_gains() -> None:
    state, inflow, out, step_s = physics.State(physics.volume(412.8), vane=0.5, gate=0.6), 9.0, 0.0, 2.0
    first = state.volume_m3
    for _ in range(1800):
        middle = physics.step(state, physics.Orders(0.5, 0.6), inflow, step_s / 2)
        after = physics.step(state, physics.Orders(0.5, 0.6), inflow, step_s)
        flows = [physics.outflow(at, at.volume_m3) for at in (state, middle, after)]
        out += step_s / 6 * (flows[0] + 4 * flows[1] + flows[2])  # Simpson's rule
        state = after
    assert state.volume_m3 - first == pytest.approx(inflow * HOUR_S - out, abs=1e-3)


def test_an_emptying_reservoir_follows_the_closed_form() -> None:
    """Without inflow or turbine, t = (2 (A0 + s a/2) sqrt(y) + 2/3 s y^(3/2)) / c between its ends, y the head."""
    middle = physics.GATE_HEIGHT_M / 2

    def time_left(level: float) -> float:
        y = level - physics.BED_M - middle
        c = physics.GATE_CD * physics.GATE_WIDTH_M * physics.GATE_HEIGHT_M * sqrt(2 * physics.G)
        area = physics.AREA_M2 + physics.SLOPE_M * middle
        return float((2 * area * sqrt(y) + 2 / 3 * physics.SLOPE_M * y**1.5) / c)

    start, seconds = 412.0, 2 * HOUR_S
    state = run(physics.State(physics.volume(start), vane=0.0, gate=1.0), seconds, 0.0)
    assert time_left(start) - time_left(physics.level(state.volume_m3)) == pytest.approx(seconds, abs=1e-3)


def test_a_step_of_half_the_length_is_sixteen_times_as_good() -> None:
    start = physics.State(physics.volume(413.4), vane=0.9, gate=1.0)
    exact = run(start, 1800, 2.0, 1.0).volume_m3
    coarse, fine = (abs(run(start, 1800, 2.0, step_s).volume_m3 - exact) for step_s in (300.0, 150.0))
    assert 8 < coarse / fine < 40


def test_as_much_in_as_out_keeps_the_level() -> None:
    state = physics.State(physics.volume(412.0), vane=0.75)
    balance = physics.outflow(state, state.volume_m3)
    assert run(state, HOUR_S, balance).volume_m3 == pytest.approx(state.volume_m3, abs=1e-6)


@given(levels, levels, openings, openings)
def test_more_water_or_a_wider_opening_never_lets_less_through(a: float, b: float, c: float, d: float) -> None:
    low, high = sorted((a, b))
    narrow, wide = sorted((c, d))
    assert physics.spill_flow(low) <= physics.spill_flow(high)
    assert physics.gate_flow(low, wide) <= physics.gate_flow(high, wide)
    assert physics.turbine_flow(low, wide) <= physics.turbine_flow(high, wide)
    assert physics.turbine_flow(low, narrow) <= physics.turbine_flow(low, wide)


@given(levels, openings, openings, st.floats(-5, 5), st.floats(-5, 5), st.booleans())
def test_openings_stay_within_their_ends_and_their_servos_speed(
    level: float, vane: float, gate: float, wanted_vane: float, wanted_gate: float, tripped: bool
) -> None:
    before = physics.State(physics.volume(level), vane, gate, tripped)
    after = physics.step(before, physics.Orders(wanted_vane, wanted_gate), 12.0)
    assert 0 <= after.vane <= 1
    assert 0 <= after.gate <= 1
    assert abs(after.gate - gate) <= physics.STEP_S / physics.GATE_TRAVEL_S + 1e-12
    assert abs(after.vane - vane) <= physics.STEP_S / physics.TRIP_TRAVEL_S + 1e-12


def test_a_tripped_turbine_shuts_whatever_the_controller_wants() -> None:
    state = run(physics.State(physics.volume(412), vane=1.0, tripped=True), 12, 12.0, orders=physics.Orders(1.0, 0.0))
    assert state.vane == pytest.approx(0, abs=1e-9)


@given(st.floats(0, 40), openings, openings, st.floats(406, 414))
def test_the_reservoir_never_holds_less_than_nothing(inflow: float, vane: float, gate: float, level: float) -> None:
    state = run(physics.State(physics.volume(level), vane, gate), 600, inflow, 5.0)
    assert 0 <= state.volume_m3 < physics.volume(420)


@pytest.mark.parametrize("inflow", [11.2, 12.0, 12.8, 18.8])
def test_automatic_operation_keeps_level_and_power_within_limits(inflow: float) -> None:
    state, settings = physics.State(physics.volume(412)), control.Settings()
    for _ in range(4 * HOUR_S):
        cell_ma = 4 + 16 * (physics.level(state.volume_m3) - 406) / 10
        vane, gate = control.openings(settings, control.measured_m(settings, cell_ma))
        state = physics.step(state, physics.Orders(vane, gate), inflow)
        level = physics.level(state.volume_m3)
        assert physics.LEAST_M + 0.2 < level < physics.MOST_M - 0.2
        assert 6.0e6 < physics.power(level, physics.turbine_flow(level, state.vane)) < 15.5e6


def test_a_plant_that_was_frozen_goes_on_from_where_it_was() -> None:
    frozen, awake = station.Station(), station.Station()
    for one, real_s in ((frozen, HOUR_S), (awake, station.LONGEST_GAP_S)):
        one.order(0.0, 1.0)
        one.pass_time(real_s)
    assert frozen.meters() == awake.meters()


def test_time_passes_in_whole_steps_however_it_is_cut() -> None:
    coarse, fine = station.Station(), station.Station()
    for one, times in ((coarse, 4), (fine, 64)):
        one.order(0.2, 0.7)
        for _ in range(times):
            one.pass_time(2 / times)  # halves and their halves: exact in binary
    assert coarse.meters() == fine.meters()
    assert coarse.meters()["level_m"] != 412.0


@pytest.mark.parametrize(
    ("level", "state"),
    [(411.49, "down"), (411.5, "degraded"), (411.75, "up"), (412.25, "up"), (412.5, "degraded"), (412.51, "down")],
)
def test_the_level_is_judged_by_the_licence(level: float, state: str) -> None:
    assert station.level_judgement(level) == state


def test_the_tasks_want_what_the_equations_give() -> None:
    tasks = {task.id: task.answer for task in loader.load(SCENARIOS / "vannkraft").definition.tasks}
    settings = control.Settings()
    emptying = next(
        seconds / 60
        for seconds in range(0, HOUR_S, 10)
        if physics.level(
            run(physics.State(physics.volume(412), 0.75, 1.0), seconds, physics.turbine_flow(412, 0.75), 10).volume_m3
        )
        < physics.LEAST_M
    )
    answers = {
        "trykkcella": control.measured_m(settings, 13.12),
        "effekten": physics.power(412.0, 14.0) / 1e6,
        "trykkstotet": physics.pressure_rise(1100, 12 / physics.PIPE_AREA_M2) / 1e5,
        "luka": round(emptying),
    }
    for task, computed in answers.items():
        wanted = tasks[task]
        assert isinstance(wanted, Number)
        assert computed == pytest.approx(wanted.number, abs=max(0.006, wanted.tolerance / 10)), task
