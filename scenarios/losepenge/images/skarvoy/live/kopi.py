"""The file server's backup: copies the duty folder every five seconds while switched on, and tells how it goes."""

import shutil
import time
from configparser import ConfigParser
from configparser import Error as Unreadable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

SETTINGS, EVERY_S, LATE_S = "/etc/skarvoy/sikkerhetskopi.ini", 5, 15
last = 0.0


def settings() -> dict[str, str]:
    """What the file says; nothing when it cannot be read."""
    read = ConfigParser(interpolation=None)
    try:
        read.read(SETTINGS, encoding="utf-8")
        return dict(read["kopi"])
    except (Unreadable, KeyError, OSError, UnicodeDecodeError):
        return {}


def is_on() -> bool:
    return settings().get("aktiv") == "ja"


def copy_for_ever() -> None:
    """Copy, wait, and copy again; a copy that fails is none."""
    global last
    while True:
        told = settings()
        if told.get("aktiv") == "ja":
            try:
                shutil.copytree(told["fra"], told["til"], dirs_exist_ok=True)
                last = time.monotonic()
            except (OSError, KeyError, shutil.Error) as error:
                print(f"ingen kopi: {error}", flush=True)
        time.sleep(EVERY_S)


class State(BaseHTTPRequestHandler):
    """How the backup is."""

    timeout = 10

    def do_GET(self) -> None:
        good = is_on() and time.monotonic() - last < LATE_S
        body = b"i rute\n" if good else b"ingen kopi tas\n"
        self.send_response(200 if good else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen."""


if __name__ == "__main__":
    Thread(target=copy_for_ever, daemon=True).start()
    ThreadingHTTPServer(("", 9000), State).serve_forever()
