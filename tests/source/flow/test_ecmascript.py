"""JavaScript and TypeScript in the one form."""

from __future__ import annotations

from redhanded.source.flow.form import Constant, Let, Name
from redhanded.source.flow.languages.ecmascript import lower
from redhanded.source.flow.module import Import


def test_imports_of_both_module_styles_are_the_same() -> None:
    required = lower(
        "a.js", b"const pool = require('pg');\nconst { Queue: Q } = require('bullmq');"
    )
    assert required.imports == (Import("pg", "=", "pool", 1), Import("bullmq", "Queue", "Q", 2))
    assert required.functions[0].body == ()
    imported = lower("a.ts", b"import pool from 'pg';\nimport { Queue as Q } from 'bullmq';")
    assert imported.imports == (
        Import("pg", "default", "pool", 1),
        Import("bullmq", "Queue", "Q", 2),
    )


def test_a_declaration() -> None:
    body = lower("a.js", b"const a = 1").functions[0].body
    assert body == (Let(Name("a"), Constant(1), 1, "", "const"),)
