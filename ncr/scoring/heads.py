"""Heads kept outside the database: what every ledger's last hash was, minute by minute, the last ones signed."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.errors import NcrError, Problem
from ncr.exercise.tables import Exercise
from ncr.scoring import ledger

KEY, RECORD, SIGNED = "ledger.key", "heads.ndjson", "heads.signed.json"


class Heads:
    """The record in `folder`: heads.ndjson grows by a line per ledger that moved; heads.signed.json is the last heads,
    signed with the installation's own Ed25519 key (ledger.key, made when first needed, readable by its owner only).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def record(self, session: Session, now: datetime) -> int:
        """Write down the heads that moved since the last time, sign all, and return how many moved. Once a minute."""
        self.folder.mkdir(parents=True, exist_ok=True)
        known = {line["exercise"]: line["seq"] for line in self._signed().get("heads", [])}
        asked = select(Exercise.id, Exercise.head_seq, Exercise.head_hash).where(Exercise.head_seq > 0)
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        heads = [{"at": at, "exercise": row[0], "seq": row[1], "hash": row[2]} for row in session.execute(asked)]
        moved = [line for line in heads if known.get(line["exercise"]) != line["seq"]]
        if moved:
            self._append(moved)
            self._sign(heads)
        return len(moved)

    def problems(self, session: Session, exercise: str) -> list[Problem]:
        """Recorded heads that the ledger no longer has (a chain rewritten, or cut short), and a signature broken."""
        problems = [] if self._signature_holds() else [Problem(str(self.folder / SIGNED), "its signature is not right")]
        signed = (line for line in self._signed().get("heads", []) if line["exercise"] == exercise)
        for line in [*self._recorded(exercise), *signed]:
            found = ledger.read(session, exercise, line["seq"] - 1, 1)
            if not found or (found[0].seq, found[0].hash) != (line["seq"], line["hash"]):
                where = f"{exercise}/{line['seq']}"
                problems.append(Problem(where, f"is not the fact whose hash was recorded at {line['at']}"))
        return sorted(set(problems), key=lambda problem: problem.where)

    def _recorded(self, exercise: str) -> Iterator[dict[str, Any]]:
        path = self.folder / RECORD
        if not path.exists():
            return
        with path.open("rb") as lines:
            for line in lines:
                try:
                    recorded = orjson.loads(line)
                except orjson.JSONDecodeError:
                    # A crash while writing leaves half a line; the next one begins after it.
                    continue
                if recorded["exercise"] == exercise:
                    yield recorded

    def _append(self, lines: list[dict[str, Any]]) -> None:
        with (self.folder / RECORD).open("ab") as file:
            if file.tell() and not self._ends_with_newline():
                file.write(b"\n")
            file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    def _ends_with_newline(self) -> bool:
        with (self.folder / RECORD).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _signed(self) -> dict[str, Any]:
        path = self.folder / SIGNED
        found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        return found

    def _sign(self, heads: list[dict[str, Any]]) -> None:
        key = self._key()
        signature = key.sign(_message(heads)).hex()
        content = {"heads": heads, "signature": signature, "public_key": key.public_key().public_bytes_raw().hex()}
        fresh = self.folder / f"{SIGNED}.new"
        fresh.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        fresh.replace(self.folder / SIGNED)

    def _signature_holds(self) -> bool:
        signed = self._signed()
        if not signed:
            return True
        try:
            self._key().public_key().verify(bytes.fromhex(signed["signature"]), _message(signed["heads"]))
        except (InvalidSignature, KeyError, ValueError):
            return False
        return True

    def _key(self) -> Ed25519PrivateKey:
        path = self.folder / KEY
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise NcrError(f"{path} does not hold an Ed25519 key")
        return key


def _message(heads: list[dict[str, Any]]) -> bytes:
    return orjson.dumps(heads, option=orjson.OPT_SORT_KEYS)
