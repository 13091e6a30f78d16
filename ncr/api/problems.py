"""Every error as an RFC 9457 problem document; what nobody expected is logged with a number and told without detail."""

import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from ncr.api.headers import Headed
from ncr.errors import Invalid, NcrError, NotFound, ServiceUnavailable, TooMany
from ncr.errors import Problem as Wrong

log = structlog.get_logger()
MEDIA = "application/problem+json"


class Fault(BaseModel):
    """One thing wrong with what was sent."""

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    return {status: {"model": Problem, "content": {MEDIA: {}}} for status in statuses}


def answer(
    status: int, slug: str, title: str, detail: str, wrong: Sequence[Wrong] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """A problem document."""
    body: dict[str, Any] = {"type": f"urn:ncr:problem:{slug}", "title": title, "status": status, "detail": detail}
    if wrong:
        body["errors"] = [{"where": fault.where, "message": fault.message} for fault in wrong]
    return JSONResponse(body, status, headers, MEDIA)


def of(error: NcrError) -> JSONResponse:
    """One of our own errors."""
    headers = {"Retry-After": str(int(error.retry_after_s) + 1)} if isinstance(error, TooMany) else None
    title = (type(error).__doc__ or "").strip().rstrip(".")
    return answer(error.status, error.slug, title, error.detail, error.problems, headers)


def of_validation(error: RequestValidationError) -> JSONResponse:
    """What FastAPI found wrong with a request."""
    wrong = [Wrong(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()]
    return of(Invalid(problems=wrong))


def of_http(error: HTTPException) -> JSONResponse:
    """What the framework refused: no such path, no such method, an unreadable body."""
    if error.status_code == 400:
        return of(Invalid(problems=[Wrong("body", "cannot be read; send JSON in UTF-8")]))
    titles = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    slug = titles.get(error.status_code, "http")
    headers = dict(error.headers) if error.headers else None
    return answer(error.status_code, slug, slug.replace("-", " ").capitalize(), str(error.detail), headers=headers)


def of_unexpected(request: Request, error: Exception) -> JSONResponse:
    """What nobody expected: a number to look for in the log, and nothing else."""
    if isinstance(error, OperationalError):
        log.error("database", error=str(error.orig)[:500])
        return of(ServiceUnavailable("The database does not answer."))
    number = uuid.uuid4().hex[:12]
    log.error("unexpected", number=number, method=request.method, path=request.url.path[:200], exc_info=error)
    return answer(500, "internal", "Something went wrong", f"It is logged as {number}.")


def is_for_programs(request: Request) -> bool:
    """Whether the machines' door was asked."""
    return request.url.path.startswith("/api/")


def install(app: FastAPI, page: Any, beside: Sequence[str] = ()) -> None:
    """Answer every error: problem documents under /api, and `page(request, problem response)` everywhere else.

    `beside` are the origins that our pages connect to, apart from where they come from.
    """

    def answered(request: Request, response: JSONResponse) -> Any:
        return response if is_for_programs(request) else page(request, response)

    app.add_exception_handler(NcrError, lambda request, error: answered(request, of(error)))
    app.add_exception_handler(
        RequestValidationError,
        lambda request, error: answered(request, of_validation(error)),
    )
    app.add_exception_handler(
        HTTPException,
        lambda request, error: answered(
            request,
            of(NotFound()) if error.status_code == 404 else of_http(error),
        ),
    )
    app.add_middleware(
        Headed, unexpected=lambda request, error: answered(request, of_unexpected(request, error)), beside=beside
    )
