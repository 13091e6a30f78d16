"""Which version is newer: semver.org's own example, and releases."""

from ncr.scenario.versions import precedence

RISING = (
    "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
    "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0-a-b", "2.0.0",
)  # fmt: skip


def test_versions_sort_from_old_to_new():
    assert sorted(reversed(RISING), key=precedence) == list(RISING)
