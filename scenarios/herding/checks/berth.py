"""Books a guest berth as a visitor would: open, at the club's price, to be paid to the club's own account."""

import os
import re
import signal
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

UP, DOWN, CHECKER_FAULT = 0, 1, 3
ACCOUNT, PRICE = "1503.44.20017", "250"


def judge(site: str, timeout_s: float) -> tuple[int, str]:
    """How booking is and why, after one booking."""
    try:
        page = book(site, timeout_s)
    except HTTPError as error:
        full = error.code == 409
        return DOWN, "visitors are told that the harbour is full or closed" if full else f"booking answers {error.code}"
    except Exception as error:  # a hostile site may answer anything: that is its fault, never the check's
        return DOWN, f"no proper answer to a booking: {type(error).__name__}"
    found = {what: re.search(rf'id="{what}">([\w. ]{{1,30}})<', page) for what in ("pris", "konto")}
    said = {what: match[1].strip() for what, match in found.items() if match}
    if said.get("konto") != ACCOUNT:
        return DOWN, f"visitors are told to pay to a stranger's account, {said.get('konto')}"
    if said.get("pris") != PRICE:
        return DOWN, f"the price is {said.get('pris')}, not {PRICE}"
    return UP, "a berth can be booked"


def book(site: str, timeout_s: float) -> str:
    """The receipt's page. The alarm counts the whole exchange: a socket's timeout starts anew with every byte."""
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with urlopen(f"{site}/bestill", urlencode({"baat": "Prøven"}).encode(), timeout=timeout_s) as receipt:
            return receipt.read(100_000).decode("utf-8", "replace")
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
