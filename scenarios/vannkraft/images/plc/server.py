"""The Modbus/TCP server: frames in and out, few enough connections, and every write on record."""

import struct
from collections import Counter
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock

import answering
import modbus
from access import Access
from answering import Device

MOST_CONNECTIONS, MOST_EACH = 40, 12
IDLE_S = 30.0
SELF = "127.0.0.1"  # the controller's own test is nothing to keep


class Server(ThreadingTCPServer):
    """Serves until `shutdown`; connections beyond the limits are closed at once."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, device: Device, access: Access, place: tuple[str, int] = ("", modbus.PORT)) -> None:
        self.device, self.access = device, access
        self._lock, self._open = Lock(), Counter[str]()
        super().__init__(place, Connection)

    def enter(self, address: str) -> bool:
        """Count a connection; False when there are too many."""
        with self._lock:
            if self._open.total() >= MOST_CONNECTIONS or self._open[address] >= MOST_EACH:
                return False
            self._open[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Count it off again."""
        with self._lock:
            self._open[address] -= 1


class Connection(StreamRequestHandler):
    """One client: frames until it leaves, falls silent or sends something else than Modbus."""

    timeout = IDLE_S
    server: Server

    def handle(self) -> None:
        """Serve the client."""
        address = str(self.client_address[0])
        if not self.server.enter(address):
            return
        try:
            while len(head := self.rfile.read(7)) == 7:
                self._serve(head, address)
        except (OSError, ValueError):
            return
        finally:
            self.server.leave(address)

    def _serve(self, head: bytes, address: str) -> None:
        length = modbus.body_length(head)
        pdu = self.rfile.read(length)
        if len(pdu) < length:
            raise ValueError("the frame ended early")
        response = answering.answer(self.server.device, pdu, self.server.access.may_write(address))
        if pdu[0] in modbus.WRITES and address != SELF:
            self.server.access.note(address, described(pdu, response))
        transaction, unit = struct.unpack(">H4xB", head)
        self.wfile.write(modbus.header(transaction, unit, response))


def described(pdu: bytes, response: bytes) -> str:
    """A write for the log: function, address, the data as sent, and how it was answered."""
    outcome = f"avvist ({response[1]})" if response[0] & 0x80 else "utført"
    where = int.from_bytes(pdu[1:3], "big")
    return f"skriv fc={pdu[0]} adresse={where} data={pdu[3:19].hex()} {outcome}"
