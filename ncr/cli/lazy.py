"""A group of commands whose modules are imported when they are used, so that each command starts fast."""

import gc
import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class Lazy(TyperGroup):
    """`late` names commands of this group: module of ncr.cli (its `app` is the command or group) and summary."""

    late: ClassVar[Mapping[str, tuple[str, str]]] = MappingProxyType({})

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands that are there already, then the late ones."""
        return [*super().list_commands(ctx), *self.late]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; a late one is imported now."""
        if cmd_name not in self.late:
            return super().get_command(ctx, cmd_name)
        module, summary = self.late[cmd_name]
        command = typer.main.get_command(imported(f"ncr.cli.{module}").app)
        command.name, command.short_help = cmd_name, summary
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The help's list of commands, written without importing the late ones."""
        here = [(name, super(Lazy, self).get_command(ctx, name)) for name in super().list_commands(ctx)]
        rows = [(name, command.get_short_help_str(80)) for name, command in here if command]
        with formatter.section("Commands"):
            formatter.write_dl([*rows, *((name, summary) for name, (_, summary) in self.late.items())])


def imported(module: str) -> ModuleType:
    """The module, imported now if it was not before."""
    if module in sys.modules:
        return sys.modules[module]
    # What modules are made of stays: looking among it for garbage, now or later, would cost a tenth of a short command.
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()
