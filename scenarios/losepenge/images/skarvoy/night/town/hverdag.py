"""What ordinary people and machines do in the night: sign in, read shares, send the backup away.

Usage: hverdag.py inn USER PASSWORD | tast USER,USER… PASSWORD,… | les USER PASSWORD PATH… | kopi PASSWORD | oppdater
"""

import base64
import http.client
import sys
import time
from urllib.parse import quote, urlencode

BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:136.0) Gecko/20100101 Firefox/136.0"}


def ask(
    host: str, port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    """One request, one connection; the answer has been read."""
    connection = http.client.HTTPConnection(host, port)
    connection.request(method, path, body, {**BROWSER, **headers})
    answer = connection.getresponse()
    answer.text = answer.read()
    connection.close()
    return answer


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def inn(user: str, password: str) -> None:
    ask("10.20.0.5", 8080, "GET", "/")
    time.sleep(9.2)
    form = urlencode({"bruker": user, "passord": password}).encode()
    answer = ask("10.20.0.5", 8080, "POST", "/inn", form)
    time.sleep(2.1)
    if cookie := answer.getheader("Set-Cookie"):
        ask("10.20.0.5", 8080, "GET", "/tunnel", Cookie=cookie.split(";")[0])


def tast(users: str, passwords: str) -> None:
    for password in passwords.split(","):
        for user in users.split(","):
            form = urlencode({"bruker": user, "passord": password}).encode()
            ask("10.20.0.5", 8080, "POST", "/inn", form, **{"User-Agent": "python-requests/2.31.0"})
            time.sleep(11.6)


def les(user: str, password: str, *paths: str) -> None:
    for path in paths:
        ask("fil01.skarvoy.example", 8080, "GET", quote(path), Authorization=basic(user, password))
        time.sleep(23.8)


def kopi(password: str) -> None:
    ask("fil01.skarvoy.example", 9100, "POST", "/kjor", b"du -s srv/felles", Authorization=basic("svc-speil", password))
    packed = b"".join(bytes([number % 251]) * 997 for number in range(1280))
    for part in range(5):
        piece = packed[part * 262144 : (part + 1) * 262144]
        ask("sikkerhetskopi.fjordsky.example", 8080, "PUT", f"/skarvoy/2026-03-14/{part}.fsk", piece)
        time.sleep(6.4)


def oppdater() -> None:
    ask("oppdatering.fagsystem.example", 8080, "GET", "/versjon?produkt=fagsystem-helse&har=11.4.2")


if __name__ == "__main__":
    {"inn": inn, "tast": tast, "les": les, "kopi": kopi, "oppdater": oppdater}[sys.argv[1]](*sys.argv[2:])
