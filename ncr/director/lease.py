"""The lease: which director leads; its fencing number guards every write, so that one who lost it writes nothing."""

import fcntl
import os
import platform
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ncr.db import Sessions
from ncr.errors import LostLead
from ncr.exercise.tables import Lease

NAME = "director"


class Holder:
    """Who a director is. One that has its data folder to itself keeps its name over restarts.

    The folder is locked as long as the process lives, so a lease in the same name can only be a dead one's and is
    taken over at once; another process in the same folder gets a name of its own and waits.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "director.id", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.name, self.alone = uuid.uuid4().hex, False
        else:
            self.name, self.alone = self._kept(), True

    def _kept(self) -> str:
        name = os.pread(self._file, 64, 0).decode("ascii", "replace").strip()
        if not name:
            name = uuid.uuid4().hex
            os.pwrite(self._file, name.encode(), 0)
        # With the machine's name beside, a copied data folder does not make two directors one.
        return f"{name}@{platform.node()}"[:64]

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._file)


class Lead:
    """The lease as one director sees it: `hold` every tick, write through `writing`, `release` at the end."""

    def __init__(self, sessions: Sessions, holder: Holder, lease_s: float) -> None:
        self.fence: int | None = None
        self._sessions = sessions
        self._holder = holder
        self._length = timedelta(seconds=lease_s)

    def hold(self, now: datetime) -> int | None:
        """Renew the lease, or take it when it is free; returns the fencing number, None while another leads."""
        with self._sessions.begin() as session:
            if self.fence is not None and not self._renew(session, now):
                self.fence = None
            if self.fence is None:
                self.fence = self._take(session, now)
        return self.fence

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that commits only if this director still leads; raises LostLead otherwise."""
        with self._sessions.begin() as session:
            # The share lock keeps a successor from taking the lease until this transaction is over.
            held = session.scalar(select(Lease.fence).where(Lease.name == NAME).with_for_update(read=True))
            if self.fence is None or held != self.fence:
                raise LostLead()
            yield session

    def release(self, now: datetime) -> None:
        """Let the next director lead at once."""
        if self.fence is not None:
            with self._sessions.begin() as session:
                session.execute(update(Lease).where(*self._mine()).values(expires_at=now))
            self.fence = None

    def _mine(self) -> tuple[Any, ...]:
        return Lease.name == NAME, Lease.holder == self._holder.name, Lease.fence == self.fence

    def _renew(self, session: Session, now: datetime) -> bool:
        renewed: Any = session.execute(update(Lease).where(*self._mine()).values(expires_at=now + self._length))
        return bool(renewed.rowcount == 1)

    def _take(self, session: Session, now: datetime) -> int | None:
        row = session.scalars(select(Lease).where(Lease.name == NAME).with_for_update()).one_or_none()
        if row is None:
            return self._begin(session, now)
        if row.expires_at > now and not (self._holder.alone and row.holder == self._holder.name):
            return None
        row.holder, row.fence, row.expires_at = self._holder.name, row.fence + 1, now + self._length
        return row.fence

    def _begin(self, session: Session, now: datetime) -> int | None:
        row = Lease(name=NAME, holder=self._holder.name, fence=1, expires_at=now + self._length)
        with suppress(IntegrityError), session.begin_nested():
            session.add(row)
            return 1
        return None
