"""The panel's pages as HTML, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from drawing import drawing, trend
from plant import Reading
from words import LANGUAGES, said

Words = Mapping[str, str]
TABS = (("/", "overview"), ("/hendelser", "events"), ("/vedlikehold", "service"))


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: language, whether signed in, where, and what there is to tell."""

    language: str
    signed_in: bool
    path: str = "/"
    notice: str = ""

    @property
    def words(self) -> Words:
        """The language's words."""
        return said(self.language)


def page(viewer: Viewer, title: str, body: str) -> str:
    """A whole page."""
    words = viewer.words
    tabs = "".join(
        f'<a href="{path}"{" aria-current=page" if path == viewer.path else ""}>{escape(words[name])}</a>'
        for path, name in TABS
    )
    languages = "".join(
        f'<a href="/sprak/{language}" lang="{language}" hreflang="{language}">{name}</a>'
        for language, name in zip(LANGUAGES, ("Norsk", "English"), strict=True)
        if language != viewer.language
    )
    out = _button(words["sign_out"], "/ut") if viewer.signed_in else f'<a href="/inn">{escape(words["sign_in"])}</a>'
    notice = f'<p class="notice" role="status">{escape(viewer.notice)}</p>' if viewer.notice else ""
    return f"""<!doctype html>
<html lang="{viewer.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{escape(title)} – {escape(words["station"])}</title>
<link rel="stylesheet" href="/static/panel.css"><link rel="icon" href="/static/panel.svg">
<script src="/static/panel.js" defer></script></head>
<body><header><strong>{escape(words["station"])}</strong><nav>{tabs}</nav>
<div class="who">{languages}{out}</div></header>
<main><h1>{escape(title)}</h1>{notice}{body}</main></body></html>"""


def overview(viewer: Viewer, reading: Reading | None, levels: Sequence[float]) -> str:
    """Figures, drawing, trend, and the controls for who is signed in."""
    words = viewer.words
    control = _control(words, reading) if viewer.signed_in else f'<p class="aside">{escape(words["to_control"])}</p>'
    body = f"""
<p class="status" data-status role="status">{escape(status(words, reading))}</p>
<dl class="figures">{_figures(words, viewer.language, reading)}</dl>
<div class="columns"><section>{drawing(words, reading)}</section>
<section><h2>{escape(words["trend"])}</h2>{trend(words, levels)}<p class="aside">{escape(words["limits"])}</p>
<h2>{escape(words["instruments"])}</h2><table>{_instruments(words, viewer.language, reading)}</table></section></div>
<section><h2>{escape(words["control"])}</h2>{control}</section>"""
    return page(viewer, words["overview"], body)


def status(words: Words, reading: Reading | None) -> str:
    """One line on how it is."""
    if reading is None:
        return words["silent"]
    told = [words["tripped" if reading.tripped else "running"], words["automatic" if reading.automatic else "manual"]]
    told += [words[name] for name in ("high", "low", "muted") if getattr(reading, name)]
    return " · ".join(told)


def number(value: float, decimals: int, language: str) -> str:
    """A number as the language writes it."""
    written = f"{value:.{decimals}f}"
    return written.replace(".", ",") if language == "nb" else written


def sign_in(viewer: Viewer) -> str:
    """The way in."""
    words = viewer.words
    body = f"""<form class="narrow" method="post" action="/inn">
<label>{escape(words["user"])}<input name="bruker" autocomplete="username" required></label>
<label>{escape(words["password"])}
<input name="passord" type="password" autocomplete="current-password" required></label>
<button>{escape(words["sign_in"])}</button></form>"""
    return page(viewer, words["sign_in"], body)


def events(viewer: Viewer, kept: Sequence[tuple[str, str, str, str]]) -> str:
    """What was done, by whom, the newest first."""
    words = viewer.words
    rows = "".join(
        f"<tr><td>{escape(at)}</td><td>{escape(where)}</td><td>{escape(words[event].format(detail))}</td></tr>"
        for at, where, event, detail in kept
    )
    head = "".join(f'<th scope="col">{escape(words[name])}</th>' for name in ("when", "where", "what"))
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else words["nothing"]
    return page(viewer, words["events"], body)


