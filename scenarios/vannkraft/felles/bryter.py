#!/usr/bin/env python3
"""A switch inside a machine: `bryter ORDER [VALUE]` has the machine's own program do something, over a local socket.

It is the exercise's way to break and mend a machine. Nothing outside the container reaches it.
"""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

LONGEST = 500


class Server(ThreadingUnixStreamServer):
    """Serves one connection's line in a thread of its own."""

    daemon_threads = True


def serve(path: str, orders: Mapping[str, Callable[[str], object]]) -> None:
    """Listen at `path` for lines `ORDER VALUE`; what the order's function returns is said back, an error after `!`."""
    Path(path).unlink(missing_ok=True)

    class Line(StreamRequestHandler):
        def handle(self) -> None:
            order, _, value = self.rfile.readline(LONGEST).decode(errors="replace").strip().partition(" ")
            try:
                told = orders[order](value)
                said = "" if told is None else str(told)
            except Exception as error:  # whatever it is, the one who ordered must hear of it
                said = f"!{type(error).__name__}: {error}"
            self.wfile.write(said.encode())

    Thread(target=Server(path, Line).serve_forever, daemon=True).start()


def main() -> None:
    """Give the order in the arguments; exit 1 with the reason when it was not obeyed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(os.environ["BRYTER"])
        connection.sendall(" ".join(sys.argv[1:]).encode() + b"\n")
        said = connection.makefile().read()
    if said.startswith("!"):
        raise SystemExit(said[1:])
    if said:
        print(said)


if __name__ == "__main__":
    main()
