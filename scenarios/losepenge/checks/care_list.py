"""Reads the care services' list as the night nurse does, and sees that it is the one from before the night."""

import os
import signal
import sys
from base64 import b64encode
from hashlib import sha256
from urllib.error import HTTPError
from urllib.request import Request, urlopen

UP, DOWN, CHECKER_FAULT = 0, 1, 3
LIST = "/felles/omsorg/hjemmetjenesten.csv"
WANTED = "e8bb6f120d3593377decba5d0508f21d099eab195b1c4eb7fc0fc912f1c10092"
NURSE = b64encode(b"kari.myhre:Nattevakt.22x").decode()


def judge(server: str, timeout_s: float) -> tuple[int, str]:
    """Whether the nurse gets her list, and why not."""
    try:
        content = read(server, timeout_s)
    except HTTPError as error:
        return DOWN, "the list is not there" if error.code == 404 else f"reading the list answers {error.code}"
    except Exception as error:  # a broken server may answer anything: that is its fault, never the check's
        return DOWN, f"no proper answer: {type(error).__name__}"
    if sha256(content).hexdigest() != WANTED:
        return DOWN, "there is a list, but not the one from before the night"
    return UP, "the list is back, unchanged"


def read(server: str, timeout_s: float) -> bytes:
    """The list. The alarm counts the whole exchange: a socket's timeout starts anew with every byte."""
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with urlopen(Request(server + LIST, headers={"Authorization": f"Basic {NURSE}"}), timeout=timeout_s) as answer:
            return answer.read(200_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def give_up(signum: int, frame: object) -> None:
    """End a wait that has lasted too long."""
    raise TimeoutError


def main() -> int:
    """The exit code for the platform; only a judgement of the server may be 0 or 1."""
    try:
        verdict, message = judge(f"http://{os.environ['NCR_TARGET']}:8080", float(os.environ["NCR_TIMEOUT"]) * 0.8)
    except Exception as error:
        verdict, message = CHECKER_FAULT, f"the check itself failed: {error!r}"
    print(message)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
