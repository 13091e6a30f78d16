"""Verdicts: every way a check can end, and whose fault it is."""

import pytest

from ncr.checks.verdict import LONGEST, Ended, of_exec, of_http, of_script


@pytest.mark.parametrize(
    ("status", "body", "wanted", "contains", "state"),
    [
        (200, "", 200, None, "up"),
        (200, "it is running", 200, "running", "up"),
        (200, "it is stopped", 200, "running", "down"),
        (500, "running", 200, "running", "down"),
        (302, "", 200, None, "down"),
        (404, "", 404, None, "up"),
    ],
)
def test_an_http_answer_is_up_when_status_and_text_are_as_wanted(
    status: int, body: str, wanted: int, contains: str | None, state: str
) -> None:
    assert of_http(status, body, wanted, contains).state == state


@pytest.mark.parametrize(
    ("ended", "expect", "state"),
    [
        (Ended(0), None, "up"),
        (Ended(0, "permitrootlogin no\n"), "permitrootlogin no", "up"),
        (Ended(0, "permitrootlogin yes\n"), "permitrootlogin no", "down"),
        (Ended(1, "permitrootlogin no\n"), "permitrootlogin no", "down"),
        (Ended(127), None, "down"),
        (Ended(None), None, "down"),
    ],
)
def test_a_command_in_the_service_is_the_services_own_matter(ended: Ended, expect: str | None, state: str) -> None:
    assert of_exec(ended, expect).state == state


@pytest.mark.parametrize(
    ("code", "state"),
    [(0, "up"), (1, "down"), (2, "degraded"), (3, "error"), (255, "error"), (-9, "error"), (None, "down")],
)
def test_a_scripts_exit_code_is_its_verdict_and_a_crash_is_the_checkers_fault(code: int | None, state: str) -> None:
    assert of_script(Ended(code)).state == state


def test_the_last_line_of_a_script_is_its_message_cut_to_length() -> None:
    assert of_script(Ended(1, "tried\nno receipt\n\n")).message == "no receipt"
    assert len(of_script(Ended(0, "x" * 10_000)).message) == LONGEST
    assert of_script(Ended(0, " \n ")).message == ""
