"""The operator panel's process: follows the controller, keeps the vendor's door, serves the pages."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import bryter
from door import Door
from keeping import FACTORY_PASSWORD, Keeping
from plant import Plant
from web import Panel, Server

KEPT = Path("/var/lib/hmi/panel.json")
TEMPLATE = Path(__file__).parent / "storjuvet.prosjekt"
KEY = 0x5A


def scrambled(password: str) -> str:
    """As the project file's own tool hides passwords: XOR with one byte, then base64."""
    return base64.b64encode(bytes(byte ^ KEY for byte in password.encode())).decode()


def project(environment: dict[str, str]) -> bytes:
    """The backup of the engineering project."""
    text = TEMPLATE.read_text()
    for name in ("LEVERANDOR_PASSORD", "PLC_PASSORD"):
        text = text.replace(f"@{name}@", scrambled(environment[name]))
    return text.encode()


def main() -> None:
    """Serve for ever."""
    environment = dict(os.environ)
    keeping = Keeping(KEPT)
    door, plant = Door(keeping), Plant()
    orders: dict[str, Callable[[str], object]] = {
        "dor": lambda what: door.set(what == "apen"),
        "passord": keeping.set_password,
        "fabrikk": lambda _: keeping.set_password(FACTORY_PASSWORD),
    }
    bryter.serve(environment["BRYTER"], orders)
    Thread(target=plant.follow, daemon=True).start()
    Server(Panel(plant, keeping, door, environment["HMI_MERKE"], project(environment))).serve_forever()


if __name__ == "__main__":
    main()
