"""All pages, and the page that says what went wrong."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from ncr.access import NOBODY
from ncr.site import Site
from ncr.web import (
    board,
    control,
    entrance,
    entries,
    environments,
    planning,
    practice_acts,
    practice_catalogue,
    rehearsals,
    scenarios,
    seating,
    team,
    timeline,
)
from ncr.web.catalogue import Words
from ncr.web.render import language, page

router = APIRouter(include_in_schema=False)
for each in (
    entrance,
    planning,
    scenarios,
    rehearsals,
    practice_catalogue,
    practice_acts,
    board,
    team,
    entries,
    environments,
    timeline,
    seating,
    control,
):
    router.include_router(each.router)


def wrong(request: Request, problem: JSONResponse) -> HTMLResponse:
    """The page for a problem document; the reader's own language, nothing technical, and the way on."""
    site: Site = request.app.state.site
    told = language(request, NOBODY, site.settings.language)
    body = orjson.loads(problem.body)
    status = problem.status_code
    values = {
        "title": _title(status, told),
        "detail": _detail(status, told),
        "problems": body.get("errors", []),
        "signed_out": status == 401,
    }
    return page(request, "wrong.html", NOBODY, told, status=status, **values)


def _title(status: int, told: Words) -> str:
    titles = {
        401: told("Logg inn først"),
        403: told("Dette har du ikke tilgang til"),
        404: told("Siden finnes ikke"),
        409: told("Det går ikke nå"),
        422: told("Innholdet er ikke gyldig"),
        429: told("For mange forsøk"),
    }
    return titles.get(status, told("Noe gikk galt hos oss"))


def _detail(status: int, told: Words) -> str:
    if status == 404:
        return told("Adressen kan være feil, eller innholdet er fjernet.")
    if status < 500:
        return told("Ingenting ble endret. Gå tilbake og prøv igjen.")
    return told("Feilen er loggført. Ingenting du har levert er tapt.")
