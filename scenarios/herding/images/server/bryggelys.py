"""The quay lights' controller, and `bryggelys på|av|status`, the command that talks to it (on|off in English)."""

import socket
import socketserver
import sys
from configparser import ConfigParser

settings = ConfigParser()
settings.read("/etc/bryggelys.ini", encoding="utf-8")
STYRING = settings["styring"]
ENGLISH = {"ON": "PÅ", "OFF": "AV"}


class Samtale(socketserver.StreamRequestHandler):
    """One caller: KODE first where a code is set, then PÅ, AV or STATUS; one answer, and goodbye."""

    lyser = True
    timeout = 5

    def handle(self) -> None:
        kode = STYRING.get("kode", "").strip()
        known = not kode
        for _ in range(2):
            ord_, _, resten = self.rfile.readline(80).decode("utf-8", "replace").strip().partition(" ")
            if ord_ == "KODE":
                known = known or resten.strip() == kode
            else:
                return self.answer(ord_.upper() if known else "")

    def answer(self, ord_: str) -> None:
        if ord_ in ("PÅ", "AV"):
            Samtale.lyser = ord_ == "PÅ"
        said = ("lyser" if Samtale.lyser else "er av") if ord_ in ("PÅ", "AV", "STATUS") else "nei"
        self.wfile.write(f"{said}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Callers that say nothing keep nobody waiting."""

    allow_reuse_address = True
    daemon_threads = True


def say(ord_: str) -> str:
    adresse = STYRING["adresse"].replace("0.0.0.0", "127.0.0.1")
    with socket.create_connection((adresse, STYRING.getint("port")), 3) as styring:
        styring.sendall(f"KODE {STYRING.get('kode', '')}\n{ord_}\n".encode())
        return styring.makefile(encoding="utf-8").readline().strip()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(say(ENGLISH.get(sys.argv[1].upper(), sys.argv[1].upper())))
    else:
        Server((STYRING["adresse"], STYRING.getint("port")), Samtale).serve_forever()
