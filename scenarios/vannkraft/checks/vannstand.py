"""Reads the water level from the plant's own gauge, which nobody can recalibrate."""

import json
import os
import signal
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

UP, DOWN, DEGRADED, CHECKER_FAULT = 0, 1, 2, 3
VERDICTS = {"up": UP, "degraded": DEGRADED, "down": DOWN}


def judge(plant: str, timeout_s: float) -> tuple[int, str]:
    """How the level is, and what it is."""
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        told = json.loads(asked(f"{plant}/vannstand", timeout_s))
        return VERDICTS[told["state"]], f"the water stands at {told['level_m']:.2f} m"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return DOWN, f"the gauge does not answer: {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def asked(url: str, timeout_s: float) -> bytes:
    """The gauge's answer; 503 is one, too."""
    try:
        with urlopen(url, timeout=timeout_s) as answer:
            return bytes(answer.read(1000))
    except HTTPError as error:
        if error.code != 503:
            raise
        return error.read(1000)


def give_up(signum: int, frame: object) -> None:
    """End a wait that has lasted too long."""
    raise TimeoutError


def main() -> int:
    """The exit code for the platform; only a judgement of the plant may be 0, 1 or 2."""
    try:
        verdict, message = judge(f"http://{os.environ['NCR_TARGET']}:8090", float(os.environ["NCR_TIMEOUT"]) * 0.8)
    except Exception as error:
        verdict, message = CHECKER_FAULT, f"the check itself failed: {error!r}"
    print(message)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
