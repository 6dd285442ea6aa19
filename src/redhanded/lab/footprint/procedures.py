"""Finds the SQL statements inside PL/pgSQL and SQL function bodies.

Control words are peeled off until a statement or an expression is left; an expression is read as
``SELECT expression``. Variables look like columns to the reader of queries, so predicates on them
give no row, which is right: their values are not known. EXECUTE may do anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from redhanded.lab.footprint.masking import Masked, mask


@lru_cache(maxsize=1024)
def statements_of(body: str, language: str) -> tuple[Masked, ...] | None:
    """The masked statements of a body, dynamic SQL as ``EXECUTE``; None if the language is not
    one that can be read."""
    if language == "sql":
        return mask(_ATOMIC.sub("", body))
    if language != "plpgsql":
        return None
    found: list[Masked] = []
    for piece in mask(body):
        text = _peel(piece.text)
        if text:
            found.append(Masked(text=_INTO.sub(" ", text), literals=piece.literals))
    return tuple(found)


_ATOMIC = re.compile(r"^\s*BEGIN\s+ATOMIC\b|\bEND\s*$", re.IGNORECASE)
_INTO = re.compile(
    r"(?<!INSERT) (?<!MERGE )\bINTO (?:STRICT )?[\w.\"\[\]]+(?:, ?[\w.\"\[\]]+)*", re.IGNORECASE
)
_LABEL = re.compile(r"<< ?\w+ ?>> ?")
_BLOCK = re.compile(r"(?:BEGIN|ELSE|LOOP|EXCEPTION)\b(?! ATOMIC)", re.IGNORECASE)
_HANDLER = re.compile(r"WHEN\b.*?\bTHEN\b", re.IGNORECASE)
_CONDITION = re.compile(r"(?:IF|ELSIF|ELSEIF)\b(.*?)\bTHEN\b(.*)", re.IGNORECASE)
_CASE = re.compile(r"CASE\b(.*?)\bWHEN\b.*?\bTHEN\b(.*)", re.IGNORECASE)
_WHILE = re.compile(r"WHILE\b(.*?)\bLOOP\b(.*)", re.IGNORECASE)
_FOR = re.compile(r"FOR(?:EACH)?\b(.*?)\b(?:IN|ARRAY)\b(.*?)\bLOOP\b(.*)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"[\w.\"\[\]]+ ?:?= ?(.*)", re.IGNORECASE)
_DECLARATION = re.compile(r"(?:DECLARE\b)?.*?(?::=|\bDEFAULT\b) ?(.*)", re.IGNORECASE)
_NOTHING = re.compile(
    r"(?:END|NULL|RAISE|GET|EXIT|CONTINUE|CLOSE|ASSERT|COMMIT|ROLLBACK|RETURN NEXT|RETURN ?$|"
    r"ALIAS|CASE ?$|RETURN (?:NEW|OLD|NULL) ?$)\b",
    re.IGNORECASE,
)
_SQL = re.compile(
    r"(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|CREATE|ALTER|DROP|TRUNCATE|LOCK|CALL|COPY|"
    r"EXECUTE|NOTIFY|REFRESH|SET|DO)\b",
    re.IGNORECASE,
)


def _peel(text: str) -> str:
    """The SQL of one piece between semicolons; several parts are joined into one SELECT."""
    expressions: list[str] = []
    while True:
        text = _LABEL.sub("", text).strip()
        if not text:
            break
        if block := _BLOCK.match(text):
            text = text[block.end() :]
        elif handler := _HANDLER.match(text):
            text = text[handler.end() :]
        elif branch := _branch(text):
            if branch[1].strip():
                expressions.append(branch[1])
            text = branch[2]
        elif loop := _FOR.match(text):
            source, text = loop[2].strip(), loop[3]
            if _SQL.match(source):
                expressions.append(source if _is_dynamic(source) else f"({source})")
        else:
            break
    last = _simple(text)
    if any(_is_dynamic(part) for part in (*expressions, last)):
        return "EXECUTE"
    if not expressions:
        return last
    conditions = ", ".join(f"({part})" for part in expressions)
    if not last:
        return f"SELECT {conditions}"
    if last.upper().startswith("SELECT "):
        return f"SELECT {conditions}, ({last})"
    return f"WITH conditions AS (SELECT {conditions}) {last}"


def _branch(text: str) -> re.Match[str] | None:
    return _CONDITION.match(text) or _WHILE.match(text) or _CASE.match(text)


def _is_dynamic(text: str) -> bool:
    return text.upper().startswith("EXECUTE")


def _simple(text: str) -> str:
    """One statement without control words; empty if it touches nothing."""
    upper = text.upper()
    if not text or _NOTHING.match(text):
        return ""
    if _SQL.match(text):
        return text
    if upper.startswith("PERFORM "):
        return "SELECT " + text[8:]
    if upper.startswith("RETURN QUERY "):
        return text[13:]
    if upper.startswith("RETURN "):
        return "SELECT " + text[7:]
    if upper.startswith("OPEN "):
        found = re.search(r"\bFOR (.*)", text, re.IGNORECASE)
        return found[1] if found else ""
    if upper.startswith(("FETCH ", "MOVE ")):
        return ""
    if upper.startswith("DECLARE"):
        found = _DECLARATION.match(text)
        return f"SELECT {found[1]}" if found else ""
    found = _ASSIGNMENT.match(text) or _DECLARATION.match(text)
    return f"SELECT {found[1]}" if found else ""
