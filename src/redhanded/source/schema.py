"""The unique constraints that a database has after all migrations, read from their source.

Reference: https://sequelize.org/docs/v6/other-topics/query-interface/; the default names are those
of PostgreSQL (``<table>_<column>_key``, ``<table>_pkey``) and of Sequelize.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from redhanded.case.codemap import UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.callgraph import CallGraph, Closure
from redhanded.source.frameworks.sequelize_models import LIBRARY
from redhanded.source.outline import Module
from redhanded.source.schema_calls import INTERFACE, apply, is_interface
from redhanded.source.schema_sql import changes
from redhanded.source.schema_state import Schema
from redhanded.source.values import External, Function

MIGRATION = re.compile(
    rb"queryInterface|\b(?:createTable|addConstraint|addIndex|CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX))\b",
    re.IGNORECASE,
)
"""What a file that changes a schema is written with."""


def migrated(graph: CallGraph, sql_files: tuple[str, ...] = ()) -> tuple[UniqueConstraint, ...]:
    """The constraints after every migration of the program ran once, in the order of file names.

    ``sql_files`` are migrations in plain SQL, relative to the program's root.
    """
    schema = Schema()
    program = graph.evaluator.program
    found: list[tuple[str, Module | None]] = [(path, None) for path in sql_files]
    for path in program.paths:
        module = program.module(path)
        if module is not None and MIGRATION.search(module.source):
            found.append((path, module))
    for path, migration in sorted(found, key=lambda one: PurePosixPath(one[0]).name):
        if migration is None:
            _run_sql(program.root, path, schema)
        else:
            _run(graph, migration, schema)
    return tuple(schema.constraints.values())


def _run_sql(root: Path, path: str, schema: Schema) -> None:
    text = (root / path).read_bytes().decode("utf-8", "replace")
    # The part that undoes a migration (dbmate, goose, node-pg-migrate) is not run.
    text = re.split(r"(?im)^--\s*(?:migrate:down|\+goose down|down migration)", text)[0]
    for change, line in changes(text):
        schema.apply(change, Location(path=path, line=line))


def _run(graph: CallGraph, module: Module, schema: Schema) -> None:
    values = [*graph.evaluator.exported(module, "up")]
    for one in graph.evaluator.exported(module, "default"):
        values += graph.evaluator.member(one, "up")
    for start in dict.fromkeys(one for one in values if isinstance(one, Function)):
        frame = graph.evaluator.frame(start, ((INTERFACE,), (External(module=LIBRARY),)))
        _follow(graph, graph.closure(start.function, frame), schema, frozenset())


def _follow(graph: CallGraph, closure: Closure, schema: Schema, above: frozenset[int]) -> None:
    if id(closure) in above:
        return
    for site in graph.sites(closure):
        for callee in site.callee:
            if isinstance(callee, External) and is_interface(callee):
                apply(graph, site, callee.members[-1], schema)
        for target in (*site.targets, *site.callbacks):
            _follow(graph, target, schema, above | {id(closure)})
