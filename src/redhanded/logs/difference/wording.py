"""Differences as sentences."""

from __future__ import annotations

from redhanded.logs.difference.questions import Kind
from redhanded.logs.difference.result import Differences, Finding
from redhanded.logs.fetch import shown


def sentence(finding: Finding, *, noun: str = "request", redacted: bool = True) -> str:
    """One difference, with its counts and both corrected chances."""
    return (
        f"{what(finding, redacted=redacted)}: {finding.failing_with:,} of {finding.failing:,} "
        f"failing and {finding.passing_with:,} of {finding.passing:,} passing {noun}s "
        f"(p = {chance(finding.log_p)}, q = {chance(finding.log_q)})"
    )


def what(finding: Finding, *, redacted: bool = True) -> str:
    """The difference alone, without secrets unless asked for. Lines are cut at 400 characters; they
    are untrusted text, which whoever shows them has to make inert."""
    line = f"“{shown(finding.template or '', redacted=redacted)}”"
    other = f"“{shown(finding.other or '', redacted=redacted)}”"
    if finding.kind is Kind.PRESENT:
        return f"there: {line}"
    if finding.kind is Kind.MISSING:
        return f"missing: {line}" + (f", which comes with {other}" if finding.other else "")
    if finding.kind is Kind.COUNT:
        return f"{'more' if finding.more else 'less'} often: {line}"
    if finding.kind is Kind.ORDER:
        return f"order inverted: {other} before {line}"
    if finding.kind is Kind.LATENCY:
        return f"{'slower' if finding.more else 'faster'} from {other} to {line}"
    if finding.kind is Kind.JOIN:
        if finding.other:
            return f"{finding.key} is another one in {line} than in {other}"
        return f"{finding.key} in {line} is on no other line"
    return f"{finding.key} = {shown(finding.value or '', redacted=redacted)}"


def empty(found: Differences) -> str:
    """What is said where nothing was found: what was asked, and of how many."""
    asked = ", ".join(f"{count:,} {kind}" for kind, count in found.asked.items() if count)
    return (
        f"Nothing distinguishes the {found.failing:,} failing from the {found.passing:,} passing "
        f"{found.noun}s beyond what chance gives (false discovery rate {found.level:g}). Asked: "
        f"{asked or 'nothing'}; {found.testable:,} of these could have been significant with so "
        "many failing ones."
    )


def chance(log_p: float) -> str:
    """A probability from its natural logarithm, also below the smallest double."""
    if log_p > -6:
        return f"{2.718281828459045**log_p:.2g}"
    exponent, rest = divmod(log_p / 2.302585092994046, 1.0)
    return f"{10**rest:.1f}e{int(exponent)}"
