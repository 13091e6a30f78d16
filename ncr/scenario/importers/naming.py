"""Names of other systems as ids and times of this one."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})


def slug(name: str, otherwise: str = "item") -> str:
    """The name as an id: lower-case letters, digits and -, a letter first."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    if not words:
        return otherwise
    return words if words[0].isalpha() else f"{otherwise}-{words}"[:LONGEST].strip("-")


class Ids:
    """Ids of one kind, none given twice; the same name has the same id again."""

    def __init__(self, otherwise: str, taken: Iterable[str] = ()) -> None:
        self._otherwise, self._taken = otherwise, set(taken)
        self._of: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The id of a name; the next free one where another name took it."""
        if name not in self._of:
            self._of[name] = self.new(name)
        return self._of[name]

    def new(self, name: str) -> str:
        """An id like the name that nothing has yet."""
        wanted = found = slug(name, self._otherwise)
        number = 2
        while found in self._taken:
            found, number = f"{wanted[: LONGEST - 4]}-{number}", number + 1
        self._taken.add(found)
        return found


def span(seconds: int) -> str:
    """Seconds as a scenario writes them: `1h30m`, `45s`, `0s`."""
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def as_text(text: str) -> str:
    """A text of another system in a place where `${name}` would be filled in here."""
    return text.replace("$", "$$") if "${" in text else text
