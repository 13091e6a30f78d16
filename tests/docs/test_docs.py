"""What the documentation names is there: commands and their options, make targets, files, modules, settings."""

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ncr.cli import app
from ncr.config import Settings
from ncr.scenario.interpolation import TEAM, TEAMS
from tests.command import ncr

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TREES = ("ncr/", "tests/", "docs/", "infra/", "scenarios/", "benchmarks/")
COMMAND = re.compile(r"^(?:\$ )?(?:docker-compose exec \w+ )?(?:\.venv/bin/)?ncr ([a-z].*)")
NAMED = re.compile(r"\bNCR_[A-Z_]+\b")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def tokens(page: Path) -> list[Token]:
    blocks = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    return [token for block in blocks for token in (block, *(block.children or ()))]


def code(page: Path) -> list[str]:
    """What stands in backticks, and every line of the code blocks without its remark."""
    found = [token for token in tokens(page) if token.type in ("code_inline", "code_block", "fence")]
    return [re.sub(r"\s+#.*", "", line).strip() for token in found for line in token.content.splitlines()]


def commands(page: Path) -> list[list[str]]:
    return [shlex.split(match[1]) for line in code(page) if (match := COMMAND.match(line))]


def found(words: list[str]) -> tuple[list[str], Any]:
    """The names that lead to a command, and the command; fails at a name that is none."""
    command: Any = typer.main.get_command(app)
    path: list[str] = []
    context = typer.Context(command)
    while hasattr(command, "get_command") and words[len(path) :]:
        path.append(words[len(path)])
        command = command.get_command(context, path[-1])
        assert command is not None, f"there is no `ncr {' '.join(path)}`"
    return path, command


def test_every_command_that_is_named_answers_and_has_the_options_named(page: Path) -> None:
    for words in commands(page):
        path, command = found(words)
        assert ncr(*path, "--help").code == 0
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        wanted = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert wanted <= known, f"ncr {' '.join(words)}"


def test_every_make_target_that_is_named_is_there(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {match[1] for line in code(page) if (match := re.search(r"(?:^|\s)make ([a-z-]+)(?:\s|$)", line))}
    assert named <= targets


def test_every_file_that_is_linked_or_named_is_there(page: Path) -> None:
    links = [str(token.attrs.get("href") or token.attrs.get("src")) for token in tokens(page) if token.attrs]
    near = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    missing = [link for link in near if link and not (page.parent / link).exists()]
    named = [line for line in code(page) if line.startswith(TREES) and " " not in line and "*" not in line]
    named = [line for line in named if not re.search(r":[a-z]", line)]  # an image, not a folder: ncr/base:bookworm
    assert (missing, [name for name in named if not (ROOT / name).exists()]) == ([], [])


def test_every_module_and_name_in_it_is_there(page: Path) -> None:
    for line in code(page):
        if re.fullmatch(r"ncr(\.\w+)+", line):
            module, _, name = line.rpartition(".")
            assert hasattr(importlib.import_module(module), name), line


def test_every_setting_that_is_named_is_read_somewhere(page: Path) -> None:
    fields = {f"NCR_{name.upper()}" for name in Settings.model_fields}
    scripts = [ROOT / "docker-compose.yml", *(path for path in (ROOT / "infra").rglob("*") if path.is_file())]
    read = set(NAMED.findall("\n".join(path.read_text(encoding="utf-8", errors="replace") for path in scripts)))
    assert set(NAMED.findall(page.read_text(encoding="utf-8"))) <= fields | read | {TEAM, TEAMS}


def test_the_pages_say_something_to_hold_them_to() -> None:
    """Should the way commands are written change, these tests must not fall silent."""
    named = {" ".join(words[:2]) for page in PAGES for words in commands(page)}
    assert {"exercise plan", "people user", "scenario check", "scenario build", "db upgrade", "serve"} <= named


def test_every_group_of_the_command_line_is_summed_up_by_what_it_has() -> None:
    """`ncr --help` names the groups without importing them: what it says must not fall behind."""
    for name, (_, summary) in typer.main.get_command(app).late.items():  # type: ignore[attr-defined]
        _, command = found([name])
        if hasattr(command, "list_commands") and ": " in summary:
            listed = summary.partition(": ")[2].rstrip(".").split(", ")
            assert set(command.list_commands(typer.Context(command))) == set(listed), name