def service(viewer: Viewer, reading: Reading | None, door_open: bool, mark: str) -> str:
    """Calibration, password, the vendor's door and the backup."""
    words = viewer.words
    door = words["door_open" if door_open else "door_closed"]
    shift = _button(words["close_door" if door_open else "open_door"], "/dor", "apen", "0" if door_open else "1")
    fields = "".join(
        _number(words[name], name, getattr(reading, name) if reading else 0.0, viewer.language)
        for name in ("zero", "span")
    )
    body = f"""<div class="columns"><section><h2>{escape(words["calibration"])}</h2>
<form class="narrow" method="post" action="/sett">{fields}<button>{escape(words["save"])}</button></form></section>
<section><h2>{escape(words["change"])}</h2><form class="narrow" method="post" action="/passord">
<label>{escape(words["new_password"])}
<input name="passord" type="password" autocomplete="new-password" required></label>
<button>{escape(words["change"])}</button></form></section>
<section><h2>{escape(words["door"])}</h2><p>{escape(door)}</p>{shift}</section>
<section><h2>{escape(words["backup"])}</h2>
<p><a href="/storjuvet.prosjekt" download>{escape(words["download"])}</a></p>
<p>{escape(words["mark"])}: <code id="merke">{escape(mark)}</code></p></section></div>"""
    return page(viewer, words["service"], body)


def _figures(words: Words, language: str, reading: Reading | None) -> str:
    figures = (("level", 2, "level_unit"), ("power", 2, "MW"), ("vane", 1, "%"), ("gate", 1, "%"))
    return "".join(
        f'<div><dt>{escape(words[name])}</dt><dd><span data-value="{name}" data-decimals="{decimals}">'
        f"{number(getattr(reading, name), decimals, language) if reading else '–'}</span>"
        f" <small>{escape(words.get(unit, unit))}</small></dd></div>"
        for name, decimals, unit in figures
    )


def _instruments(words: Words, language: str, reading: Reading | None) -> str:
    measured = (("level", "cell", 2, "level_unit"), ("cell_ma", "cell", 2, "mA"), ("radar", "radar", 2, "level_unit"),
                ("flow", "flow", 2, "m³/s"), ("gate_flow", "gate_flow", 2, "m³/s"),
                ("spill_flow", "spill_flow", 2, "m³/s"))  # fmt: skip
    return "".join(
        f'<tr><th scope="row">{escape(words[label])}</th><td><span data-value="{name}" data-decimals="{decimals}">'
        f"{number(getattr(reading, name), decimals, language) if reading else '–'}</span>"
        f" {escape(words.get(unit, unit))}</td></tr>"
        for name, label, decimals, unit in measured
    )


def _control(words: Words, reading: Reading | None) -> str:
    if reading is None:
        return f'<p class="aside">{escape(words["silent"])}</p>'
    language = "en" if words["grid"] == "Grid" else "nb"
    automatic = ("go_manual", "0") if reading.automatic else ("go_automatic", "1")
    muted = ("unmute", "0") if reading.muted else ("mute", "1")
    switches = (("automatic", *automatic), ("reset", "reset", "1"), ("mute", *muted), ("trip", "trip", "1"))
    buttons = "".join(_button(words[label], "/bryter", name, value) for name, label, value in switches)
    given = (("setpoint", "setpoint", "setpoint"), ("most_flow", "most_flow", "most_flow"),
             ("vane", "set_vane", "set_vane"), ("gate", "set_gate", "set_gate"))  # fmt: skip
    fields = "".join(_number(words[label], name, getattr(reading, kept), language) for name, label, kept in given)
    return f"""<div class="buttons">{buttons}</div>
<form class="narrow" method="post" action="/sett">{fields}<button>{escape(words["save"])}</button></form>"""


def _number(label: str, name: str, value: float, language: str) -> str:
    shown = number(value, 2, language)
    return f'<label>{escape(label)}<input name="{name}" inputmode="decimal" value="{shown}" required></label>'


def _button(label: str, action: str, name: str = "", value: str = "") -> str:
    kind = f' class="{name}"' if name else ""
    field = f'<input type="hidden" name="{name}" value="{value}">' if name else ""
    return f'<form method="post" action="{action}">{field}<button{kind}>{escape(label)}</button></form>'
