"""The account of a ctfcli import, field by field; authors, guide and briefing, which no task holds."""

import re
from collections.abc import Callable, Mapping

from ncr.scenario.importers.ctfcli.event import CONFIG, Found
from ncr.scenario.importers.ctfcli.making import Making
from ncr.scenario.importers.ctfcli.tasks import MOST_ATTEMPTS
from ncr.scenario.importers.loose import extras, under
from ncr.scenario.importers.naming import as_text
from ncr.scenario.importers.report import UNKNOWN

_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_LEFT = {
    "next": "every open task is shown here; none is next",
    "module": "belongs to the installation it came from",
    "version": "the version of ctfcli's format, not of the challenge",
}


def make(making: Making) -> None:
    """Fill authors, guide and briefing, and tell of every field that has not been told of."""
    for found in making.event.challenges:
        _tell(making, found)
    _event(making)
    authors = dict.fromkeys(author for found in making.event.challenges for author in found.challenge.author)
    if authors:
        making.draft.definition["authors"] = list(authors)
    for language, title in (("nb", "for dem som leder øvelsen"), ("en", "for those who lead the exercise")):
        making.draft.files[f"GUIDE.{language}.md"] = _guide(making, title).encode()
        making.draft.briefing[language] = as_text(_briefing(making))
    where = making.event.challenges[0].file
    making.report.warn(
        "no-duration", where, "ctfcli tells no length of the event: four hours, or an hour after the last"
    )
    if making.event.is_all_hidden:
        message = "every challenge is hidden, so none is held back here: all open at the start"
        making.report.warn("all-hidden", where, message)
    for found in making.event.challenges:
        making.report.finish(found.root, found.name)


def _tell(making: Making, found: Found) -> None:
    told = {entry.source for entry in making.report.entries}
    for key, node in found.root.mapping.items():
        path = making.path(found, key)
        if path in told:
            continue
        if node.value is None:
            making.report.left(path, "is empty")
        elif key in _LEFT:
            making.report.left(path, _LEFT[key])
        elif key in _WAYS:
            _WAYS[key](making, found, path)
    for path in extras(found.challenge, found.name):
        making.report.left(path, UNKNOWN)


def _to(making: Making, found: Found, key: str) -> str:
    return f"tasks.{making.id(found)}.{key}"


def _carried(key: str) -> Callable[[Making, Found, str], None]:
    return lambda making, found, path: making.report.carried(path, _to(making, found, key))


def _authors(making: Making, found: Found, path: str) -> None:
    making.report.carried(path, "authors")
    making.tell(found, f"* {', '.join(found.challenge.author)}")


def _value(making: Making, found: Found, path: str) -> None:
    if found.challenge.extra and found.challenge.extra.initial is not None:
        making.report.left(path, "the value falls from `initial`")
    else:
        making.report.carried(path, _to(making, found, "points"))


def _type(making: Making, found: Found, path: str) -> None:
    if found.challenge.type in ("standard", "dynamic"):
        making.report.carried(path, _to(making, found, "points"))
        return
    why = f"`{found.challenge.type}` is a plugin's; it is an ordinary task here"
    making.report.left(path, why)
    making.report.warn("plugin-type", str(found.root.mapping["type"].mark), why)


def _connection(making: Making, found: Found, path: str) -> None:
    reached = making.reached.get(found.challenge.name)
    if reached:
        making.report.mapped(path, _to(making, found, "text"), f"in each team's environment it is `{reached}`")
    else:
        making.report.carried(path, _to(making, found, "text"))


def _attempts(making: Making, found: Found, path: str) -> None:
    if found.challenge.attempts > MOST_ATTEMPTS:
        making.report.left(path, f"over {MOST_ATTEMPTS}: as good as unlimited, and so it is here")
    else:
        making.report.carried(path, _to(making, found, "attempts"), "0 is unlimited" * (not found.challenge.attempts))


def _logic(making: Making, found: Found, path: str) -> None:
    logic = found.challenge.logic
    if logic == "team":
        why = "one member's answer is the team's here; there every member had to submit"
        making.report.warn("logic-team", str(found.root.mapping["logic"].mark), why)
        making.report.left(path, why)
    elif logic == "all":
        why = "a task for every flag; the last requires the others and gives the points"
        making.report.mapped(path, f"tasks.{making.id(found)}.requires", why)
    else:
        making.report.mapped(path, _to(making, found, "answer"), "any of the flags is right")


