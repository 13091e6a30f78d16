"""What NCR itself says on a lab's host: one small page of its own, in the reader's language; pure."""

from html import escape

from ncr.entries.web_words import PAGES

RETRY_S = {"building": 5, "restart": 5, "down": 2, "engine": 5, "full": 2, "busy": 2, "paused": 10}
BACK = ("Til NCR", "To NCR")
POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem}"
    ":root{color-scheme:light dark}"
)


def page(key: str, accept_language: bytes, otherwise: str, back: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body; `otherwise` is the site's language, `back` the address of NCR."""
    said = PAGES[key]
    language = preferred(accept_language.decode("latin-1"), otherwise)
    nth = int(language == "en")
    title, text = escape(said.title[nth]), escape(said.text[nth])
    way = f'<p><a href="{escape(back)}">{BACK[nth]}</a></p>' if back else ""
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p>{way}</main></body></html>"
    ).encode()
    retry = [(b"retry-after", str(RETRY_S[key]).encode())] if key in RETRY_S else []
    return said.status, [*_headers(len(body)), *retry], body


def preferred(accept_language: str, otherwise: str) -> str:
    """nb or en: the first that the browser names."""
    for part in accept_language.lower().split(","):
        tongue = part.partition(";")[0].strip().partition("-")[0]
        if tongue in ("nb", "nn", "no", "da", "sv"):
            return "nb"
        if tongue == "en":
            return "en"
    return otherwise


def _headers(length: int) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", POLICY),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
