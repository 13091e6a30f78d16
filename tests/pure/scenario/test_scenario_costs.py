"""Scenarios made to keep the service busy: told what is wrong with them within seconds, and without much memory."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pure.scenario.directories import COMPOSE, DEFINITION, write

# Each of these took from half a minute to days, or much memory.
CPU_S, LARGEST_KIB = 15, 200 * 1024
NAMES = "".join(f"  v{number}: {{kind: number, min: 1, max: 9}}\n" for number in range(1000))
VARIABLES = DEFINITION.replace("variables:\n", "variables:\n" + NAMES)
SCRIPT = "x = f'" + "{1}" * 21_000 + "'\n"
CASES: dict[str, tuple[dict[str, str], str]] = {
    "spaces in an env file": (
        {"compose.yml": COMPOSE + "    env_file: [./a.env]\n", "a.env": "A=x" + " " * 250_000 + "y\n"},
        "good",
    ),
    "one env file many times": (
        {
            "compose.yml": COMPOSE + f"    env_file: [{'./a.env, ' * 3000}]\n",
            "a.env": "".join(f"A{n}=1\n" for n in range(25_000)),
        },
        "brings what services read from env_file over 1024 KiB in all",
    ),
    "defaults in defaults": (
        {"briefing.nb.md": "${NCR_TEAM:-" * 15_000 + "}" * 15_000},
        "`${` stands over 16 deep in other defaults",
    ),
    "names among many": (
        {"scenario.yml": VARIABLES, "briefing.nb.md": "".join(f"${{x{number}}}" for number in range(15_000))},
        "`${x0}` is no variable here",
    ),
    "many names in many texts": (
        {"scenario.yml": VARIABLES + "authors: [" + ", ".join("'${n}'" for n in range(900)) + "]\n"},
        "the variable `v0` is never used",
    ),
    "a script": ({"checks/a.py": SCRIPT * 4}, "is over the size limit of 64 KiB"),
    "scripts": ({f"checks/a{n}.py": SCRIPT for n in range(20)}, "brings the scripts over 256 KiB together"),
    "a long expression": (
        {"scenario.yml": DEFINITION.replace("flag: NCR{fixed-text}", "answer: {regex: '" + "(a{1,900})" * 6000 + "'}")},
        "`regex` is too long",
    ),
}
LOAD = """
import resource, sys
from pathlib import Path
from ncr.errors import ScenarioInvalid
from ncr.scenario.loader import load

resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_AS, (1 << 30,) * 2)
try:
    print("good", *load(Path(sys.argv[1])).notes, sep="\\n")
except ScenarioInvalid as error:
    print(*error.problems, sep="\\n")
print(Path("/proc/self/status").read_text(), file=sys.stderr)
"""

CHALLENGE = "name: A\ncategory: web\ntype: standard\nvalue: 100\ndescription: Find it\nflags: [x]\nimage: .\n"
LABS = {
    "spaces in .env": {".env": "A=x" + " " * 65_000 + "y\n", "compose.yml": "services: {a: {image: debian}}\n"},
    "lines in a Dockerfile": {"challenge.yml": CHALLENGE, "Dockerfile": "FROM debian\n" + "\n" * 250_000},
}
IMPORT = LOAD.replace("ncr.scenario.loader import load", "ncr.scenario.importers.formats import read as load")
IMPORT = IMPORT.replace(').notes, sep="\\n")', ")[:0])")


@pytest.mark.parametrize("name", CASES)
def test_it_costs_little(tmp_path: Path, name: str) -> None:
    files, said = CASES[name]
    told = within_bounds(LOAD, write(tmp_path, files))
    assert said in told
    assert told.count("\n") <= 6000


@pytest.mark.parametrize("name", LABS)
def test_importing_costs_little(tmp_path: Path, name: str) -> None:
    for file, content in LABS[name].items():
        (tmp_path / file).write_text(content)
    assert within_bounds(IMPORT, tmp_path) == "good\n"


def within_bounds(code: str, place: Path) -> str:
    command = [sys.executable, "-c", code, str(place), str(CPU_S)]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert ended.returncode == 0, ended.stderr[-2000:]
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", ended.stderr, re.MULTILINE)
    assert peak
    assert int(peak[1]) < LARGEST_KIB
    return ended.stdout
