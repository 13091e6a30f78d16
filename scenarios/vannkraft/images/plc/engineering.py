"""The controller's programming port: a line of JSON in, a line out, with the password of the project file."""

import hmac
import json
import time
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import BoundedSemaphore

from access import Access

PORT = 1502
LONGEST = 2000
WRONG_S = 1.0
CONNECTIONS = BoundedSemaphore(8)


class Engineering:
    """What may be asked here: `vis` (configuration and mark), `logg` (who wrote what), `skrivere` (who may write)."""

    def __init__(self, access: Access, password: str, mark: str) -> None:
        self._access, self._password, self._mark = access, password, mark

    def answer(self, line: bytes, address: str) -> dict[str, object]:
        """The answer to one line; never raises."""
        try:
            asked = json.loads(line)
            order, password = str(asked["ordre"]), str(asked["passord"])
            names = [str(name) for name in asked.get("navn", [])]
        except (ValueError, TypeError, KeyError, RecursionError):
            return {"feil": "forstår ikke"}
        if not hmac.compare_digest(password.encode(), self._password.encode()):
            time.sleep(WRONG_S)
            self._access.note(address, "programmering: feil passord")
            return {"feil": "feil passord"}
        return self._obey(order, names, address)

    def _obey(self, order: str, names: list[str], address: str) -> dict[str, object]:
        if order == "vis":
            return {"merke": self._mark, "skrivere": self._access.names(), "program": "storjuvet 4.2"}
        if order == "logg":
            return {"hendelser": self._access.events()}
        if order == "skrivere":
            try:
                self._access.limit(names)
            except ValueError as error:
                return {"feil": str(error)}
            self._access.note(address, f"skrivere: {' '.join(names)}")
            return {"skrivere": self._access.names()}
        return {"feil": "ukjent ordre"}


class Server(ThreadingTCPServer):
    """The port; a connection asks once."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, engineering: Engineering, place: tuple[str, int] = ("", PORT)) -> None:
        self.engineering = engineering
        super().__init__(place, Line)


class Line(StreamRequestHandler):
    """One question."""

    timeout = 10.0

    def handle(self) -> None:
        """Answer a line, however odd."""
        if not CONNECTIONS.acquire(blocking=False):
            return
        try:
            told = self.server.engineering.answer(self.rfile.readline(LONGEST), self.client_address[0])  # type: ignore[attr-defined]
            self.wfile.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
        except OSError:
            return
        finally:
            CONNECTIONS.release()
