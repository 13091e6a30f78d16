"""Reads the web site as a visitor would: the club's own welcome, rules, prices and tides, and nobody else's mark."""

import os
import signal
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

UP, DOWN, CHECKER_FAULT = 0, 1, 3
# What a page must hold, and what it is called for people.
PAGES = {
    "/": ("Skarvøy Båtforening tar imot gjester", "the front page"),
    "/dokumenter/hent?fil=havnereglement.txt": ("høyst tre knop", "the harbour rules"),
    "/filer/prisliste.txt": ("1503.44.20017", "the price list"),
    "/tidevann?sted=Skarv%C3%B8y": (" cm", "the tides"),
}
MARK = "Bryggegjengen"


def judge(site: str, timeout_s: float) -> tuple[int, str]:
    """How the pages are and why."""
    for path, (wanted, name) in PAGES.items():
        try:
            page = fetch(f"{site}{path}", timeout_s / len(PAGES))
        except HTTPError as error:
            return DOWN, f"{name} answers {error.code}"
        except Exception as error:  # a hostile site may answer anything: that is its fault, never the check's
            return DOWN, f"no proper answer from {name}: {type(error).__name__}"
        if MARK in page:
            return DOWN, f"a stranger has left a mark on {name}"
        if wanted not in page:
            return DOWN, f"{name} does not say what it should"
    return UP, "the pages are the club's own"


def fetch(url: str, timeout_s: float) -> str:
    """The page. The alarm counts the whole exchange: a socket's timeout starts anew with every byte."""
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with urlopen(url, timeout=timeout_s) as answer:
            return answer.read(100_000).decode("utf-8", "replace")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def give_up(signum: int, frame: object) -> None:
    """End a wait that has lasted too long."""
    raise TimeoutError


def main() -> int:
    """The exit code for the platform; only a judgement of the site may be 0 or 1."""
    try:
        verdict, message = judge(f"http://{os.environ['NCR_TARGET']}", float(os.environ["NCR_TIMEOUT"]) * 0.8)
    except Exception as error:
        verdict, message = CHECKER_FAULT, f"the check itself failed: {error!r}"
    print(message)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
