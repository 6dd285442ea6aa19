"""Processors that decide by the job's name: ``switch (job.name)``, ``if (job.name === 'x')``."""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.source.callgraph import Site
from redhanded.source.reading import Reading
from redhanded.source.syntax import flat

_NAME = re.compile(r"\(?[\w$.]+\.name\)?|\(?name\)?")


def is_for_another_job(reading: Reading, site: Site, job: str) -> bool:
    """Whether a call stands in a branch that a job of this name does not take."""
    inner, node = site.call, site.call.parent
    end = site.closure.function.node.id
    while node is not None and inner.id != end:
        if node.type in ("switch_case", "switch_default") and node.parent is not None:
            names = _case_names(reading, site, node)
            others = _all_names(reading, site, node.parent)
            if names is not None and others is not None:
                if node.type == "switch_case" and job not in names:
                    return True
                if node.type == "switch_default" and not names and job in others:
                    return True
        if node.type == "if_statement" and _is_other_branch(reading, site, (node, inner), job):
            return True
        inner, node = node, node.parent
    return False


def _decides(switch: Node | None) -> bool:
    value = switch.child_by_field_name("value") if switch is not None else None
    return value is not None and _NAME.fullmatch(flat(value)) is not None


def _case_names(reading: Reading, site: Site, case: Node) -> list[str] | None:
    """Names that lead into a case, those of empty cases above it included."""
    body = case.parent
    if body is None or not _decides(body.parent):
        return None
    names: list[str] = []
    for one in body.named_children:
        if one.type not in ("switch_case", "switch_default"):
            continue
        value = one.child_by_field_name("value")
        name = (
            reading.graph.evaluator.text(value, site.scope, site.closure.frame) if value else None
        )
        if value is not None and name is None:
            return None
        if name is not None:
            names.append(name)
        if one.id == case.id:
            return names
        if one.child_by_field_name("body") is not None:
            names = []
    return names


def _all_names(reading: Reading, site: Site, body: Node) -> list[str] | None:
    if not _decides(body.parent):
        return None
    names = []
    for one in body.named_children:
        value = one.child_by_field_name("value") if one.type == "switch_case" else None
        name = (
            reading.graph.evaluator.text(value, site.scope, site.closure.frame) if value else None
        )
        if name is not None:
            names.append(name)
    return names


def _is_other_branch(reading: Reading, site: Site, where: tuple[Node, Node], job: str) -> bool:
    statement, inner = where
    condition = statement.child_by_field_name("condition")
    test = condition.named_children[0] if condition is not None else None
    if test is None or test.type != "binary_expression":
        return False
    left, right = test.child_by_field_name("left"), test.child_by_field_name("right")
    operator = test.child_by_field_name("operator")
    if left is None or right is None or operator is None or operator.type not in ("===", "=="):
        return False
    if not flat(left).endswith(".name") or not _NAME.fullmatch(flat(left)):
        return False
    name = reading.graph.evaluator.text(right, site.scope, site.closure.frame)
    if name is None:
        return False
    consequence = statement.child_by_field_name("consequence")
    alternative = statement.child_by_field_name("alternative")
    if consequence is not None and consequence.id == inner.id:
        return name != job
    return alternative is not None and alternative.id == inner.id and name == job
