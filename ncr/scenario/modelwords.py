"""A model's errors in an author's words, each at its line and column."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from ncr.scenario.tree import Findings, Mark, Node, nearest, plain
from ncr.scenario.values import ID

M = TypeVar("M", bound=BaseModel)
_PATTERNS = {
    ID: "is not an id; write lower-case letters, digits and -, a letter first",
    r"^T\d{4}(\.\d{3})?$": "is not a MITRE ATT&CK technique; write for instance T1190",
    r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$": "is not a version; write for instance 1.0.0",
    r"^[a-zA-Z0-9_.-]+:\d{1,5}$": "is not SERVICE:PORT; write for instance hmi:8080",
    r"^/": "must begin with /",
    r"^[a-z][a-z0-9_]{0,40}$": "is no name of a variable; write lower-case letters, digits and _, a letter first",
    r"^0?[0-7]{3}$": 'is not a file mode; write for instance "0400"',
    r"^[A-Za-z_][A-Za-z0-9_]*$": "is no name of a variable; write letters, digits and _",
}
_Words = Callable[[Any, Mapping[str, Any]], str]
_WORDS: Mapping[str, _Words] = {
    "string_type": lambda given, _: f"must be a text; write {_quoted(given)}",
    "int_type": lambda given, _: f"must be a whole number, not {_shown(given)}",
    "float_type": lambda given, _: f"must be a number, not {_shown(given)}",
    "bool_type": lambda given, _: "must be true or false",
    "bool_parsing": lambda given, _: "must be true or false",
    "tuple_type": lambda given, _: "must be a list; put [ ] around it, or - before each item",
    "dict_type": lambda given, _: "must be a mapping of keys and values",
    "model_type": lambda given, _: "must be a mapping of keys and values",
    "model_attributes_type": lambda given, _: "must be a mapping of keys and values",
    "greater_than_equal": lambda given, context: f"is {_shown(given)}; write at least {context['ge']}",
    "greater_than": lambda given, context: f"is {_shown(given)}; write more than {context['gt']}",
    "less_than_equal": lambda given, context: f"is {_shown(given)}; write at most {context['le']}",
    "too_short": lambda given, context: f"has too few items; write at least {context['min_length']}",
    "string_too_short": lambda given, _: "is empty; write something",
    "string_too_long": lambda given, context: f"is too long; write at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda given, context: f"{_shown(given)} {_pattern(context['pattern'])}",
    "value_error": lambda given, context: f"{_shown(given)} {context['error']}",
    "literal_error": lambda given, context: f"{_shown(given)} is not one of {context['expected']}",
    "finite_number": lambda given, _: "must be a finite number",
}


def validate(model: type[M], root: Node, findings: Findings) -> M | None:
    """The model of a tree; None when it is not valid, and then every error is a finding."""
    try:
        return model.model_validate(plain(root))
    except ValidationError as error:
        for one in error.errors(include_url=False):
            _explain(model, root, one, findings)
    return None


def _explain(model: type[BaseModel], root: Node, error: Any, findings: Findings) -> None:
    # Parts in <> only say which alternative of a union was tried; the author never wrote them.
    path = [part for part in error["loc"] if not str(part).startswith("<")]
    kind, name = error["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        message = f"`{name}` is not a key here; {nearest(name, _known(model, path[:-1]))}"
        findings.add(_place(root, path, at_key=True), message)
    elif kind == "missing":
        findings.add(_place(root, path[:-1], at_key=True), f"`{name}` is missing{_in(path[:-1])}; add it")
    else:
        tell = _WORDS.get(kind) or _as_said
        words = tell(error["input"], error.get("ctx", {"said": error["msg"]}))
        is_key, is_item = name == "[key]", not path or isinstance(path[-1], int)
        findings.add(_place(root, path, at_key=is_key), words if is_key or is_item else _named(name, words))


def _named(name: str, words: str) -> str:
    return f"`{name}: {words[1:]}" if words.startswith("`") else f"`{name}` {words}"


def _place(root: Node, path: Sequence[int | str], at_key: bool = False) -> Mark:
    node, mark = root, root.mark
    for part in path:
        if isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            mark = node.mark
        elif str(part) in node.mapping:
            key, node = node.keys[str(part)], node.mapping[str(part)]
            mark = key if at_key else node.mark
    return mark


def _in(path: Sequence[int | str]) -> str:
    words = [str(part) for part in path if not isinstance(part, int)]
    return f" in `{words[-1]}`" if words else ""


def _known(model: type[BaseModel], path: Sequence[int | str]) -> set[str]:
    models = [model]
    for part in path:
        inner = [found for one in models for found in _models(_annotation(one, str(part)))]
        models = inner or models
    return {field.alias or name for one in models for name, field in one.model_fields.items()}


def _annotation(model: type[BaseModel], key: str) -> object:
    return next((field.annotation for name, field in model.model_fields.items() if key == (field.alias or name)), None)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _as_said(given: object, context: Mapping[str, Any]) -> str:
    return f"{_shown(given)} does not fit ({context.get('said', 'see the format')}); correct it"


def _pattern(pattern: str) -> str:
    return _PATTERNS.get(pattern, f"does not fit {pattern}")


def _shown(given: object) -> str:
    return "nothing" if given is None else f"`{str(given)[:60]}`"


def _quoted(given: object) -> str:
    return "one" if given is None else f'"{str(given)[:60]}"' if not isinstance(given, dict | list) else "it in quotes"
