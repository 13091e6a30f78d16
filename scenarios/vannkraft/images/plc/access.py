"""Who may write to the controller: everybody as delivered, or the machines on a list; and who has written what."""

import re
import socket
import time
from collections import deque
from threading import Lock

EVERYBODY = "alle"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
MOST_NAMES, MOST_EVENTS = 8, 300


class Access:
    """The list of writers, by name and address, and the last events. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._writers: dict[str, str] | None = None
        self._events: deque[str] = deque(maxlen=MOST_EVENTS)

    def may_write(self, address: str) -> bool:
        """Whether the machine at an address may write."""
        with self._lock:
            return self._writers is None or address in self._writers.values()

    def limit(self, names: list[str]) -> None:
        """Let only these machines write, or `alle`. Raises ValueError naming one that is not known here."""
        writers = None if names == [EVERYBODY] else {name: _address(name) for name in names[:MOST_NAMES]}
        with self._lock:
            self._writers = writers

    def names(self) -> list[str]:
        """Who may write."""
        with self._lock:
            return [EVERYBODY] if self._writers is None else list(self._writers)

    def note(self, address: str, what: str) -> None:
        """Keep an event."""
        with self._lock:
            self._events.append(f"{time.strftime('%H:%M:%S')} {address} {what}")

    def events(self) -> list[str]:
        """The last events, the oldest first."""
        with self._lock:
            return list(self._events)


def _address(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!r} er ikke et maskinnavn")
    try:
        return socket.gethostbyname(name)
    except OSError:
        raise ValueError(f"{name} finnes ikke i nettet") from None
