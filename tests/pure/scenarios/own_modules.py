"""Loads modules that live in a scenario's images, by their plain names there, and leaves nothing behind."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def load(scenario: str, folders: tuple[str, ...], *names: str) -> list[ModuleType]:
    """The modules; what they import of each other is looked for in `folders` of the scenario."""
    places = [str(SCENARIOS / scenario / folder) for folder in folders]
    # Compiled files would be a part of the scenario: another digest, other images.
    before, sys.dont_write_bytecode = set(sys.modules), True
    sys.path[:0] = places
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        del sys.path[: len(places)]
        sys.dont_write_bytecode = False
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(tuple(places)):
                del sys.modules[name]
