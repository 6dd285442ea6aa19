"""Migrations and models in Python: Alembic, Django, SQLAlchemy's tables of their own accord."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tree_sitter import Node

from redhanded.hunt.repair.python import fields
from redhanded.hunt.repair.python.fields import python_files
from redhanded.hunt.repair.python.imports import imported
from redhanded.hunt.repair.unique.wanted import Drafted, Wanted
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

_STOPS = "It stops, and changes nothing, where the table holds doubled rows; writers wait for it."
_REVISION = re.compile(r"^revision\b[^=\n]*=\s*['\"](\w+)['\"]", re.MULTILINE)
_DOWN = re.compile(r"^down_revision\b[^=\n]*=\s*(.+)$", re.MULTILINE)
_INHERITED = re.compile(r"DeclarativeBase|declarative_base|Mixin|__abstract__|declared_attr")
_ALEMBIC = '''\
"""One row of {table} for each {listed}."""

from alembic import op

revision = "{revision}"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("{index}", "{name}", [{columns}], unique=True{schema})


def downgrade() -> None:
    op.drop_index("{index}", table_name="{name}"{schema})
'''
_DJANGO = '''\
"""One row for each {listed}."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("{app}", "{former}")]

    operations = [
        migrations.AddConstraint(
            model_name="{model}",
            constraint={constraint},
        ),
    ]
