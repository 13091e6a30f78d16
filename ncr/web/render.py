"""Pages from templates: the environment, what every page knows, and how times and Markdown are shown."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from babel.dates import format_datetime, format_time
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from ncr import access
from ncr.access import Action, Viewer
from ncr.people.roles import Role
from ncr.web.catalogue import CATEGORIES, STATES, Words, prefer, words

HERE = Path(__file__).parent
THEMES = ("light", "dark", "projector")
TAGS = {"p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6", "a", "br", "hr"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "kbd", "del"}

_DATES = {"nb": "d. MMMM yyyy", "en": "d MMMM yyyy"}

pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def markdown(text: str) -> Markup:
    """Markdown as safe HTML: no raw HTML in, and what comes out is cleaned once more; headings start at level 3."""
    html = _markdown.render(text).replace("<h1>", "<h3>").replace("</h1>", "</h3>")
    html = html.replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    return Markup(nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"}))  # noqa: S704


@cache
def static(name: str) -> str:
    """The address of a static file, changed when its content changes; browsers may keep it for ever."""
    path = HERE / "static" / name
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "missing"
    return f"/static/{name}?v={mark}"


def when(moment: datetime, zone: str, language: str) -> str:
    """Date and time in `zone`, written as the language does: 3. mars 2027, 09:00 CET."""
    pattern = "d. MMMM yyyy, HH:mm z" if language == "nb" else "d MMMM yyyy, HH:mm z"
    return format_datetime(moment, pattern, tzinfo=ZoneInfo(zone), locale=language)


def day(moment: datetime, zone: str, language: str) -> str:
    """The date in `zone`, with the zone's name: 3. mars 2027 CET."""
    pattern = "d. MMMM yyyy z" if language == "nb" else "d MMMM yyyy z"
    return format_datetime(moment, pattern, tzinfo=ZoneInfo(zone), locale=language)


def date(moment: datetime, zone: str, language: str) -> str:
    """The date in `zone`: 3. mars 2027."""
    return format_datetime(moment, _DATES[language], tzinfo=ZoneInfo(zone), locale=language)


def date_and_time(moment: datetime, zone: str, language: str) -> str:
    """Date and time in `zone`, where its name would only be in the way: 3. mars 2027, 09:00."""
    return format_datetime(moment, f"{_DATES[language]}, HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def clock_time(moment: datetime, zone: str, language: str) -> str:
    """The time of day in `zone`, with seconds, 24-hour."""
    return format_time(moment, "HH:mm:ss", tzinfo=ZoneInfo(zone), locale=language)


def span(seconds: float) -> str:
    """Exercise time as h:mm:ss, with its sign when before the start."""
    whole = int(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def language(request: Request, viewer: Viewer, site: str) -> Words:
    """The words this page is written in."""
    chosen = request.cookies.get("ncr-language") or viewer.language
    return words(prefer(chosen, request.headers.get("accept-language", ""), site))


def sees_exercises(viewer: Viewer) -> bool:
    """Whether exercises concern the viewer at all: a student who is in no team only practises."""
    return viewer.user_id is not None and (viewer.role is not Role.STUDENT or bool(viewer.teams))


def page(request: Request, name: str, viewer: Viewer, told: Words, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template `name` filled in, never kept by any cache."""
    theme = values.pop("theme", None) or request.cookies.get("ncr-theme")
    context: Mapping[str, Any] = {
        "_": told,
        "language": told.language,
        "theme": theme if theme in THEMES else None,
        "viewer": viewer,
        "sees_exercises": sees_exercises(viewer),
        "may_practise": access.may(viewer, Action.PRACTISE),
        "may_inspect": access.may(viewer, Action.INSPECT),
        "may_plan": viewer.role in ("instructor", "admin"),
        "path": request.url.path,
        "here": lambda path: Markup(' aria-current="page"') if request.url.path == path else "",
        "static": static,
        "words": lambda state: told(STATES.get(state, state)),
        "category_words": lambda name: told(CATEGORIES.get(name, name)),
        "when": lambda moment, zone: when(moment, zone, told.language),
        "clock_time": lambda moment, zone: clock_time(moment, zone, told.language),
        "said": None,
        "exercise_runs": False,
        **values,
    }
    html = pages.get_template(name).render(context)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
