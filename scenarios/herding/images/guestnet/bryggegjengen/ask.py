"""What checks ask: whether a door is closed (`dor ID`), and whether the club's people get what they need (`kunde WHO`).

Ends with 0 for yes, 1 for an open door, and 2 when the service does not work.
"""

import sys

from bryggegjengen import members
from bryggegjengen.doors import DOORS
from bryggegjengen.means import Unsure

CUSTOMERS = {"medlem": members.as_member, "vaer": members.measurement}


def main(what: str, which: str) -> int:
    try:
        if what == "kunde":
            print(CUSTOMERS[which]())
            return 0
        door = next(door for door in DOORS if door.id == which)
        opened = door.knock()
        print("open" if opened else "closed")
        return int(opened)
    except Unsure as why:
        print(f"unsure: {why}")
        return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
