"""A scan as JUnit XML: one test case for each rule that found nothing and for each finding."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from redhanded.case.inert import inert
from redhanded.case.scan import Reported, Scan, ScanRule
from redhanded.report.scan_sentences import confirmation, steps

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(scan: Scan) -> bytes:
    """The whole file. What does not make the scan fail passes, and says what it is."""
    suite = ElementTree.Element("testsuite", name="redhanded scan")
    failures = skipped = 0
    for rule in scan.rules:
        own = [one for one in scan.findings if one.finding.rule == rule.name]
        for one in own:
            case = _case(suite, rule, f"{one.title}: {one.finding.location}")
            case.set("file", _text(one.finding.location.path))
            case.set("line", str(max(one.finding.location.line, 1)))
            failures += _outcome(case, one) == "failure"
            skipped += one.state in ("suppressed", "known")
        if not own:
            _case(suite, rule, rule.title)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", str(skipped))
    suite.set("time", f"{scan.seconds:.3f}")
    if scan.limits:
        ElementTree.SubElement(suite, "system-out").text = _text("\n".join(scan.limits))
    suites = ElementTree.Element("testsuites", dict(suite.items()))
    suites.append(suite)
    ElementTree.indent(suites)
    text: str = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ElementTree.Element, rule: ScanRule, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=f"redhanded.{rule.name}", name=_text(name), time="0"
    )


def _outcome(case: ElementTree.Element, one: Reported) -> str:
    if one.fails:
        told = ElementTree.SubElement(
            case, "failure", type=one.finding.rule, message=_text(one.finding.message)
        )
        told.text = _told(one)
        return "failure"
    if one.state in ("suppressed", "known"):
        why = one.because or "in the baseline"
        ElementTree.SubElement(case, "skipped", message=_text(why))
        return "skipped"
    ElementTree.SubElement(case, "system-out").text = _told(one)
    return "passed"


def _told(one: Reported) -> str:
    finding = one.finding
    within = [f"In the package {finding.package}."] if finding.package else []
    lines = [*within, finding.message, ""]
    lines += steps(finding)
    lines += filter(None, [confirmation(one)])
    lines += ["", f"score {one.score:.2f}, because"]
    lines += [f"{reason.weight:+.2f} {reason.says}" for reason in finding.reasons]
    return _text("\n".join(lines))


def _text(text: str) -> str:
    """What XML may hold."""
    return _NOT_XML.sub("\ufffd", inert(text))
