"""Conditions, metrics, evaluations, objectives and goals of an SDL file as checks, tasks, points and objectives."""

from fractions import Fraction
from math import gcd
from typing import Any

from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import as_text
from ncr.scenario.importers.sdl.making import Making, assigned, listed, shown
from ncr.scenario.importers.sdl.model import Condition, Metric
from ncr.scenario.importers.sdl.world import PLACE

EVERY_S, TIMEOUT_S = 30, 10
# The last line printed, exactly 1 however it is written, is what Ranger holds for met.
_IS_ONE = 'value=$(sh -c "$1" | tail -n 1); case "$value" in 1|1.|1.0|1.00|1.000) exit 0;; esac; echo "$value"; exit 1'
_HOW = (
    "a value of exactly 1 is up and anything else is down: a command asked in the service has no third answer; "
    "a value between is down here, not a part of the points"
)


def make(making: Making, duration_s: int) -> None:
    """Fill checks, tasks, objectives and scoring."""
    for key, condition in making.source.sdl.conditions.items():
        _condition(making, key, condition, duration_s)
    _points(making, duration_s)
    _objectives(making)
    for key, metric in making.source.sdl.metrics.items():
        if metric.type == "manual":
            _judged(making, key, metric)
    _passes(making)


def command_of(making: Making, key: str) -> list[str]:
    """The command that asks a condition and ends with 0 when it is met."""
    condition = making.source.sdl.conditions[key]
    package = condition.source
    row = making.table.find(package.name, package.version) if package else None
    if row is not None and row.command:
        asked = " ".join(row.command)
    else:
        asked = condition.command or f"{PLACE}/conditions/{making.checks.of(key)}"
    return assigned(condition.environment, ["sh", "-c", _IS_ONE, "condition", asked])


def _condition(making: Making, key: str, condition: Condition, duration_s: int) -> None:
    path, report = under("conditions", key), making.report
    nodes = [name for name, node in making.machines() if key in node.conditions]
    if not nodes:
        report.left(path, "no deployed machine asks it")
        return
    every = min(condition.interval or EVERY_S, duration_s)
    for node in nodes:
        check = making.checks.of(key) if len(nodes) == 1 else making.checks.new(f"{key} {node}")
        making.asked.setdefault(key, []).append((node, check))
        listed(making.draft.definition, "checks").append(
            {
                "id": check,
                "title": condition.name or key,
                "service": making.services.of(node),
                "every": f"{every}s",
                "timeout": f"{min(TIMEOUT_S, every)}s",
                "probe": {"exec": command_of(making, key)},
            }
        )
        role = making.source.sdl.nodes[node].conditions[key]
        user = making.source.sdl.nodes[node].roles[role].username
        why = f"asked as the service's own user, where it was asked as {user}"
        report.mapped(under("nodes", node, "conditions", key), f"checks.{check}", why)
    report.mapped(path, f"checks.{making.asked[key][0][1]}", _HOW)
    if any(metric.condition == key for metric in making.source.sdl.metrics.values()):
        report.warn("value-between", path, "a value between 0 and 1 gives a part of the points there and none here")
    if condition.interval and condition.interval != every:
        report.mapped(under(path, "interval"), "checks.*.every", "longer than the exercise; asked once in it")
    if condition.source:
        why = f"{shown(condition.source)}: the file in images/ is a placeholder unless the site's table names a command"
        report.mapped(under(path, "source"), "checks.*.probe", why)


def _points(making: Making, duration_s: int) -> None:
    # A check gives whole points a tick, so its share of the whole is in the points and the length of it in the weight:
    # up all the time, points * (duration / every) * weight is the most that the metric gives, exactly.
    sdl, checks = making.source.sdl, {one["id"]: one for one in making.draft.definition.get("checks", [])}
    worth: dict[str, tuple[str, Fraction]] = {}
    for key, metric in sdl.metrics.items():
        for _, check in making.asked.get(metric.condition or "", []):
            every = int(checks[check]["every"].removesuffix("s"))
            worth[check] = (key, Fraction(metric.max_score * every, len(making.asked[metric.condition or ""])))
        if metric.type == "conditional":
            _tell_metric(making, key, metric)
    if not worth:
        return
    common = Fraction(gcd(*(w.numerator for _, w in worth.values())), 1)
    unit = common / max(w.denominator for _, w in worth.values())
    for check, (_, share) in worth.items():
        checks[check]["points"] = max(1, min(100_000, int(share / unit)))
    making.draft.definition["scoring"] = {"weights": {"checks": float(unit / duration_s)}}


def _tell_metric(making: Making, key: str, metric: Metric) -> None:
    path, asked = under("metrics", key), making.asked.get(metric.condition or "")
    if not asked:
        making.report.left(path, "its condition is asked on no deployed machine")
        return
    to = f"checks.{asked[0][1]}.points"
    why = f"{metric.max_score} points when up all the time; there the latest value counts alone, here every tick does"
    making.report.mapped(path, to, why)


def _objectives(making: Making) -> None:
    for number, (key, tlo) in enumerate(making.source.sdl.tlos.items(), start=1):
        text = tlo.name or key
        listed(making.draft.definition, "objectives").append(f"{text}: {tlo.description}" if tlo.description else text)
        making.report.mapped(
            under("tlos", key), f"objectives.{number}", "and the guide, with what it takes to reach it"
        )


def _judged(making: Making, key: str, metric: Metric) -> None:
    task = making.tasks.of(key)
    name = metric.name or key
    what = "Deliver your work as a file." if metric.artifact else "Deliver your work as text."
    made: dict[str, Any] = {
        "id": task,
        "title": name,
        "text": as_text(f"{metric.description or name}\n\n{what}"),
        "category": "judged",
        "points": metric.max_score,
        "graded": {"rubric": [{"id": "score", "max": metric.max_score, "text": metric.description or name}]},
    }
    objectives = _objectives_of(making, key)
    if objectives:
        made["objectives"] = objectives
    listed(making.draft.definition, "tasks").append(made)
    making.report.mapped(
        under("metrics", key), f"tasks.{task}.graded", "staff give the points, by one line of a rubric"
    )


def _objectives_of(making: Making, metric: str) -> list[int]:
    sdl = making.source.sdl
    evaluations = {key for key, evaluation in sdl.evaluations.items() if metric in evaluation.metrics}
    return [number for number, tlo in enumerate(sdl.tlos.values(), start=1) if tlo.evaluation in evaluations]


def _passes(making: Making) -> None:
    sdl = making.source.sdl
    for part in (*(under("evaluations", key) for key in sdl.evaluations), *(under("goals", key) for key in sdl.goals)):
        making.report.mapped(part, "GUIDE.en.md", "NCR has no pass marks: the guide says what it takes")
    for key in sdl.vulnerabilities:
        making.report.mapped(under("vulnerabilities", key), "GUIDE.en.md", "for those who lead the exercise to know")
