"""Images, hosts and health checks of challenges as services, entries and checks; and the desk that all start from."""

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ncr.scenario.files import is_unseen
from ncr.scenario.importers import sources
from ncr.scenario.importers.ctfcli import scripts
from ncr.scenario.importers.ctfcli.event import NAMES, Found
from ncr.scenario.importers.ctfcli.making import DESK, LAB, Making
from ncr.scenario.importers.placeholders import BASE

_RECIPES = ("Dockerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
_IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}")
_EXPOSED = re.compile(r"^[ \t]*EXPOSE[ \t]+(\d{1,5})", re.MULTILINE | re.IGNORECASE)
_PORT = re.compile(r"(?::|nc\s+\S+\s+|-p\s*|port\s+)(\d{2,5})\b")
_OF_WEB = {80: "http", 443: "https"}
_LOOKS_WEB = frozenset({"80", "8080", "8000", "3000", "5000", "443"})
_SMALLEST, _LARGEST = 1, 65535
_DESK = f"""\
FROM {BASE}
RUN apt-get update \\
 && apt-get install -y --no-install-recommends curl netcat-openbsd openssh-client python3 \\
 && rm -rf /var/lib/apt/lists/*
USER student
WORKDIR /home/student
CMD ["sleep", "infinity"]
"""


def make(making: Making) -> None:
    """Fill the Compose file, the images, the entries and the checks."""
    making.compose |= {"services": {DESK: _desk(making)}, "networks": {LAB: {"internal": True}}}
    making.draft.definition["entries"] = [
        {"id": DESK, "terminal": DESK, "user": "student", "title": {"nb": "Arbeidsstasjon", "en": "Workstation"}}
    ]
    for found in making.event.challenges:
        if found.challenge.image:
            _service(making, found, found.challenge.image)
        else:
            _without(making, found)


def _desk(making: Making) -> dict[str, Any]:
    making.draft.files[f"images/{DESK}/Dockerfile"] = _DESK.encode()
    return {"build": f"images/{DESK}", "networks": [LAB], "mem_limit": "192m", "pids_limit": 256}


def _service(making: Making, found: Found, image: str) -> None:
    name, path = making.id(found), making.path(found, "image")
    context = _context(found, image)
    if context is None and image.startswith(("__", ".", "/")):
        why = "is no folder with a Dockerfile and no image: it is built outside ctfcli, and has to be added by hand"
        making.report.left(path, why)
        making.report.warn("no-image", str(found.root.mapping["image"].mark), f"`{image}` {why}")
        _without(making, found)
        return
    service: dict[str, Any] = {"networks": [LAB]}
    if context is not None:
        service["build"] = f"images/{name}"
        _copy(making, found, context, f"images/{name}")
        making.report.carried(path, f"services.{name}.build")
    else:
        reference = image.removeprefix("registry://")
        if not _IMAGE.fullmatch(reference):
            making.refuse(found, "image", f"`{image[:60]}` is no folder here and no image; write ., or NAME:TAG")
        service["image"] = reference
        making.report.mapped(path, f"services.{name}.image", "every site must be able to pull it")
    protocol, port = _spoken(found, context)
    if port is not None:
        service["expose"] = [str(port)]
    making.compose["services"][name] = service
    _reach(making, found, protocol, port)
    if found.challenge.host:
        making.report.left(making.path(found, "host"), "where it ran before; here every team has its own")


def _context(found: Found, image: str) -> Path | None:
    place = (found.folder / image).resolve()
    is_inside = place == found.folder.resolve() or found.folder.resolve() in place.parents
    # os.path answers no where pathlib would raise: an image may be any text, of any length.
    is_folder = "://" not in image and os.path.isdir(place) and os.path.isfile(place / "Dockerfile")
    return place if is_inside and is_folder else None


def _recipe(context: Path) -> str:
    return sources.content(context / "Dockerfile").decode(errors="replace")