'''


def alembic(wanted: Wanted) -> Drafted | None:
    """A revision after the only head, and the model's own word for it where that is simple."""
    if not re.search(r"from\s+alembic\s+import|import\s+alembic", wanted.text):
        return None
    files = [
        each
        for each in python_files(wanted.ground.root, (".",))
        if each.is_file() and "alembic" in each.read_text("utf-8", "replace")
    ]
    texts = [each.read_text("utf-8", "replace") for each in files]
    revisions = {match[1] for each in texts for match in _REVISION.finditer(each)}
    former = {
        name
        for each in texts
        for match in _DOWN.finditer(each)
        for name in re.findall(r"['\"](\w+)['\"]", match[1])
    }
    heads = sorted(revisions - former)
    if len(heads) != 1:
        return None
    schema, _, name = wanted.table.rpartition(".")
    revision = hashlib.sha256(f"{heads[0]} {wanted.index}".encode()).hexdigest()[:12]
    text = _ALEMBIC.format(
        table=name,
        listed=", ".join(wanted.columns),
        revision=revision,
        head=heads[0],
        index=wanted.index,
        name=name,
        columns=", ".join(f'"{each}"' for each in wanted.columns),
        schema=f', schema="{schema}"' if schema else "",
    )
    model = _sqlalchemy(wanted)
    left = "" if model else " Say it in the model as well: the next generated revision drops it."
    path = f"{wanted.folder}/{revision}_{wanted.index}.py"
    return Drafted(files={path: text, **(model or {})}, how=f"{_STOPS}{left}")


def created(wanted: Wanted) -> Drafted | None:
    """SQLAlchemy makes the tables as the models say, where they are not there yet."""
    model = _sqlalchemy(wanted)
    if model is None or wanted.path not in model:
        return None
    how = (
        "create_all gives it to a table that it makes; one that is there needs it by hand: "
        f"{wanted.statement};"
    )
    return Drafted(files=model, how=how)


def django(wanted: Wanted) -> Drafted | None:
    """A migration after the last one of the app, and the model's own word for it."""
    if not re.search(r"class\s+Migration\s*\(\s*(?:\w+\.)?Migration\s*\)", wanted.text):
        return None
    root = wanted.ground.root
    last = _leaf(root / wanted.folder)
    if last is None or not re.match(r"\d+_", last):
        return None
    model = next(
        (
            each.model.rpartition(".")[2]
            for each in wanted.ground.code.accesses
            if each.table == wanted.table and each.model
        ),
        None,
    )
    app = Path(wanted.folder).parent.name
    if model is None or not app or _is_labelled(root / wanted.folder):
        return None
    known = fields.of_model(root, wanted.ground.system.source or (".",), model)
    names = [_field(known, each) for each in wanted.columns]
    listed = ", ".join(f'"{each}"' for each in names)
    constraint = f'models.UniqueConstraint(fields=[{listed}], name="{wanted.index}")'
    declared = _in_meta(wanted, model, constraint)
    if declared is None:
        return None
    number = str(int(last.split("_")[0]) + 1).zfill(4)
    text = _DJANGO.format(
        listed=", ".join(names),
        app=app,
        former=last,
        model=model.lower(),
        constraint=constraint,
    )
    path = f"{wanted.folder}/{number}_{wanted.index}.py"
    return Drafted(files={path: text, **declared}, how=f"The migration: {_STOPS}")


def _leaf(folder: Path) -> str | None:
    """The only migration of an app on which no other one depends."""
    files = [each for each in folder.glob("*.py") if each.is_file() and each.stem != "__init__"]
    texts = {each.stem: each.read_text("utf-8", "replace") for each in files}
    known = {name for name, text in texts.items() if re.search(r"class\s+Migration\b", text)}
    asked = {
        found for text in texts.values() for found in re.findall(r"['\"](\w+)['\"]\s*,?\s*\)", text)
    }
    leaves = sorted(known - asked)
    return leaves[0] if len(leaves) == 1 else None


def _is_labelled(folder: Path) -> bool:
    """Whether an app has another label than its folder's name."""
    files = [folder.parent / "apps.py", folder.parent / "models.py"]
    texts = [each.read_text("utf-8", "replace") for each in files if each.is_file()]
    return any(re.search(r"^\s+(?:app_)?label\s*=", each, re.MULTILINE) for each in texts)


def _field(known: dict[str, fields.Field], column: str) -> str:
    """What the model calls a column; of another row's key, the relation."""
    field = fields.named(known, column)
    stem = column.removesuffix("_id")
    return stem if field.name == column and stem in known and column not in known else field.name


def _in_meta(wanted: Wanted, model: str, constraint: str) -> dict[str, str] | None:
    """The file of a model of Django with the constraint in its ``Meta``."""
    found = _class_of(wanted, model)
    imports = r"^from django(?:\.contrib\.gis)?\.db import [^\n]*\bmodels\b(?!\s+as\b)"
    if found is None or not re.search(
        imports, found[0].data.decode("utf-8", "replace"), re.MULTILINE
    ):
        return None
    source, definition = found
    body = definition.child_by_field_name("body")
    inner = {
        source.of(name): each
        for each in (body.named_children if body is not None else ())
        if each.type == "class_definition"
        and (name := each.child_by_field_name("name")) is not None
    }
    if body is None:
        return None
    pad = source.indent(body.start_byte) or "    "
    unit = source.indent_unit if source.indent_unit != "  " else pad
    meta = inner.get("Meta")
    if meta is None and not re.search(r"\(\s*models\.Model\s*\)", source.of(definition)):
        return None  # It would hide the one that it inherits.
    if meta is not None and meta.start_point.row == meta.end_point.row:
        return None
    if meta is None:
        text = f"\n\n{pad}class Meta:\n{pad}{unit}constraints = [{constraint}]"
        change = Edit(start=body.end_byte, end=body.end_byte, text=text)
    else:
        listed = edit_python.assigned(source, meta).get("constraints")
        inside = meta.child_by_field_name("body")
        if inside is None or (listed is not None and listed.type != "list"):
            return None
        if listed is None:
            at = inside.end_byte
            change = Edit(start=at, end=at, text=f"\n{pad}{unit}constraints = [{constraint}]")
        else:
            entries = [each for each in listed.named_children if each.type != "comment"]
            at = entries[-1].end_byte if entries else listed.start_byte + 1
            change = Edit(start=at, end=at, text=f"{', ' if entries else ''}{constraint}")
    return {source.path: edit.apply(source, [change])}


def _sqlalchemy(wanted: Wanted) -> dict[str, str] | None:
    """The file of a model of SQLAlchemy with the index in its ``__table_args__``; None where it has
    some already."""
    found = _declaring(wanted)
    if found is None:
        return None
    source, definition = found
    texts = (
        each.read_text("utf-8", "replace")
        for each in python_files(wanted.ground.root, wanted.ground.system.source or (".",))
    )
    if any("__table_args__" in each and _INHERITED.search(each) for each in texts):
        return None
    if "__table_args__" in source.of(definition):
        return None
    body = definition.child_by_field_name("body")
    last = None
    for each in body.named_children if body is not None else ():
        if each.type == "expression_statement":
            last = each
        elif each.type in ("function_definition", "decorated_definition", "class_definition"):
            break
    if last is None or "Index" in edit_python.bound(source, source.tree) - _imported_index(source):
        return None
    pad = source.indent(last.start_byte)
    columns = ", ".join(f'"{each}"' for each in wanted.columns)
    text = f'\n{pad}__table_args__ = (Index("{wanted.index}", {columns}, unique=True),)'
    edits = [
        Edit(start=last.end_byte, end=last.end_byte, text=text),
        *imported(source, [("sqlalchemy", "Index")]),
    ]
    return {source.path: edit.apply(source, edits)}


def _imported_index(source: Source) -> set[str]:
    text = source.data.decode("utf-8", "replace")
    known = re.search(r"^from sqlalchemy import [^\n]*\bIndex\b", text, re.MULTILINE)
    return {"Index"} if known else set()


def _declaring(wanted: Wanted) -> tuple[Source, Node] | None:
    """The class that says it is the table, and its file."""
    name = re.escape(wanted.table.rpartition(".")[2])
    said = re.compile(rf"__tablename__\s*(?::[^=\n]+)?=\s*['\"]{name}['\"]")
    for source in _sources(wanted, said):
        for each in edit.walk(source.tree):
            if each.type == "class_definition" and said.search(source.of(each)):
                return source, each
    return None


def _class_of(wanted: Wanted, model: str) -> tuple[Source, Node] | None:
    said = re.compile(rf"^class\s+{re.escape(model)}\b", re.MULTILINE)
    found = [
        (source, node)
        for source in _sources(wanted, said)
        if (node := edit_python.class_named(source, model)) is not None
    ]
    return found[0] if len(found) == 1 else None


def _sources(wanted: Wanted, said: re.Pattern[str]) -> list[Source]:
    root = wanted.ground.root
    found = []
    for path in python_files(root, wanted.ground.system.source or (".",)):
        inside = path.relative_to(root).as_posix()
        if said.search(path.read_text("utf-8", "replace")):
            found.append(edit.read(wanted.ground.text(inside), inside))
    return found
