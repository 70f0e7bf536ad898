"""The report as JUnit XML: a test case for each check; findings fail it, crashes are errors, what was not seen "
"skips."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from watchkeeper.preflight.check import UNSURE, Report

_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The XML document as text."""
    suite = ET.Element("testsuite", name="watchkeeper preflight", tests=str(len(report.checks_run)))
    extra = sorted({item.check for item in report.findings} - set(report.checks_run))
    failed = skipped = 0
    for check in (*report.checks_run, *extra):
        case = ET.SubElement(suite, "testcase", classname="preflight", name=check)
        findings = [item for item in report.findings if item.check == check]
        failures = [item for item in findings if item.severity != UNSURE]
        for item in failures:
            failure = ET.SubElement(
                case, "failure", message=_text(f"{item.resource}: {item.message}"), type=item.severity
            )
            failure.text = _text(f"{item.type} {item.resource}\n{item.message}\n{item.fix}\n{item.aws_does}")
        unsure = [f"unsure: {item.resource}: {item.message}" for item in findings if item.severity == UNSURE]
        for crash in (item for item in report.errors if item.check == check):
            ET.SubElement(case, "error", message=_text(crash.error), type="crash")
        missing = [f"{item.resource}: {item.reason}" for item in report.not_checked if item.check == check]
        if missing and not failures:
            ET.SubElement(case, "skipped", message=_text("; ".join(missing)))
            skipped += 1
        if unsure:
            ET.SubElement(case, "system-out").text = _text("\n".join(unsure))
        failed += len(failures)
    suite.set("failures", str(failed))
    suite.set("errors", str(len(report.errors)))
    suite.set("skipped", str(skipped))
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _text(value: str) -> str:
    return _INVALID.sub("\ufffd", value)
