"""What the pages show and the office changes: kept in Redis, with what holds when nothing else has been said."""

import json
from configparser import ConfigParser
from functools import cache

import redis

HERE = "/srv/havn"
STANDARD = {
    "oppslag": "Velkommen til sesongen! Strømmen på brygge B er tilbake.",
    "pris": "250",
    "ledige": "12",
    "status": "åpen",
}


def oppsett() -> ConfigParser:
    """havn.ini as it is now."""
    found = ConfigParser()
    found.read(f"{HERE}/havn.ini", encoding="utf-8")
    return found


@cache
def redis_() -> redis.Redis:
    settings = oppsett()["redis"]
    return redis.Redis(
        port=settings.getint("port", 6379),
        password=settings.get("passord") or None,
        socket_timeout=2,
        decode_responses=True,
    )


def hent(navn: str) -> str:
    """What the office has written, or what is usual."""
    return redis_().get(f"havn:{navn}") or STANDARD[navn]


def sett(navn: str, verdi: str) -> None:
    redis_().set(f"havn:{navn}", verdi[:300])


def gjestebok() -> list[str]:
    return redis_().lrange("havn:gjestebok", 0, 19)


def hilsen(tekst: str) -> None:
    redis_().lpush("havn:gjestebok", tekst[:300])
    redis_().ltrim("havn:gjestebok", 0, 49)


def gjenopprett() -> None:
    """Everything as usual, and an empty guest book."""
    redis_().delete("havn:gjestebok", *(f"havn:{navn}" for navn in STANDARD))


def brukere() -> dict[str, str]:
    """Password hashes by user name."""
    with open(f"{HERE}/brukere.json", encoding="utf-8") as file:
        return json.load(file)
