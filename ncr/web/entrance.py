"""The way in: sign-in, sign-out, and the reader's own choice of language and theme."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from ncr import access
from ncr.errors import SignedOut, TooMany
from ncr.people import signin
from ncr.web.catalogue import languages
from ncr.web.render import THEMES, page
from ncr.web.visit import Visiting, back_to, require_form

router = APIRouter(include_in_schema=False)
YEAR_S = 365 * 24 * 3600


@router.get("/sign-in")
def show(visit: Visiting, back: str = "/") -> Response:
    """The sign-in page."""
    return page(visit.request, "sign-in.html", visit.viewer, visit.told, back=back_to(back), login="", problem=None)


@router.post("/sign-in")
def enter(
    visit: Visiting,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    back: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in and go on to where the reader was headed; a wrong word is said once, for name and password alike."""
    site, told = visit.site, visit.told
    earlier = access.cookie_of(visit.request.cookies, site.settings)
    try:
        secret = signin.sign_in(site.sessions, login, password, site.clock(), earlier)
    except TooMany as error:
        problem = told("For mange forsøk. Vent %(s)s sekunder og prøv igjen.", s=int(error.retry_after_s) + 1)
        status = 429
    except SignedOut:
        problem, status = told("Brukernavnet eller passordet er feil."), 401
    else:
        response = RedirectResponse(back_to(back), 303)
        access.set_cookie(response, secret, site.settings)
        return response
    values = {"back": back_to(back), "login": login, "problem": problem}
    return page(visit.request, "sign-in.html", visit.viewer, told, status=status, **values)


@router.post("/sign-out")
def leave(visit: Visiting, form_token: Annotated[str, Form()] = "") -> Response:
    """End this browser's session."""
    require_form(visit, form_token)
    signin.sign_out(visit.site.sessions, access.cookie_of(visit.request.cookies, visit.site.settings))
    response = RedirectResponse("/sign-in", 303)
    access.clear_cookie(response, visit.site.settings)
    return response


@router.post("/preferences")
def prefer(
    request: Request,
    back: Annotated[str, Form(max_length=500)] = "/",
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
) -> Response:
    """Remember the reader's language or theme in this browser."""
    response = RedirectResponse(back_to(back), 303)
    secure = request.url.scheme == "https"
    if language in languages():
        response.set_cookie("ncr-language", language, max_age=YEAR_S, samesite="lax", httponly=True, secure=secure)
    if theme in THEMES:
        response.set_cookie("ncr-theme", theme, max_age=YEAR_S, samesite="lax", httponly=True, secure=secure)
    return response
