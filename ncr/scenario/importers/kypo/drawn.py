"""Variables of a sandbox as variables here, and what an answer by one of them is."""

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.kypo.model import Variable
from ncr.scenario.importers.kypo.training import Training

_PORTS = (35000, 39000)
_LENGTHS = {"username": ("name", 8), "password": ("password", 12), "text": ("text", 12)}


def make(making: Making) -> dict[str, str]:
    """Fill the variables; the template of each by its name there. Those that no answer uses are left out."""
    used = set[str]()
    for level in making.found.training.levels if making.found.training else ():
        if isinstance(level, Training) and level.variant_answers and level.answer_variable_name:
            used.add(level.answer_variable_name)
    templates: dict[str, str] = {}
    for name, variable in making.found.variables.items():
        path = making.path("variables", name)
        if name not in used:
            making.report.left(path, "no answer is made of it, and the playbooks that used it are not converted")
            continue
        _draw(making, name, variable, templates)
    return templates


def _draw(making: Making, name: str, variable: Variable, templates: dict[str, str]) -> None:
    path, own = making.path("variables", name), _own_name(name)
    made, template, why = _made(variable, own)
    if made is None:
        making.refuse("variables", name, "is from one address to another that are no addresses; correct them")
        return
    making.draft.definition.setdefault("variables", {})[own] = made
    templates[name] = template
    making.report.mapped(path, f"variables.{own}", why)
    if variable.prohibited:
        making.report.left(f"{path}.prohibited", "any value may be drawn here")
    message = f"the answer is `{template}`: put it where it is to be found, as the playbooks did"
    making.warn("variable-not-placed", "variables", name, message)


def _made(variable: Variable, own: str) -> tuple[dict[str, Any] | None, str, str]:
    template = f"${{{own}}}"
    if variable.type in _LENGTHS:
        kind, usual = _LENGTHS[variable.type]
        length = min(63, max(4, variable.length or usual))
        return {"kind": kind, "length": length}, template, f"{length} characters"
    if variable.type == "port":
        low = variable.min if isinstance(variable.min, int) else _PORTS[0]
        high = variable.max if isinstance(variable.max, int) else _PORTS[1]
        return {"kind": "port", "min": low, "max": high}, template, "a port within the same bounds"
    try:
        first, last = IPv4Address(str(variable.min or "10.0.0.2")), IPv4Address(str(variable.max or "10.0.0.254"))
    except AddressValueError:
        return None, template, ""
    start, end = int(first) & 255, int(last) & 255 if int(first) >> 8 == int(last) >> 8 else 255
    prefix = str(first).rpartition(".")[0]
    made = {"kind": "number", "min": start, "max": max(start, end)}
    return made, f"{prefix}.{template}", f"the last part is drawn, from {start} to {max(start, end)}"


def _own_name(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"v_{plain}")[:41]