def _flags(making: Making, found: Found, path: str) -> None:
    several = len(found.challenge.flags) > 1 and found.challenge.logic != "all"
    why = "several flags are one expression" if several else "matched as a whole, spaces around it do not count"
    making.report.mapped(path, _to(making, found, "answer" if several else "flag"), why)


def _words(making: Making, found: Found, path: str) -> None:
    key = path.rpartition(".")[2]
    words = found.challenge.topics if key == "topics" else found.challenge.tags
    techniques = [word for word in words if _TECHNIQUE.fullmatch(word)]
    if techniques:
        task = next(one for one in making.draft.definition["tasks"] if one["id"] == making.id(found))
        task["attack"] = [*task.get("attack", []), *techniques]
    making.tell(found, f"* {', '.join(words)}")
    why = f"{', '.join(techniques)} to `attack`; " * bool(techniques) + "tasks have one category and no more words"
    making.report.mapped(path, "GUIDE.en.md", why)


def _hints(making: Making, found: Found, path: str) -> None:
    making.report.mapped(path, _to(making, found, "hints"), "a title stands first in the text")
    for number, hint in enumerate(found.challenge.hints):
        if hint.requirements is not None:
            making.report.left(under(path, number, "requirements"), "hints are free to be taken in any order")
        if hint.key is not None:
            making.report.left(under(path, number, "key"), "only names it for `requirements`")


def _requirements(making: Making, found: Found, path: str) -> None:
    making.report.mapped(path, f"tasks.{making.id(found)}.requires", "by the tasks' ids")
    if found.root.mapping["requirements"].mapping.get("anonymize"):
        making.report.left(under(path, "anonymize"), "a task that is not open yet shows its title here")


def _schedule(making: Making, found: Found, path: str) -> None:
    why = "reckoned from the earliest of them, which is the start: an exercise has a clock of its own"
    making.report.mapped(path, _to(making, found, "opens"), why)


def _state(making: Making, found: Found, path: str) -> None:
    if found.challenge.state == "visible" or found.opens_at:
        making.report.carried(path, _to(making, found, "opens"))
        return
    if making.event.is_all_hidden:
        making.report.mapped(path, _to(making, found, "opens"), "hidden, as all of them are: it opens at the start")
        return
    why = "hidden: it opens at the very end; write an earlier `opens`, or take the task out"
    making.report.mapped(path, _to(making, found, "opens"), why)
    making.report.warn("hidden", str(found.root.mapping["state"].mark), why)


_WAYS: Mapping[str, Callable[[Making, Found, str], None]] = {
    "name": _carried("title"), "category": _carried("category"), "description": _carried("text"),
    "attribution": _carried("text"), "author": _authors, "value": _value, "type": _type, "attempts": _attempts,
    "connection_info": _connection, "logic": _logic, "flags": _flags, "topics": _words, "tags": _words,
    "files": _carried("files"), "hints": _hints, "requirements": _requirements, "scheduled_at": _schedule,
    "state": _state,
}  # fmt: skip


def _event(making: Making) -> None:
    for file in making.event.foreign:
        making.report.left(f"file {file}", "is a resource of kCTF by that name, no challenge of ctfcli's")
    if making.event.unreadable is not None:
        why = "is no configuration; challenges are looked for in the folders"
        making.report.left(CONFIG, why)
        making.report.warn("config-unreadable", str(making.event.unreadable), why)
    for section, keys in making.event.config.items():
        for key in keys:
            path = under(CONFIG, section, key)
            if section == "challenges" and key not in making.event.missing:
                making.report.carried(path, "tasks")
            elif section == "challenges":
                why = "is not there: fetch it first (`ctf challenge add`), and import again"
                making.report.left(path, why)
                making.report.warn("challenge-not-fetched", CONFIG, f"`{key}` {why}")
            else:
                # Never its value: the access token is a password.
                making.report.left(path, "belongs to the installation it came from, and is not copied")


def _briefing(making: Making) -> str:
    title = making.draft.definition["title"]
    lines = [
        f"# {title}",
        "",
        *(f"* {found.challenge.name} ({found.challenge.category})" for found in making.event.challenges),
    ]
    return "\n".join(lines) + "\n"


def _guide(making: Making, title: str) -> str:
    lines = [f"# {making.draft.definition['title']}: {title}"]
    for name, told in making.guide.items():
        lines += ["", f"## {name}", "", *told]
    return "\n".join(lines) + "\n"
