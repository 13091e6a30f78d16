"""What the club's own people do from the quay's network: read the berth list, deliver measurements."""

import json
import os
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bryggegjengen.means import SERVER, Unsure, ask, rsync, ssh


def as_member(command: str = "true") -> str:
    """The berth list, as every member may read it, and what a command behind it prints.

    Raises Unsure when the members do not get at their list.
    """
    seen = ssh("medlem", (os.environ["MEMBER_PASSWORD"],), f"cat baatplasser.txt; {command}")
    if seen is None or "brygge A" not in seen:
        raise Unsure("the members do not get at the berth list")
    return seen


def measurement() -> str:
    """A measurement delivered by the weather station, then read on the web site. Raises Unsure when it is not there."""
    water, wind = round(random.uniform(4, 18), 1), round(random.uniform(0, 20), 1)
    at = time.strftime("%Y-%m-%d %H:%M:%S")
    with TemporaryDirectory() as folder:
        # One file for every hour of the day, so that the folder does not grow.
        file = Path(folder, f"maaling-{time.strftime('%H')}.json")
        file.write_text(json.dumps({"tid": at, "vann": water, "vind": wind}))
        if not rsync(
            "-a", str(file), f"rsync://vaerstasjon@{SERVER}/maalinger/", password=os.environ["STATION_PASSWORD"]
        ):
            raise Unsure("the weather station is turned away")
    shown = ask("GET", "/maaling").text.strip()
    # Two may be delivered at once, and the later is shown; one from the future is nobody's.
    if not at <= shown[: len(at)] <= time.strftime("%Y-%m-%d %H:%M:%S"):
        raise Unsure(f"the site shows something else than what was just measured: {shown[:80]}")
    return shown
