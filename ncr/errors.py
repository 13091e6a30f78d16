"""Every error NCR raises on purpose, with what HTTP and the command line make of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is (a field path or FILE:LINE:COLUMN) and what would be right."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class NcrError(Exception):
    """Something went wrong inside NCR."""

    slug = "internal"
    status = 500
    exit_code = 1

    def __init__(self, detail: str | None = None, problems: Sequence[Problem] = ()) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.problems = tuple(problems)
        super().__init__("\n".join([self.detail, *map(str, self.problems)]))


class Invalid(NcrError):
    """What was sent is not valid."""

    slug = "invalid"
    status = 422


class ScenarioInvalid(Invalid):
    """The scenario has problems."""

    slug = "scenario-invalid"


class SignedOut(NcrError):
    """Sign in first."""

    slug = "signed-out"
    status = 401


class Forbidden(NcrError):
    """You may not do this."""

    slug = "forbidden"
    status = 403


class NotFound(NcrError):
    """There is no such thing here."""

    slug = "not-found"
    status = 404


class Refused(NcrError):
    """The state it is in does not allow this."""

    slug = "refused"
    status = 409


class NotOpen(Refused):
    """The exercise is not open."""

    slug = "not-open"


class TooMany(NcrError):
    """Too many tries; wait a little."""

    slug = "too-many"
    status = 429

    def __init__(self, retry_after_s: float, detail: str | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class NoRoom(Refused):
    """The machine has no room for this."""

    slug = "no-room"


class TooManyOpen(Refused):
    """As many are open as may be."""

    slug = "limit"

    def __init__(self, detail: str | None = None, user: str | None = None) -> None:
        self.user = user
        super().__init__(detail)


class LostLead(NcrError):
    """Another director leads now."""

    slug = "lost-lead"
    status = 503


class EngineError(NcrError):
    """The container engine refused."""

    slug = "engine"
    status = 502


class EngineUnavailable(EngineError):
    """The container engine does not answer."""

    slug = "engine-unavailable"
    status = 503
    exit_code = 3


class ServiceUnavailable(NcrError):
    """The service does not answer."""

    slug = "service-unavailable"
    status = 503
    exit_code = 3


class SubnetTaken(EngineError):
    """Another network on the engine uses these addresses."""

    slug = "subnet-taken"

    def __init__(self, detail: str | None = None, cidr: str = "") -> None:
        self.cidr = cidr
        super().__init__(detail)
