"""Which of two versions is newer, as semver.org (2.0.0, point 11) orders them."""

Part = tuple[int, int, str]


def precedence(version: str) -> tuple[tuple[int, ...], bool, tuple[Part, ...]]:
    """A key that sorts versions from old to new: numbers as numbers, and before a release what leads up to it."""
    numbers, _, before = version.partition("-")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".") if before)
    return tuple(int(number) for number in numbers.split(".")), not before, parts
