"""A server somewhere on the internet that takes whatever it is given: the gang's drop, and the backup's provider."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Drop(BaseHTTPRequestHandler):
    """One request; every one is welcome."""

    server_version, sys_version = "nginx", ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"mottatt\n")

    do_PUT = do_POST

    def do_GET(self) -> None:
        self.answer(b"vent\n")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen."""


if __name__ == "__main__":
    HTTPServer((sys.argv[1], int(sys.argv[2])), Drop).serve_forever()
