"""The exercise's tables: scenario versions, exercises and what belongs to them, practice, entries, and the lease."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ncr.db import Base


class ScenarioVersion(Base):
    """A scenario as it was when uploaded or planned with; its copy in the data folder is named by its digest."""

    __tablename__ = "scenario_version"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    scenario: Mapped[str] = mapped_column(String(63), index=True)
    version: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]
    uploaded_at: Mapped[datetime | None]
    uploaded_by: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))


class Rehearsal(Base):
    """A version's rehearsal here: asked, running, passed or failed; `who` is a login, None for the command line."""

    __tablename__ = "rehearsal"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    scenario: Mapped[str] = mapped_column(String(63), index=True)
    version: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(8), index=True)
    who: Mapped[str | None] = mapped_column(String(63))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any]]


class Exercise(Base):
    """One exercise, and the head of its ledger.

    Exercise time: t = clock_t_s + rate * (now - clock_at) while the clock runs, clock_t_s while it stands.
    `starts_at` None on a scheduled exercise means: as soon as it is ready. `scale` is exercise seconds per second
    of the scenario's own timeline (below 1 when a long scenario is compressed into a short exercise).
    `mode` is exercise, practice, or pool: a practice run that is built and waits for its student.
    `head_seq` and `head_hash` are the ledger's last number and hash; open, close, pause and freeze are decided
    on this row. `override` is why it was planned though its scenario had not passed its rehearsal.
    """

    __tablename__ = "exercise"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    mode: Mapped[str] = mapped_column(String(10), default="exercise")
    digest: Mapped[str] = mapped_column(ForeignKey("scenario_version.digest"))
    state: Mapped[str] = mapped_column(String(10), index=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    visibility: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime | None]
    prepares_at: Mapped[datetime | None]
    duration_s: Mapped[float]
    recurrence: Mapped[str | None] = mapped_column(String(120))
    follows: Mapped[str | None] = mapped_column(String(32), unique=True)
    override: Mapped[str | None] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[str] = mapped_column(String(32))
    rate: Mapped[float] = mapped_column(default=1.0)
    scale: Mapped[float] = mapped_column(default=1.0)
    clock_at: Mapped[datetime | None]
    clock_t_s: Mapped[float] = mapped_column(default=0.0)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    lateness_ms: Mapped[float | None]
    head_seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(String(64), default="")
    freeze_seq: Mapped[int | None]
    failure: Mapped[str | None] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(default=0)


class Participant(Base):
    """A team, or a student alone, in an exercise; `standing` is active, hidden, reference or withdrawn."""

    __tablename__ = "participant"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("team.id"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(120))
    partner: Mapped[str | None] = mapped_column(String(120))
    standing: Mapped[str] = mapped_column(String(10), default="active")
    __table_args__ = (
        UniqueConstraint("exercise_id", "team_id"),
        Index("ix_participant_user", "user_id", "exercise_id"),
    )


class Environment(Base):
    """One participant's copy: where it is (`state`), where it should be (`target`), and which making of it this is.

    Without a participant it is what the exercise's teams share. `generation` grows with every reset; `health` is
    service -> up|starting|unhealthy|exited|missing|full as last observed; `held` is what injects keep stopped or cut
    off in this making (ncr.exercise.held).
    """

    __tablename__ = "environment"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[str | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    target: Mapped[str] = mapped_column(String(10))
    generation: Mapped[int] = mapped_column(default=1)
    resets: Mapped[int] = mapped_column(default=0)
    restart_service: Mapped[str | None] = mapped_column(String(63))
    health: Mapped[dict[str, Any]]
    held: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failure: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_environment_states", "state", "target"),
        # What is shared is there once.
        Index(
            "ix_environment_shared",
            "exercise_id",
            unique=True,
            sqlite_where=text("participant_id IS NULL"),
            postgresql_where=text("participant_id IS NULL"),
        ),
    )


class Subnet(Base):
    """A piece of the address pool in use by one network of one environment; without one, a stranger has it."""

    __tablename__ = "subnet"
    cidr: Mapped[str] = mapped_column(String(18), primary_key=True)
    bridge: Mapped[str | None] = mapped_column(String(15), unique=True)
    environment_id: Mapped[str | None] = mapped_column(ForeignKey("environment.id", ondelete="CASCADE"), index=True)
    network: Mapped[str | None] = mapped_column(String(63))
    __table_args__ = (UniqueConstraint("environment_id", "network"),)


