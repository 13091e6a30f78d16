"""Draws a scenario's variables: the same for the same seed, evenly spread over what each may be; pure."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping

from ncr.scenario.model import Variable

UNAMBIGUOUS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CONSONANTS, _VOWELS = "bdfghjklmnprstv", "aeiou"
_PORTS = (1024, 65535)


def draw(variables: Mapping[str, Variable], seed: str) -> dict[str, str]:
    """A value for every variable from a secret seed (one per exercise and team); names do not affect each other."""
    return {name: _drawn(variable, _stream(seed, name)) for name, variable in variables.items()}


def bounds(variable: Variable) -> tuple[int, int]:
    """The least and greatest number a `number` or `port` may be; a port is 1024 to 65535 unless said otherwise."""
    if variable.kind != "port":
        return variable.min, variable.max
    given = variable.model_fields_set
    return variable.min if "min" in given else _PORTS[0], variable.max if "max" in given else _PORTS[1]


def _drawn(variable: Variable, stream: Iterator[int]) -> str:
    if variable.kind in ("number", "port"):
        low, high = bounds(variable)
        return str(low + _below(high - low + 1, stream))
    if variable.kind == "name":
        return "".join(_pick(_VOWELS if at % 2 else _CONSONANTS, stream) for at in range(variable.length))
    alphabet = UNAMBIGUOUS if variable.kind == "password" else LETTERS
    return "".join(_pick(alphabet, stream) for _ in range(variable.length))


def _pick(alphabet: str, stream: Iterator[int]) -> str:
    return alphabet[_below(len(alphabet), stream)]


def _below(count: int, stream: Iterator[int]) -> int:
    # Numbers in the last, incomplete round of `count` are thrown away: each outcome is then exactly as likely.
    limit = 2**64 - 2**64 % count
    return next(number for number in stream if number < limit) % count


def _stream(seed: str, name: str) -> Iterator[int]:
    block = 0
    while True:
        digest = hmac.digest(seed.encode(), f"{name}:{block}".encode(), hashlib.sha256)
        for at in range(0, len(digest), 8):
            yield int.from_bytes(digest[at : at + 8], "big")
        block += 1