def _copy(making: Making, found: Found, context: Path, to: str) -> None:
    solution = found.challenge.solution
    private = {*NAMES, *(name for name in (found.challenge.healthcheck, solution.path if solution else None) if name)}
    needed = _recipe(context)
    for name in sources.survey(context).files:
        own = str((context / name).relative_to(found.folder.resolve()))
        is_private = own in {str(PurePosixPath(one)) for one in private} and PurePosixPath(name).name not in needed
        if is_private or any(is_unseen(part) for part in Path(name).parts):
            continue
        making.draft.files[f"{to}/{name}"] = context / name


def _spoken(found: Found, context: Path | None) -> tuple[str, int | None]:
    challenge, info = found.challenge, found.challenge.connection_info or ""
    exposed = _EXPOSED.findall(_recipe(context)) if context else []
    told = [*exposed, *_PORT.findall(info)]
    is_web = info.startswith("http") or (not info and bool(told) and told[0] in _LOOKS_WEB)
    protocol = challenge.protocol or ("http" if is_web else "tcp")
    ports = [int(port) for port in told if _SMALLEST <= int(port) <= _LARGEST]
    usual = {"http": 80, "https": 443}.get(protocol)
    return protocol, ports[0] if ports else usual


def _reach(making: Making, found: Found, protocol: str, port: int | None) -> None:
    name, report = making.id(found), making.report
    if port is None:
        why = "no port is told: write it in `expose` of the service, and a check and the way there by hand"
        report.warn("no-port", str(found.root.mapping["image"].mark), why)
        return
    is_web = protocol in ("http", "https")
    making.reached[found.challenge.name] = f"{protocol}://{name}:{port}" if is_web else f"nc {name} {port}"
    if is_web:
        making.draft.definition["entries"].append({"id": name, "web": f"{name}:{port}", "title": found.challenge.name})
    if found.challenge.protocol:
        to = f"entries.{name}" if is_web else f"services.{name}.expose"
        report.mapped(making.path(found, "protocol"), to, "an entry of its own" if is_web else "from the desk")
    if protocol == "https":
        where = str(found.root.mapping["image"].mark)
        report.warn("https", where, "an entry speaks HTTP to the service: offer that too, or go there from the desk")
    check = {"id": f"{name}-up", "title": found.challenge.name, "service": name, "probe": {"tcp": port}}
    making.draft.definition.setdefault("checks", []).append(check)
    _health(making, found)


def _health(making: Making, found: Found) -> None:
    written = found.challenge.healthcheck
    if written is None:
        return
    name, path = making.id(found), making.path(found, "healthcheck")
    source = scripts.read(making, found, "healthcheck", written)
    why = scripts.unfit(source, written) if source is not None else "could not be read"
    if source is None or why:
        making.report.left(path, f"{why}; whether the port answers is checked instead")
        return
    file = f"checks/{name}.py"
    making.draft.files[file] = scripts.as_check(source, making.reached[found.challenge.name])
    making.draft.definition["checks"].append(
        {
            "id": f"{name}-healthy",
            "title": found.challenge.name,
            "service": name,
            "every": "60s",
            "timeout": "20s",
            "probe": {"script": file},
        }
    )
    making.report.mapped(path, f"checks.{name}-healthy", "run beside the service; ending with 0 is up, else down")


def _without(making: Making, found: Found) -> None:
    beside = next((name for name in _RECIPES if (found.folder / name).is_file()), None)
    if beside is not None and not found.challenge.image:
        message = f"there is a {beside} beside it, but it names no image: write `image: .`, or import that by itself"
        making.report.warn("image-not-named", str(found.root.mapping["name"].mark), message)
    for key in _given(found, ("protocol", "host", "healthcheck")):
        making.report.left(making.path(found, key), "there is no service of its own to reach")


def _given(found: Found, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if getattr(found.challenge, key) is not None]
