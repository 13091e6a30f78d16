"""The historian's Modbus gateway: lets the office ask the controller, and passes on everything it is sent."""

import socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import BoundedSemaphore, Thread

PORT, TARGET = 502, ("plc", 502)
CONNECTIONS = BoundedSemaphore(10)
IDLE_S = 60.0


class Gateway(BaseRequestHandler):
    """One client, passed on as it is."""

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
        while piece := source.recv(1024):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, to):
            end.close()


class Server(ThreadingTCPServer):
    """The listening side."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    Server(("", PORT), Gateway).serve_forever()
