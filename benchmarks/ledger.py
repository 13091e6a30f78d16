"""Ledger append on durable SQLite, ours beside raw sqlite3 at the same batch.

    python -m benchmarks.ledger [--rounds 7] [--facts 1000]

Two floors: `rows`, the same rows inserted by a bare `executemany` and nothing else; `chained`, raw sqlite3 that does
what a ledger must (reads and moves the head row, hashes each row's canonical content after the one before). Rounds
alternate; figures are medians, facts a second. The last line is JSON.
"""

import argparse
import json
import sqlite3
import tempfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks.grounds import EXERCISE, TEAMS, database, median, seconds
from ncr.clock import utcnow
from ncr.db import Sessions
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind

SCHEMA = """
CREATE TABLE fact (exercise_id TEXT, seq INTEGER, at TEXT, t REAL, kind TEXT, team TEXT, payload TEXT, key TEXT,
  hash TEXT, PRIMARY KEY (exercise_id, seq), UNIQUE (exercise_id, key));
CREATE TABLE head (id TEXT PRIMARY KEY, seq INTEGER, hash TEXT);
INSERT INTO head VALUES ('e', 0, '');
"""
INSERT = "INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


def bare(path: Path) -> sqlite3.Connection:
    for rest in ("", "-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(SCHEMA)
    return connection


def rows(connection: sqlite3.Connection, facts: int, batch: int) -> None:
    for first in range(1, facts + 1, batch):
        at = str(datetime.now(UTC).replace(tzinfo=None))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, [plain(seq, at, "0" * 64) for seq in range(first, first + batch)])
        connection.execute("COMMIT")


def chained(connection: sqlite3.Connection, facts: int, batch: int) -> None:
    for _ in range(0, facts, batch):
        at = str(datetime.now(UTC).replace(tzinfo=None))
        connection.execute("BEGIN IMMEDIATE")
        seq, last = connection.execute("SELECT seq, hash FROM head WHERE id = 'e'").fetchone()
        fresh = []
        for number in range(seq + 1, seq + batch + 1):
            content = json.dumps(plain(number, at, ""), separators=(",", ":"))
            last = sha256(f"{last}\n{content}".encode()).hexdigest()
            fresh.append(plain(number, at, last))
        connection.executemany(INSERT, fresh)
        connection.execute("UPDATE head SET seq = ?, hash = ? WHERE id = 'e'", (seq + batch, last))
        connection.execute("COMMIT")


def plain(seq: int, at: str, chain: str) -> tuple[object, ...]:
    team, task = TEAMS[seq % len(TEAMS)], f"t{seq}"
    payload = f'{{"member":"0123456789abcdef","right":true,"task":"{task}"}}'
    return ("e", seq, at, 1800.5, "submitted", team, payload, f"right:{team}:{task}", chain)


def ours(base: Sessions, facts: int, batch: int, first: int) -> None:
    for start in range(first, first + facts, batch):
        drafts = [draft(seq) for seq in range(start, start + batch)]
        with base.begin() as session:
            ledger.append(session, EXERCISE, drafts, utcnow())


def draft(seq: int) -> Draft:
    team, task = TEAMS[seq % len(TEAMS)], f"t{seq}"
    return Draft(
        Kind.SUBMITTED, f"right:{team}:{task}", team, {"task": task, "right": True, "member": "0123456789abcdef"}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--facts", type=int, default=1000, help="facts a round by one; ten times as many by the hundred"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"single": compare(Path(folder), asked.rounds, asked.facts, 1)}
        found["hundred"] = compare(Path(folder), asked.rounds, asked.facts * 10, 100)
    print(json.dumps({"benchmark": "ledger", "unit": "facts/s", "reach": 0.6, **found}))


def compare(folder: Path, rounds: int, facts: int, batch: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {"rows": [], "chained": [], "ours": []}
    base = database(folder / "ours.db")
    ours(base, batch, batch, -batch)
    for turn in range(rounds):
        for name, floor in (("rows", rows), ("chained", chained)):
            connection = bare(folder / f"{name}.db")
            taken[name].append(facts / seconds(lambda floor=floor, to=connection: floor(to, facts, batch)))
            connection.close()
        taken["ours"].append(facts / seconds(lambda turn=turn: ours(base, facts, batch, turn * facts)))
        print(batch, {name: round(values[-1]) for name, values in taken.items()}, flush=True)
    medians = {name: median(values, 0) for name, values in taken.items()}
    pairs = zip(taken["ours"], taken["rows"], taken["chained"], strict=True)
    ratios = [(mine / plain_, mine / full) for mine, plain_, full in pairs]
    return {**medians, "of_rows": median(r[0] for r in ratios), "of_chained": median(r[1] for r in ratios)}


if __name__ == "__main__":
    main()
