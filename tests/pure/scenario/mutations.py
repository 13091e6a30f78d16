"""Good files spoiled in every way that files are spoiled: bytes, lines, keys, types, depth, size, odd characters."""

import re
from collections.abc import Callable, Sequence

# (what is done, where, with what): the two numbers choose among what there is.
Mutation = tuple[str, int, int]

VALUES = (
    *("", "null", "~", "true", "no", "[]", "{}", "[{}]", "{a: {b: [c]}}", "-1", "0", "1e999", "-.inf", ".nan"),
    *(str(2**70), "9" * 400, "0x7fffffffffffffff", "0o777", "1_000", "12:30:45", "2031-02-29", "2031-01-01T00:00:00"),
    *("'", '"', '"\\x00"', '"\\ud800"', '"\\u202e"', "|", ">-", "|\n\n\n  x", "&a [*a]", "*nowhere", "&b x"),
    *("<<: *a", "!!binary aGVp", "!!python/object:os.system x", "!!int 5", "!!str", "!x y", "%YAML 1.1", "---", "..."),
    *("? x", "- - - x", "${", "${A", "${A:?}", "${A:-${B:-${C:-}}}", "$", "$$", "../../../etc/passwd", "/etc/passwd"),
    *("~root", ".", "..", "a\\b", "Æ" * 300, "x" * 5000, "🦊", "e\u0301", "T+5m", "T-999h", "90m", "NCR{x}"),
    *("(a+)+$", "(?P<", "[", "a: b: c", "#", "@", "`"),
)
BYTES = (
    *(b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\t", b"\r", b"\x1b", b"\x85", b"\xed\xa0\x80", b"- ", b"\n"),
    *(text.encode() for text in ("\u202e", "\u2028", "🦊", "'", '"', "{", "]", ":", "#", "&", "*", "!", "%", "|")),
)
_LINE = re.compile(rb"(\s*(?:- )?)([^\s:#'\"{\[][^:]*)(:)(\s.*|)$", re.DOTALL)


def mutated(content: bytes, mutations: Sequence[Mutation]) -> bytes:
    """The content after all the mutations, one after the other."""
    for kind, where, what in mutations:
        content = KINDS[kind](content, where, what)
    return content


def _flip(content: bytes, where: int, what: int) -> bytes:
    at = where % (len(content) or 1)
    return content[:at] + bytes([(content[at] if content else 0) ^ (1 << what % 8)]) + content[at + 1 :]


def _insert(content: bytes, where: int, what: int) -> bytes:
    at = where % (len(content) + 1)
    return content[:at] + BYTES[what % len(BYTES)] + content[at:]


def _cut(content: bytes, where: int, what: int) -> bytes:
    at = where % (len(content) + 1)
    return content[:at] + content[at + what % 200 :] if what % 4 else content[:at]


def _lines(change: Callable[[list[bytes], int, int], None]) -> Callable[[bytes, int, int], bytes]:
    def applied(content: bytes, where: int, what: int) -> bytes:
        lines = content.splitlines(keepends=True) or [b""]
        change(lines, where % len(lines), what)
        return b"".join(lines)

    return applied


def _repeat(lines: list[bytes], at: int, what: int) -> None:
    lines[at:at] = [lines[at]] * (1 + what % 3)


def _drop(lines: list[bytes], at: int, what: int) -> None:
    del lines[at : at + 1 + what % 4]


def _swap(lines: list[bytes], at: int, what: int) -> None:
    other = what % len(lines)
    lines[at], lines[other] = lines[other], lines[at]


def _indent(lines: list[bytes], at: int, what: int) -> None:
    lines[at] = b" " * (what % 7) + (lines[at].lstrip() if what % 2 else lines[at])


def _swap_keys(lines: list[bytes], at: int, what: int) -> None:
    one, other = _LINE.match(lines[at]), _LINE.match(lines[what % len(lines)])
    if one and other:
        lines[at] = one[1] + other[2] + one[3] + one[4]


def _retype(lines: list[bytes], at: int, what: int) -> None:
    found = _LINE.match(lines[at])
    value = VALUES[what % len(VALUES)].encode(errors="surrogatepass")
    lines[at] = (found[1] + found[2] + b": " if found else lines[at].rstrip() + b" ") + value + b"\n"


def _take_value(lines: list[bytes], at: int, what: int) -> None:
    one, other = _LINE.match(lines[at]), _LINE.match(lines[what % len(lines)])
    if one and other:
        lines[at] = one[1] + one[2] + one[3] + other[4]


def _nest(lines: list[bytes], at: int, what: int) -> None:
    opening, closing = ((b"[", b"]"), (b"{a: ", b"}"), (b"- ", b""), (b"{? ", b"}"))[what % 4]
    depth = (3, 40, 400, 4000)[what // 4 % 4]
    found = _LINE.match(lines[at])
    head = found[1] + found[2] + b": " if found else b""
    lines[at] = head + opening * depth + b"x" + closing * depth + b"\n"


def _bomb(lines: list[bytes], at: int, what: int) -> None:
    first = b"bomb0: &bomb0 [x, x]\n"
    rest = [b"bomb%d: &bomb%d [%s]\n" % (n, n, b", ".join([b"*bomb%d" % (n - 1)] * 9)) for n in range(1, 3 + what % 9)]
    lines[at:at] = [first, *rest]


def _many(lines: list[bytes], at: int, what: int) -> None:
    count = (10, 300, 3000)[what % 3]
    lines[at:at] = [re.sub(rb"(\w+)(:)", rb"\g<1>%d\2" % number, lines[at], count=1) for number in range(count)]


KINDS: dict[str, Callable[[bytes, int, int], bytes]] = {
    "flip": _flip,
    "insert": _insert,
    "cut": _cut,
    **{change.__name__.strip("_"): _lines(change) for change in
       (_repeat, _drop, _swap, _indent, _swap_keys, _retype, _take_value, _nest, _bomb, _many)},
}  # fmt: skip
