"""One wave: Bryggegjengen tries every door it knows by now, and goes through those that stand open.

Usage: bolge NUMBER. A wave ends well whatever it meets; the last line says through how many doors it got.
"""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from bryggegjengen.doors import DOORS, Door
from bryggegjengen.means import Unsure

# An inject has a minute; a server that lets everybody wait is left alone before that.
MOST_S = 50


def is_open(door: Door) -> bool:
    try:
        return door.knock()
    except Unsure as why:
        print(f"{door.id}: unsure, {why}", flush=True)
        return False


def go_through(door: Door) -> bool:
    try:
        print(f"{door.id}: {door.use()}", flush=True)
    except Unsure as why:
        print(f"{door.id}: lost the way, {why}", flush=True)
        return False
    return True


def give_up(signum: int, frame: object) -> None:
    print("the server lets everybody wait: gave up", flush=True)
    sys.exit(0)


def main(wave: int) -> None:
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(MOST_S)
    known = [door for door in DOORS if door.wave <= wave]
    # Knocked on a few at a time and all before anything is harmed: harm to one service would hide another's door.
    with ThreadPoolExecutor(3) as pool:
        found = [door for door, opened in zip(known, pool.map(is_open, known), strict=True) if opened]
    through = sum([go_through(door) for door in found])
    print(f"wave {wave}: through {through} of {len(known)} doors")


if __name__ == "__main__":
    main(int(sys.argv[1]))
