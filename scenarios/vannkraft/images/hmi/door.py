"""The vendor's door for remote maintenance: a port on the office side that leads to the engineering workstation."""

import socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import BoundedSemaphore, Lock, Thread

from keeping import Keeping

PORT, TARGET = 2222, ("ingenior", 22)
CONNECTIONS = BoundedSemaphore(12)
PIECE = 16 * 1024
IDLE_S = 900.0


class Relay(BaseRequestHandler):
    """One connection passed on."""

    def handle(self) -> None:
        """Both ways until either end is done."""
        if not CONNECTIONS.acquire(blocking=False):
            return
        try:
            with socket.create_connection(TARGET, 5) as far:
                for end in (far, self.request):
                    end.settimeout(IDLE_S)
                back = Thread(target=pump, args=(far, self.request), daemon=True)
                back.start()
                pump(self.request, far)
                back.join()
        except OSError:
            return
        finally:
            CONNECTIONS.release()


def pump(source: socket.socket, to: socket.socket) -> None:
    """Pass on what comes until there is no more."""
    try:
        while piece := source.recv(PIECE):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, to):
            end.close()


class Listener(ThreadingTCPServer):
    """The listening side."""

    allow_reuse_address = True
    daemon_threads = True


class Door:
    """Open or closed as it is kept."""

    def __init__(self, keeping: Keeping, port: int = PORT) -> None:
        self._keeping, self._port = keeping, port
        self._lock = Lock()
        self._listener: Listener | None = None
        self.set(keeping.door_open)

    def set(self, open_: bool) -> None:
        """Open or close it, and remember it. Sessions that are inside stay until they end."""
        with self._lock:
            if open_ and self._listener is None:
                self._listener = Listener(("", self._port), Relay)
                Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
            if not open_ and self._listener is not None:
                self._listener.shutdown()
                self._listener.server_close()
                self._listener = None
        self._keeping.set_door(open_)
