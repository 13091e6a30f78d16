"""The controller's process: a cycle five times a second, Modbus/TCP on 502, the programming port on 1502."""

import json
import os
import socket
import time
from collections.abc import Callable
from threading import Thread

import bryter
from access import EVERYBODY, Access
from device import Controller
from engineering import Engineering
from engineering import Server as EngineeringServer
from server import Server

FIELD = ("anlegg", 9000)
CYCLE_S, SILENT_S = 0.2, 2.0
STATION_ONLY = "hmi ingenior"


class Field:
    """The line to the plant; made anew when it is lost."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None

    def exchange(self, orders: dict[str, object]) -> dict[str, float] | None:
        """Send orders, get readings; None when the plant does not answer."""
        try:
            if self._line is None:
                self._line = socket.create_connection(FIELD, SILENT_S)
            self._line.sendall(json.dumps(orders).encode() + b"\n")
            with self._line.makefile() as answers:
                return dict(json.loads(answers.readline(2000)))
        except (OSError, ValueError):
            if self._line is not None:
                self._line.close()
            self._line = None
            return None


class Port:
    """The Modbus port, which can be closed and opened."""

    def __init__(self, make: Callable[[], Server]) -> None:
        self._make = make
        self._server: Server | None = None

    def open(self) -> None:
        """Listen, unless it does already."""
        if self._server is None:
            self._server = self._make()
            Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def main() -> None:
    """Run for ever; the main thread is the cycle."""
    environment = os.environ
    controller = Controller(environment["PLC_SKILT"], environment["PLC_KVITTERING"], int(environment["PLC_PROVE"]))
    access = Access()
    port = Port(lambda: Server(controller, access))
    engineering = Engineering(access, environment["PLC_PASSORD"], environment["PLC_KONFIG"])
    Thread(target=EngineeringServer(engineering).serve_forever, daemon=True).start()
    port.open()
    orders: dict[str, Callable[[str], object]] = {
        "stopp": lambda _: port.close(),
        "start": lambda _: port.open(),
        "skrivevern": lambda what: access.limit((STATION_ONLY if what == "pa" else EVERYBODY).split()),
        "skrivere": lambda _: " ".join(access.names()),
    }
    bryter.serve(environment["BRYTER"], orders)
    field, wanted = Field(), dict[str, object]()
    while True:
        wanted = controller.cycle(field.exchange(wanted))
        time.sleep(CYCLE_S)


if __name__ == "__main__":
    main()
