"""What the panel keeps: the operator's password, the vendor's door, sessions, and the log of what was done."""

import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict, deque
from pathlib import Path
from threading import Lock

OPERATOR, FACTORY_PASSWORD = "operator", "operator"
LEAST_PASSWORD = 10
SESSION_S, MOST_SESSIONS = 4 * 3600.0, 64
MOST_EVENTS = 200


class Keeping:
    """State in one small file; any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._events: deque[tuple[str, str, str, str]] = deque(maxlen=MOST_EVENTS)
        if path.exists():
            self._kept = json.loads(path.read_text())
        else:
            self._kept = {"password": hashed(FACTORY_PASSWORD), "door": True}

    @property
    def door_open(self) -> bool:
        """Whether the vendor may come in."""
        return bool(self._kept["door"])

    def set_door(self, open_: bool) -> None:
        """Open or close it."""
        self._keep("door", open_)

    def set_password(self, password: str) -> None:
        """Change the operator's password; everybody is signed out. Any length: the page has its own rules."""
        self._keep("password", hashed(password))
        with self._lock:
            self._sessions.clear()

    def is_right(self, user: str, password: str) -> bool:
        """Whether this is the operator."""
        salt = self._kept["password"].partition("$")[0]
        return user == OPERATOR and hmac.compare_digest(hashed(password, salt), self._kept["password"])

    def begin(self) -> str:
        """A new session's token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._sessions[token] = time.monotonic() + SESSION_S
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token

    def knows(self, token: str) -> bool:
        """Whether a token is of a session that lasts."""
        with self._lock:
            return self._sessions.get(token, 0.0) > time.monotonic()

    def end(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._sessions.pop(token, None)

    def note(self, address: str, event: str, detail: str = "") -> None:
        """Put something on record; `event` is one of the words."""
        with self._lock:
            self._events.append((time.strftime("%H:%M:%S"), address, event, detail))

    def events(self) -> list[tuple[str, str, str, str]]:
        """Time, address, event and detail, the newest first."""
        with self._lock:
            return list(reversed(self._events))

    def _keep(self, name: str, value: object) -> None:
        with self._lock:
            self._kept[name] = value
            self._path.write_text(json.dumps(self._kept))


def hashed(password: str, salt: str | None = None) -> str:
    """`SALT$HASH` by scrypt."""
    salt = salt or secrets.token_hex(8)
    return f"{salt}${hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**12, r=8, p=1).hex()}"