class Moment(Base):
    """A timeline row. `clock` says what `offset_s` counts: `wall` (from starts_at) or `exercise` (exercise time).

    `state` is waiting, claimed, done, failed, skipped or missed; a due row is claimed by a conditional UPDATE.
    One that counts `from_end` moves with the end when the exercise is extended.
    """

    __tablename__ = "moment"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    ref: Mapped[str] = mapped_column(String(63), default="")
    clock: Mapped[str] = mapped_column(String(8))
    offset_s: Mapped[float | None]
    from_end: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    claimed_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any]]
    __table_args__ = (
        UniqueConstraint("exercise_id", "kind", "ref"),
        Index("ix_moment_waiting", "state", "exercise_id"),
    )


class Journal(Base):
    """What happened, for people: every change of state (from, to, why, who) and everything else worth telling."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    exercise_id: Mapped[str | None] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(String(16))
    after: Mapped[str | None] = mapped_column(String(16))
    why: Mapped[str | None] = mapped_column(Text)
    who: Mapped[str | None] = mapped_column(String(63))


class Message(Base):
    """What was said to participants: an inject's words or staff's own. `participant_id` None means everybody."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    t: Mapped[float]
    inject: Mapped[str | None] = mapped_column(String(63))
    participant_id: Mapped[str | None] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    to: Mapped[list[Any]]
    sender: Mapped[dict[str, Any] | None]
    title: Mapped[dict[str, Any] | None]
    text: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("exercise_id", "inject", "participant_id"),)


class Practice(Base):
    """What a practice run is beside its exercise; without a user it is a ready environment of the pool.

    `asked_at` orders the queue; `turn_at` is when its turn comes and `expected_at` when it is ready, as far as is known
    at the latest. `active_at` is when its student last typed, clicked or answered; `warned_at` when it was told that it
    would be closed. `built_s` is how long its environment took to build, less what building others beside it cost;
    `ended` is why it ended, when not by its time: finished, left, idle, or disabled.
    """

    __tablename__ = "practice"
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    scenario: Mapped[str] = mapped_column(String(63), index=True)
    asked_at: Mapped[datetime]
    turn_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    active_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    extensions: Mapped[int] = mapped_column(default=0)
    built_s: Mapped[float | None]
    ended: Mapped[str | None] = mapped_column(String(8))


class Machine(Base):
    """What the machine behind the engine has, as the director saw it last: the doors reckon with it, and ask no engine.

    `parallel` is how many environments are built at a time without slowing each other down.
    """

    __tablename__ = "machine"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    memory_mib: Mapped[float]
    cpus: Mapped[float]
    networks: Mapped[int]
    parallel: Mapped[int]
    seen_at: Mapped[datetime]


class Ticket(Base):
    """A right to use one entry once, soon; only the hash of its secret is kept.

    `mode` is own (the participant's own people), watch or join (staff beside `session`, somebody's terminal).
    """

    __tablename__ = "ticket"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    entry: Mapped[str] = mapped_column(String(63))
    mode: Mapped[str] = mapped_column(String(5), default="own")
    session: Mapped[str | None] = mapped_column(String(32))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EntrySession(Base):
    """An entry in use, and the record of who used which and when.

    `secret` is the hash of what its browser shows to come back: a terminal's word, a web entry's cookie. A session
    belongs to one making of an environment (`generation`). `process` is the entries process that holds a terminal and
    `address` where browsers reach it; `alive_at` is that process's sign of life. `cleared_at`: nothing of it is left in
    the container.
    """

    __tablename__ = "entry_session"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    entry: Mapped[str] = mapped_column(String(63))
    kind: Mapped[str] = mapped_column(String(8))
    mode: Mapped[str] = mapped_column(String(5), default="own")
    beside: Mapped[str | None] = mapped_column(String(32))
    generation: Mapped[int]
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    process: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    alive_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    why: Mapped[str | None] = mapped_column(String(40))
    cleared_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_entry_session_open", "closed_at", "cleared_at"),)


class Lease(Base):
    """Which director leads, until when, and its fencing number, which only grows."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    fence: Mapped[int]
    expires_at: Mapped[datetime]
