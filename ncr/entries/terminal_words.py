"""What is said on a terminal's connection beside its bytes: JSON text frames, read and written; pure."""

from collections.abc import Sequence
from typing import Annotated, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ncr.errors import Invalid

# A page may show a terminal before it knows how large it is.
SMALLEST, LARGEST = 2, 500
LONGEST = 1024
CODES = {"restart": 1012, "refused": 1008, "limit": 1008, "slow": 4408}
DONE = 1000


def _sensible(cells: int) -> int:
    return min(max(cells, SMALLEST), LARGEST)


Cells = Annotated[int, Field(ge=0, le=100_000), AfterValidator(_sensible)]
Secret = Annotated[str, Field(min_length=1, max_length=100)]
Number = Annotated[int, Field(ge=0, le=2**53)]


class Word(BaseModel):
    """One thing a client says."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Open(Word):
    """A new terminal, or a place beside one, for a ticket."""

    type: Literal["open"]
    ticket: Secret
    columns: Cells
    rows: Cells


class Resume(Word):
    """Back to the terminal of this secret; `received` bytes of it have come."""

    type: Literal["resume"]
    secret: Secret
    received: Number
    columns: Cells
    rows: Cells


class Resize(Word):
    """The terminal has this size now."""

    type: Literal["resize"]
    columns: Cells
    rows: Cells


class Ack(Word):
    """So many bytes of output have come and been drawn."""

    type: Literal["ack"]
    received: Number


class End(Word):
    """The holder is done: nothing of the terminal is to wait for them."""

    type: Literal["end"]


Said = Open | Resume | Resize | Ack | End
_words: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="type")])


def read(text: str) -> Said:
    """What a client says. Invalid for anything else."""
    if len(text) > LONGEST:
        raise Invalid("A terminal's client says short things.")
    try:
        return _words.validate_json(text)
    except ValidationError:
        raise Invalid("This is nothing that a terminal's client says.") from None


def opened(session: str, secret: str, mode: str, number: int, columns: int, rows: int) -> str:
    """The terminal is there; what follows begins at byte `number` of its output."""
    return _said(
        type="opened", session=session, secret=secret, mode=mode, columns=columns, rows=rows, **{"from": number}
    )


def company(watching: Sequence[str], joined: Sequence[str]) -> str:
    """Who else is there."""
    return _said(type="company", watching=watching, joined=joined)


def held(why: str) -> str:
    """Nothing can be typed now, and why."""
    return _said(type="held", why=why)


def released() -> str:
    """It can be typed again."""
    return _said(type="released")


def size(columns: int, rows: int) -> str:
    """For those who look on: the terminal has this size now."""
    return _said(type="size", columns=columns, rows=rows)


def closed(reason: str, exit_code: int | None = None, detail: str | None = None) -> str:
    """It is over; `detail` is a sentence for people."""
    more = {"detail": detail} if detail else {}
    return _said(type="closed", reason=reason, exit_code=exit_code, **more)


def code(reason: str) -> int:
    """The WebSocket close code that goes with a reason."""
    return CODES.get(reason, DONE)


def _said(**what: object) -> str:
    return orjson.dumps(what).decode()
