"""How much of a folder of Compose labs can be imported: `python -m benchmarks.imports FOLDER`, any collection of labs.

Every lab below the folder is imported into a throw-away directory and passes the loader's check there, or is listed
with what refused it. Beside the share it is proven for each that no field is lost: everything in the source is in the
report, and what the report calls carried is in the result with the same value.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats, sources
from ncr.scenario.importers.compose import format as compose
from ncr.scenario.importers.frame import write
from ncr.scenario.importers.report import Report, fields, unaccounted
from ncr.scenario.tree import plain


def main(folder: Path) -> int:
    """Measure and print; 1 when fewer than 95 of 100 come in or anything is lost."""
    labs = sorted({file.parent for name in compose.FILES for file in folder.rglob(name)})
    refused, lost, slowest, traps = 0, 0, 0.0, Counter[str]()
    with tempfile.TemporaryDirectory() as into:
        for number, lab in enumerate(labs):
            began = time.perf_counter()
            try:
                draft, report = formats.read(lab)
                draft.id = f"lab-{number}"
                scenario = write(draft, report, Path(into))
            except ScenarioInvalid as error:
                refused += 1
                print(f"refused {lab.relative_to(folder)}: " + "; ".join(map(str, error.problems)))
                continue
            slowest = max(slowest, time.perf_counter() - began)
            traps.update(warned.trap for warned in report.warnings)
            for path in lost_fields(lab, scenario.path / "compose.yml", report):
                lost += 1
                print(f"LOST {lab.relative_to(folder)}: {path}")
    share = 1 - refused / max(len(labs), 1)
    print(
        f"{len(labs)} labs, {share:.1%} imported, {lost} fields lost, slowest {slowest:.2f} s, warnings {dict(traps)}"
    )
    return int(share < 0.95 or lost > 0)


def lost_fields(lab: Path, result: Path, report: Report) -> list[str]:
    """Fields of a lab's Compose file that the report does not mention, or calls carried though they are not there."""
    file = next(lab / name for name in compose.FILES if (lab / name).is_file())
    source, made = sources.tree(file), sources.tree(result)
    silent = unaccounted(source, {entry.source for entry in report.entries})
    was, now = dict(fields(source)), dict(fields(made))
    carried = [(entry.source, entry.to.partition(" ")[2]) for entry in report.entries
               if entry.outcome == "carried" and entry.to.startswith("compose.yml ")]  # fmt: skip
    return [*silent, *(path for path, to in carried if to not in now or plain(was[path]) != plain(now[to]))]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
