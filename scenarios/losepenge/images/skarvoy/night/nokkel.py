"""The gang's key as the gang got it: put together from the questions its name server was asked."""

import re
import sys
from base64 import b32decode
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "gang"))

import sot

_LABEL = re.compile(rb"\x0f(\d)-([a-z2-7]{13})\x08[0-9a-f]{8}\x01n\x09sky-arkiv")


def the_key(capture: Path) -> bytes:
    """The 32 bytes that every file of the night is encrypted with."""
    parts = dict(_LABEL.findall(capture.read_bytes()))
    masked = b32decode(b"".join(parts[number] for number in sorted(parts)).upper() + b"====")
    return sot.xor(masked, sha256(sot.KAMPANJE.encode()).digest())
