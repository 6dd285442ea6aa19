"""Models of SQLAlchemy (declarative old and new, Core tables), Flask-SQLAlchemy and SQLModel.

Reference: https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html,
https://docs.sqlalchemy.org/en/20/orm/versioning.html, https://sqlmodel.tiangolo.com/.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Class, Field, Module
from redhanded.source.flow.schema import Table
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.evaluation import Evaluation, Scope
from redhanded.source.flow.schemas.lists import elements, text
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.sqlalchemy_annotations import (
    CONTAINERS,
    computed_name,
    is_field,
    names_in,
    snake,
    type_text,
)
from redhanded.source.flow.schemas.sqlalchemy_parts import (
    COLUMN,
    PACKAGES,
    Collected,
    add_column,
    collect,
    index_of,
)
from redhanded.source.flow.schemas.tool import Models, is_true, last_call
from redhanded.source.flow.schemas.walking import calls_of, flat, inside, parts_of, said_in
from redhanded.source.flow.values import Kind, Known, Library, Made, Procedure, Record, Value

_COLUMNS = ("Column", "mapped_column", "Field", "column")
_ROOTS = ("DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base", "Model", "SQLModel")


def models(evaluation: Evaluation) -> Models:
    """All tables that classes and ``Table(…)`` declare."""
    reading = _Reading(evaluation)
    for module in evaluation.program.modules.values():
        if module.language == "python":
            for index, found in enumerate(module.classes):
                reading.read(Kind(module.path, index, found.name))
    for module in evaluation.program.importing("sqlalchemy", "flask_sqlalchemy", "sqlmodel"):
        reading.read_calls(module)
    tables = tuple(one.finished() for one in reading.found.values())
    return Models(
        tool="sqlalchemy", tables=tables, creates=_creates(evaluation) if tables else None
    )


@dataclass(slots=True, kw_only=True)
class _Model:
    name: str
    into: Collected
    models: list[str] = field(default_factory=list)
    version: str = ""

    def finished(self) -> Table:
        columns = (
            tuple(
                replace(one, is_version=True) if self.version in (one.name, one.attribute) else one
                for one in self.into.columns.values()
            )
            if self.version
            else tuple(self.into.columns.values())
        )
        names = {one.attribute: one.name for one in columns if one.attribute}
        uniques = tuple(
            replace(one, columns=tuple(names.get(each, each) for each in one.columns))
            for one in self.into.finished()
        )
        return Table(
            name=table_name(self.into.schema, self.name),
            columns=columns,
            uniques=uniques,
            checks=tuple(said for _, said in self.into.checks),
            models=tuple(self.models),
            location=self.into.location,
            is_complete=self.into.is_complete,
        )


class _Reading:
    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.found: dict[str, _Model] = {}
        self.tables: dict[Kind, str | None] = {}
        """Table of each class; None: it is no model."""

    def read(self, kind: Kind) -> str | None:
        """The table of a class, read once."""
        if kind not in self.tables:
            self.tables[kind] = None  # what a circle of bases finds
            self.tables[kind] = self._read(kind)
        return self.tables[kind]

    def _read(self, kind: Kind) -> str | None:
        found = self.evaluation.class_of(kind)
        if not found.bases:
            return None
        root = self._root(kind, 8)
        if root is None or _own(found, "__abstract__") is not None:
            return None
        if root == "SQLModel" and not _is_table(found):
            return None
        inherited = next((one for one in self._parents(kind) if self.read(one)), None)
        name = self._named(kind, found, root, inherited)
        if name is None and inherited is not None:
            # Single-table inheritance: the columns are those of the parent's table.
            name = self.read(inherited)
        if name is None:
            return None
        at = Location(path=kind.path, line=found.line)
        known = self.found.setdefault(
            name, _Model(name=name, into=Collected(said="model", location=at))
        )
        known.models.append(found.name)
        for one in (*self._mixins(kind, 8), kind):
            self._collect(one, known)
        return name

    def _root(self, kind: Kind, depth: int) -> str | None:
        """Which base of a library the class comes from, if it is one of ours."""
        for base in self.evaluation.bases(kind) if depth else ():
            if isinstance(base, Library) and base.package in PACKAGES:
                named = [one for one in base.names if one in _ROOTS]
                if named:
                    return named[-1]
            elif isinstance(base, Kind) and base != kind:
                found = self._root(base, depth - 1)
                if found is not None:
                    return found
        return None

    def _parents(self, kind: Kind) -> list[Kind]:
        return [one for one in self.evaluation.bases(kind) if isinstance(one, Kind) and one != kind]

    def _mixins(self, kind: Kind, depth: int) -> list[Kind]:
        """Bases whose columns are its own: all that are no tables themselves."""
        found: list[Kind] = []
        for one in self._parents(kind) if depth else ():
            if self.read(one) is None:
                found += [*self._mixins(one, depth - 1), one]
        return list(dict.fromkeys(found))

    def _named(self, kind: Kind, found: Class, root: str, inherited: Kind | None) -> str | None:
        for one in (kind, *reversed(self._mixins(kind, 8))):
            given = self._attribute(one, "__tablename__")
            if isinstance(given, Known) and isinstance(given.value, str):
                return given.value
            if _own(self.evaluation.class_of(one), "__tablename__") is not None:
                return None
            method = self._method(one, "__tablename__")
            if method is not None:
                return computed_name(self.evaluation, one, method, found)
        table = self._attribute(kind, "__table__")
        called = last_call(table)
        if called is not None and called[1].arguments:
            return text(called[1].arguments[0]) or None
        if root == "SQLModel":
            return found.name.lower()
        if root == "Model" and inherited is None:
            return snake(found.name)
        return None

    def _attribute(self, kind: Kind, name: str) -> Value | None:
        found = _own(self.evaluation.class_of(kind), name)
        if found is None or found.value is None:
            return None
        return self.evaluation.value(found.value, self._scope(kind))

    def _method(self, kind: Kind, name: str) -> Procedure | None:
        module = self.evaluation.program.modules[kind.path]
        for method in self.evaluation.class_of(kind).methods:
            if module.functions[method].name == name:
                return Procedure(kind.path, method, receiver=kind)
        return None

    def _scope(self, kind: Kind) -> Scope:
        """Within the class: the names of columns stand for them."""
        found = self.evaluation.class_of(kind)
        module = self.evaluation.program.modules[kind.path]
        names: dict[str, Value] = {
            one.name: Library(COLUMN.package, (one.name,))
            for one in found.fields
            if one.annotation is not None or isinstance(one.value, form.Call)
        }
        return Scope(module=module, function=max(found.parent, 0), names=names)

    def _collect(self, kind: Kind, model: _Model) -> None:
        for one in self.evaluation.class_of(kind).fields:
            if not one.name.startswith("__"):
                self._column(kind, one, model.into)
        module = self.evaluation.program.modules[kind.path]
        for method in self.evaluation.class_of(kind).methods:
            function = module.functions[method]
            if _says(function.decorators, "declared_attr"):
                given = run(self.evaluation, Procedure(kind.path, method, receiver=kind), ())
                if function.name == "__table_args__":
                    _arguments(given, model.into)
                called = last_call(given)
                if called is not None and called[0] in _COLUMNS:
                    add_column(called[1], function.name, model.into)
        arguments = self._attribute(kind, "__table_args__")
        if arguments is not None:
            _arguments(arguments, model.into)
        mapper = self._attribute(kind, "__mapper_args__")
        if isinstance(mapper, Record) and "version_id_col" in mapper.parts:
            version = mapper.parts["version_id_col"]
            if isinstance(version, Library) and version.package == COLUMN.package:
                model.version = version.names[0]
            else:
                model.version = text(version)

    def _column(self, kind: Kind, one: Field, into: Collected) -> None:
        scope = self._scope(kind)
        scope.names.pop(one.name, None)
        at = Location(path=kind.path, line=one.line)
        annotated = self._annotated(one.annotation, scope, 6) if one.annotation else None
        if one.value is not None:
            called = last_call(self.evaluation.value(one.value, scope))
            if called is None or called[0] not in _COLUMNS:
                if called is not None or not is_field(one):
                    return
                called = ("Field", Made())
            made = called[1]
            inner = last_call(made.keywords.get("sa_column"))
            made = inner[1] if inner is not None else made
            extra = last_call(annotated) if annotated is not None else None
            if extra is not None:
                merged = {**extra[1].keywords, **made.keywords}
                made = replace(
                    made, arguments=(*extra[1].arguments, *made.arguments), keywords=merged
                )
            kind_of = type_text(one.annotation) if one.annotation else ""
            add_column(replace(made, location=at), one.name, into, annotated=kind_of)
            self._nullable(one, made, into)
        elif one.annotation is not None and is_field(one):
            extra = last_call(annotated) if annotated is not None else None
            made = replace(extra[1], location=at) if extra is not None else Made(location=at)
            add_column(made, one.name, into, annotated=type_text(one.annotation))
            self._nullable(one, made, into)

    def _nullable(self, one: Field, made: Made, into: Collected) -> None:
        """In new style the annotation says it: ``Mapped[str]`` is NOT NULL."""
        if one.annotation is None or "nullable" in made.keywords:
            return
        said = names_in(one.annotation)
        for name, column in into.columns.items():
            if one.name in (name, column.attribute):
                optional = "Optional" in said or "None" in said
                into.columns[name] = replace(column, is_nullable=optional)

    def _annotated(self, annotation: Expression, scope: Scope, depth: int) -> Value | None:
        """The ``mapped_column(…)`` that an annotation carries: ``Annotated[int, …]``, by name."""
        if depth == 0:
            return None
        if isinstance(annotation, form.Call):
            value = self.evaluation.value(annotation, scope)
            called = last_call(value)
            return value if called is not None and called[0] in _COLUMNS else None
        if isinstance(annotation, form.Name) and annotation.name not in CONTAINERS:
            meant = self.evaluation.definition(annotation.name, scope)
            if meant is not None:
                inner, where = meant
                return self._annotated(inner, where, depth - 1)
        for part in parts_of(annotation):
            found = self._annotated(part, scope, depth - 1)
            if found is not None:
                return found
        return None

    def read_calls(self, module: Module) -> None:
        """``Table('t', metadata, Column(…))`` and ``Index(…)`` outside of classes."""
        if not module.may_call(("Table", "Index")):
            return
        for call, function in calls_of(module):
            named = _last_name(call.function)
            if named == "Table" and len(call.arguments) > 1:
                self._core_table(module, call, function)
            elif named == "Index":
                self._index(module, call, function)

    def _core_table(self, module: Module, call: form.Call, function: int) -> None:
        value = self.evaluation.at(call, module.path, max(function, 0))
        called = last_call(value)
        if not isinstance(value, Library) or value.package not in PACKAGES or called is None:
            return
        made = called[1]
        name = text(made.arguments[0]) if made.arguments else ""
        if not name or name in self.found:
            return
        into = Collected(said="model", location=made.location)
        into.schema = text(made.keywords.get("schema"))
        collect(made.arguments[2:], into)
        if into.columns:
            self.found[name] = _Model(name=name, into=into)

    def _index(self, module: Module, call: form.Call, function: int) -> None:
        """``Index('name', Model.column, unique=True)``."""
        owners: list[Kind] = []
        columns: list[Value] = []
        for one in call.arguments[1:]:
            if isinstance(one.value, form.Attribute) and one.name is None:
                base = one.value.base
                if isinstance(base, form.Attribute) and base.name == "c":
                    base = base.base
                owner = self.evaluation.at(base, module.path, max(function, 0))
                columns.append(Known(one.value.name))
                owners += [owner] if isinstance(owner, Kind) else []
        table = self.tables.get(owners[0]) if owners else None
        value = last_call(self.evaluation.at(call, module.path, max(function, 0)))
        if table is None or value is None or not is_true(value[1].keywords.get("unique")):
            return
        made = replace(value[1], arguments=(*value[1].arguments[:1], *columns))
        unique = index_of(made, made.location, "model")
        if unique is not None:
            self.found[table].into.uniques.append(unique)


def _arguments(given: Value, into: Collected) -> None:
    """``__table_args__``: a mapping, or a sequence that may end in one."""
    if isinstance(given, Record):
        listed = all(key.isdigit() for key in given.parts)
        parts = elements(given) if listed else (given,)
        into.is_complete &= given.is_complete
        for part in parts:
            if isinstance(part, Record):
                into.schema = text(part.parts.get("schema")) or into.schema
        collect([one for one in parts if not isinstance(one, Record)], into)
    else:
        into.is_complete = False


def _own(found: Class, name: str) -> Field | None:
    return next((one for one in found.fields if one.name == name), None)


def _is_table(found: Class) -> bool:
    return any(
        one.name == "table" and isinstance(one.value, form.Constant) and one.value.value is True
        for one in found.bases
    )


def _says(decorators: tuple[Expression, ...], name: str) -> bool:
    return any(name in names_in(one) for one in decorators)


def _last_name(expression: Expression) -> str:
    return expression.name if isinstance(expression, form.Name | form.Attribute) else ""


def _creates(evaluation: Evaluation) -> Location | None:
    """``metadata.create_all(engine)``, called or handed to ``run_sync``."""
    for module in evaluation.program.marked("create_all"):
        for function in module.functions:
            for statement in flat(function.body):
                for expression in said_in(statement):
                    if _mentions(expression, "create_all"):
                        line = getattr(statement, "line", function.line)
                        return Location(path=module.path, line=line)
    return None


def _mentions(expression: Expression, name: str) -> bool:
    return any(isinstance(one, form.Attribute) and one.name == name for one in inside(expression))
