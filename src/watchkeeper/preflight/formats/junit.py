"""The report as JUnit XML, for CI systems that show test results.

A test case for each finding, each crash (an error) and each thing that could not be looked at or is not sure (skipped);
a check with none of those is one that passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from watchkeeper.preflight.check import UNSURE, Report

_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PROGRAM = "the program"


def render(report: Report) -> str:
    """The XML document as text."""
    cases = list(_cases(report))
    suite = ET.Element("testsuite", name="watchkeeper preflight", tests=str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    root = ET.Element("testsuites", dict(suite.attrib))
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _cases(report: Report) -> Iterator[ET.Element]:
    outcome = "skipped" if report.resources else "error"
    yield from (_case("target", sentence, outcome, sentence) for sentence in report.unread)
    seen: set[str] = set()
    for item in report.findings:
        seen.add(item.check)
        what = f"{item.resource or PROGRAM}: {item.message}"
        text = "\n".join(filter(None, (f"{item.type} {item.resource}".strip(), item.message, item.fix, item.aws_does)))
        if item.severity == UNSURE:
            case = _case(item.check, what, "skipped", f"not sure: {item.message}", text)
        else:
            case = _case(item.check, what, "failure", item.message, text)
        if item.position is not None:
            case.set("file", _text(item.position.file))
            case.set("line", str(item.position.line))
        yield case
    for crash in report.errors:
        seen.add(crash.check)
        yield _case(crash.check, "the check crashed", "error", crash.error)
    for missing in report.not_checked:
        seen.add(missing.check)
        yield _case(missing.check, missing.resource or PROGRAM, "skipped", f"not checked: {missing.reason}")
    yield from (ET.Element("testcase", classname=check, name=check) for check in report.checks_run if check not in seen)


def _case(check: str, name: str, outcome: str, message: str, text: str = "") -> ET.Element:
    case = ET.Element("testcase", classname=check, name=_text(name))
    ET.SubElement(case, outcome, type=outcome, message=_text(message)).text = _text(text) or None
    return case


def _text(value: str) -> str:
    return _INVALID.sub("\ufffd", value)
