"""Files of JavaScript and TypeScript that export ``up``, and whose migrations they are.

Four tools write ``up(something)``; which one is told by the type of the parameter, by the methods
that only one of them has, and else by what the nearest package.json depends on.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Function, Module
from redhanded.source.flow.schemas.changes import Change
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.program import belongs
from redhanded.source.flow.schemas.tool import Migration, natural
from redhanded.source.flow.schemas.walking import calls_of, inside
from redhanded.source.flow.values import Kind, Procedure, Value

SEQUELIZE, KNEX, PG_MIGRATE, TYPEORM, MIKRO_ORM, KYSELY, MONGO, DB_MIGRATE = (
    "sequelize",
    "knex",
    "node-pg-migrate",
    "typeorm",
    "@mikro-orm/migrations",
    "kysely",
    "migrate-mongo",
    "db-migrate",
)
Changes: TypeAlias = Callable[[], Iterable[Change]]
_BY_ANNOTATION = {
    "QueryInterface": SEQUELIZE,
    "Knex": KNEX,
    "MigrationBuilder": PG_MIGRATE,
    "QueryRunner": TYPEORM,
    "Kysely": KYSELY,
    "Db": MONGO,
}
_BY_METHOD = {
    KNEX: {"alterTable", "hasTable", "createTableIfNotExists", "hasColumn"},
    SEQUELIZE: {"addIndex", "removeColumn", "changeColumn", "removeIndex", "removeConstraint"}
    | {"bulkInsert", "bulkDelete", "describeTable", "queryInterface"},
    PG_MIGRATE: {"addColumns", "dropColumns", "createIndex", "alterColumn", "sql", "dropConstraint"}
    | {"createExtension", "createType", "dropIndex", "renameConstraint"},
}
"""Methods that only one of the tools has on what ``up`` is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """One migration."""

    module: Module
    procedure: Procedure
    tool: str
    """Empty: could not be told."""


def migrations_of(
    evaluation: Evaluation, tool: str, reader: Callable[[Evaluation, Up], Changes]
) -> Iterable[Migration]:
    """The migrations of one tool, in the order of their files' names; ``reader`` gives what one of
    them changes."""
    for one in ups(evaluation):
        if one.tool == tool:
            folder, name = posixpath.split(one.module.path)
            yield Migration(
                path=one.module.path,
                group=folder,
                order=natural(name),
                changes=reader(evaluation, one),
                tool=tool,
            )


def ups(evaluation: Evaluation) -> tuple[Up, ...]:
    """Every file that exports ``up``; looked for once."""
    found = evaluation.kept.get("ups")
    if found is None:
        found = evaluation.kept["ups"] = tuple(_ups(evaluation))
    return found


def _ups(evaluation: Evaluation) -> Iterator[Up]:
    packages = _packages(evaluation)
    for module in evaluation.program.modules.values():
        if module.language == "python":
            continue
        procedure = _up(evaluation, module)
        if procedure is not None:
            tool = _tool(module, module.functions[procedure.function], packages)
            yield Up(module=module, procedure=procedure, tool=tool)


def _up(evaluation: Evaluation, module: Module) -> Procedure | None:
    if not module.gives("up"):
        return None
    named = [place for place, one in enumerate(module.functions) if one.name == "up"]
    methods = [place for place in named if module.functions[place].owner >= 0]
    if methods:
        owner = module.functions[methods[0]].owner
        kind = Kind(module.path, owner, module.classes[owner].name)
        return Procedure(module.path, methods[0], receiver=kind)
    value: Value = evaluation.exported(module.path, "up")
    if not isinstance(value, Procedure):
        value = evaluation.member(evaluation.exported(module.path, "default"), "up")
    if isinstance(value, Procedure):
        return value
    return Procedure(module.path, named[0]) if named else None


def _tool(module: Module, function: Function, packages: dict[str, frozenset[str]]) -> str:
    first = function.parameters[0] if function.parameters else None
    for name in _names(first.annotation) if first and first.annotation else ():
        if name in _BY_ANNOTATION:
            return _BY_ANNOTATION[name]
    said = _attributes(module)
    if function.owner >= 0:
        if "addSql" in said:
            return MIKRO_ORM
        dated = re.search(r"\d{10,}", module.path + module.classes[function.owner].name)
        imports = any(belongs(one.specifier, ("typeorm",)) for one in module.imports)
        if first is not None and (dated or imports) and said & {"query", "createTable"}:
            return TYPEORM
    if first is None:
        return ""
    if "runSql" in said:
        return DB_MIGRATE
    if "collection" in said and "createTable" not in said:
        return MONGO
    if "schema" in said and said & {"createTable", "alterTable", "table", "raw", "dropTable"}:
        return KYSELY if said & {"addColumn", "addUniqueConstraint"} else KNEX
    if any(one.exported == "shorthands" for one in module.exports):
        return PG_MIGRATE
    counts = {tool: len(said & methods) for tool, methods in _BY_METHOD.items()}
    best = max(counts, key=lambda one: counts[one])
    if counts[best] and list(counts.values()).count(counts[best]) == 1:
        return best
    near = _nearest(module, packages)
    known = [one for one in (SEQUELIZE, KNEX, PG_MIGRATE, TYPEORM, DB_MIGRATE) if one in near]
    if len(known) == 1:
        return known[0]
    return SEQUELIZE if len(function.parameters) > 1 or _is_umzug(module, first) else ""


def _is_umzug(module: Module, first: object) -> bool:
    """``up({ context })``, or types from the package."""
    target = getattr(first, "target", None)
    takes_context = isinstance(target, form.Mapping) and any(
        isinstance(one.key, form.Constant) and one.key.value == "context" for one in target.pairs
    )
    return takes_context or any(belongs(one.specifier, ("umzug",)) for one in module.imports)


def _names(expression: Expression) -> Iterator[str]:
    return (one.name for one in inside(expression) if isinstance(one, form.Name | form.Attribute))


def _attributes(module: Module) -> set[str]:
    """Names of attributes in calls: ``x.schema.createTable(…)`` gives both."""
    found: set[str] = set()
    for call, _ in calls_of(module):
        function = call.function
        while isinstance(function, form.Attribute):
            found.add(function.name)
            function = function.base
    return found


def _packages(evaluation: Evaluation) -> dict[str, frozenset[str]]:
    """What each folder's package.json depends on."""
    found: dict[str, frozenset[str]] = {}
    for path, text in evaluation.program.texts.items():
        if posixpath.basename(path) == "package.json":
            try:
                said = json.loads(text)
            except ValueError:
                continue
            names: set[str] = set()
            for key in ("dependencies", "devDependencies", "peerDependencies"):
                listed = said.get(key) if isinstance(said, dict) else None
                names |= set(listed) if isinstance(listed, dict) else set()
            found[posixpath.dirname(path)] = frozenset(names)
    return found


def _nearest(module: Module, packages: dict[str, frozenset[str]]) -> frozenset[str]:
    folder = posixpath.dirname(module.path)
    while folder not in packages:
        if not folder:
            return frozenset()
        folder = posixpath.dirname(folder)
    return packages[folder]
