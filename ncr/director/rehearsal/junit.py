"""A rehearsal's reports as JUnit XML, which continuous integration shows; pure."""

from collections.abc import Sequence
from xml.etree import ElementTree

from ncr.director.rehearsal.report import Report, Step


def junit(reports: Sequence[Report]) -> bytes:
    """One suite a scenario, one case a step."""
    root = ElementTree.Element("testsuites")
    for report in reports:
        root.append(_suite(report))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(report: Report) -> ElementTree.Element:
    name = report.scenario or report.path
    about = {"name": name, "tests": str(len(report.steps)), "failures": str(len(report.failures)), "errors": "0"}
    suite = ElementTree.Element("testsuite", {**about, "time": f"{report.seconds:.3f}"})
    for step in report.steps:
        suite.append(_case(name, step))
    return suite


def _case(suite: str, step: Step) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"classname": suite, "name": step.words, "time": f"{step.seconds:.3f}"})
    if step.outcome == "failed":
        failure = ElementTree.SubElement(case, "failure", {"message": _printable(step.message)})
        failure.text = _printable(step.message)
    elif step.message:
        ElementTree.SubElement(case, "system-out").text = _printable(step.message)
    return case


def _printable(text: str) -> str:
    """Without what XML has no way to write."""
    return "".join(one if one in "\n\t" or one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
