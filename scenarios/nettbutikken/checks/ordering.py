"""Buys a hat as a customer would, and sees that the receipt asks for payment to the shop's own account."""

import os
import re
import signal
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

UP, DOWN, DEGRADED, CHECKER_FAULT = 0, 1, 2, 3
ACCOUNT = "1503.22.11110"
SLOW_S = 2.0


def judge(shop: str, timeout_s: float) -> tuple[int, str]:
    """How the shop is and why, after one order."""
    started = time.monotonic()
    try:
        page = buy(shop, timeout_s)
    except HTTPError as error:
        return DOWN, f"ordering answers {error.code}"
    except Exception as error:  # a hostile shop may answer anything: that is its fault, never the check's
        return DOWN, f"no proper answer to an order: {type(error).__name__}"
    account = re.search(r'id="konto">([\w. ]{1,30})<', page)
    if account is None or not re.search(r'id="kid">\d{10}<', page):
        return DOWN, "the receipt is missing"
    if account[1].strip() != ACCOUNT:
        return DOWN, f"customers are told to pay to a stranger's account, {account[1].strip()}"
    took_s = time.monotonic() - started
    return (DEGRADED, f"an order takes {took_s:.1f} s") if took_s > SLOW_S else (UP, "an order goes through")


def buy(shop: str, timeout_s: float) -> str:
    """The receipt's page. The alarm counts the whole exchange: a socket's timeout starts anew with every byte."""
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    form = urlencode({"vare": "3", "antall": "1", "navn": "Prøvekunde", "epost": "prove@kunde.example"})
    try:
        with urlopen(f"{shop}/bestill", form.encode(), timeout=timeout_s) as receipt:
            return receipt.read(100_000).decode("utf-8", "replace")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def give_up(signum: int, frame: object) -> None:
    """End a wait that has lasted too long."""
    raise TimeoutError


def main() -> int:
    """The exit code for the platform; only a judgement of the shop may be 0, 1 or 2."""
    try:
        verdict, message = judge(f"http://{os.environ['NCR_TARGET']}:8080", float(os.environ["NCR_TIMEOUT"]) * 0.8)
    except Exception as error:
        verdict, message = CHECKER_FAULT, f"the check itself failed: {error!r}"
    print(message)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
