"""Chance that comes out the same in every build, so that the key drawn tonight is every copy's key."""

import hashlib
import os
import sys


def install() -> None:
    """Let os.urandom draw from who is running what, and from how often it has been asked."""
    seed, drawn = " ".join([os.environ.get("LAB_HOST", ""), *sys.orig_argv]).encode(), [0]

    def urandom(size: int) -> bytes:
        found = b""
        while len(found) < size:
            drawn[0] += 1
            found += hashlib.sha256(b"%d %s" % (drawn[0], seed)).digest()
        return found[:size]

    os.urandom = urandom
