"""Migrations in JavaScript and TypeScript: Sequelize, Knex, Kysely, node-pg-migrate, TypeORM."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2

from redhanded.hunt.repair.unique.wanted import Drafted, Wanted, index_name, next_name
from redhanded.source import edit

GUARDED = (
    "The migration names doubled rows and stops before it changes anything, builds the index "
    "without blocking writers, and gives up instead of queueing behind a long transaction."
)
_IN_A_TRANSACTION = (
    "The migration stops, and changes nothing, where the table holds doubled rows; writers wait "
    "for it."
)
_ESM = re.compile(r"^export\s", re.MULTILINE)


def sequelize(wanted: Wanted) -> Drafted | None:
    """For sequelize-cli and umzug."""
    if "queryInterface" not in wanted.text:
        return None
    return _guarded(wanted, "sequelize")


def knex(wanted: Wanted) -> Drafted | None:
    """For its own command and ``knex.migrate``."""
    if not re.search(r"\bknex\b", wanted.text, re.IGNORECASE):
        return None
    return _guarded(wanted, "knex")


def node_pg_migrate(wanted: Wanted) -> Drafted | None:
    """``createIndex`` outside of a transaction."""
    if not re.search(r"\bpgm\b", wanted.text):
        return None
    head, types = _head(wanted, "pgm")
    columns = ", ".join(f"'{each}'" for each in wanted.columns)
    table = _given(wanted.table)
    dropped = f"{{ concurrently: true, name: '{wanted.index}' }}"
    options = dropped.replace("{", "{ unique: true,")
    text = (
        f"{types}{head.replace('NAME', 'up')}\n"
        "  pgm.noTransaction();\n"
        f"  pgm.createIndex({table}, [{columns}], {options});\n"
        f"{_end(wanted)}\n\n"
        f"{head.replace('NAME', 'down')}\n"
        "  pgm.noTransaction();\n"
        f"  pgm.dropIndex({table}, [{columns}], {dropped});\n"
        f"{_end(wanted)}\n"
    )
    return _put(
        wanted,
        text,
        "The index is built without blocking writers. Where the table holds doubled rows that "
        "fails, and what it leaves behind is invalid and has to be dropped.",
    )


def kysely(wanted: Wanted) -> Drafted | None:
    """``schema.createIndex`` in the migration's transaction."""
    found = re.search(r"\b(\w+)\s*(?::\s*Kysely\b[^)]*)?\)[^{;]*\{", wanted.text)
    if re.search(r"\bknex\b", wanted.text, re.IGNORECASE):
        return None
    if found is None or f"{found[1]}.schema" not in re.sub(r"\s+", "", wanted.text):
        return None
    name = found[1]
    head, types = _head(wanted, name, asynchronous=True)
    if types:
        head = head.replace(f"({name})", f"({name}: Kysely<any>): Promise<void>")
        types = "import type { Kysely } from 'kysely';\n\n"
    columns = ", ".join(f"'{each}'" for each in wanted.columns)
    text = (
        f"{types}{head.replace('NAME', 'up')}\n"
        f"  await {name}.schema.createIndex('{wanted.index}').on('{wanted.table}')"
        f".columns([{columns}]).unique().execute();\n"
        f"{_end(wanted)}\n\n"
        f"{head.replace('NAME', 'down')}\n"
        f"  await {name}.schema.dropIndex('{wanted.index}').execute();\n"
        f"{_end(wanted)}\n"
    )
    return _put(wanted, text, _IN_A_TRANSACTION)


def typeorm(wanted: Wanted) -> Drafted | None:
    """A class whose name ends with the time of its file's, as TypeORM wants it."""
    former = re.search(r"\bclass\s+(\w*?)(\d{10,})\b", wanted.text)
    name = next_name(wanted, _what(wanted))
    number = re.match(r"\d{10,}", name) if name is not None else None
    if former is None or name is None or number is None or _is_listed(wanted, former[0]):
        return None
    words = [each.capitalize() for each in re.split(r"[\W_]+", _what(wanted)) if each]
    typed = not edit.is_untyped(wanted.path)
    called = f"{''.join(words)}{number[0]}"
    runner = "queryRunner: QueryRunner" if typed else "queryRunner"
    promised = ": Promise<void>" if typed else ""
    imported = (
        "import type { MigrationInterface, QueryRunner } from 'typeorm';\n\n" if typed else ""
    )
    esm = typed or _ESM.search(wanted.text) is not None
    kind = f"class {called}{' implements MigrationInterface' if typed else ''}"
    text = (
        f"{imported}{'export' if esm else 'module.exports ='} {kind} {{\n"
        f"  name = '{called}';\n\n"
        f"  async up({runner}){promised} {{\n"
        f"    await queryRunner.query('{wanted.statement}');\n"
        "  }\n\n"
        f"  async down({runner}){promised} {{\n"
        f"    await queryRunner.query('{wanted.dropped}');\n"
        f"  }}\n}}{'' if esm else ';'}\n"
    )
    said = f" Say it at the entity as well (@Index with '{wanted.index}' and unique), so that the "
    return _put(
        wanted, text, f"{_IN_A_TRANSACTION}{said}next generated migration does not take it away."
    )


def guarded(tool: str, table: str, columns: tuple[str, ...], *, esm: bool, typescript: bool) -> str:
    """A migration of Sequelize or Knex that names doubled rows and lets writers go on."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent.with_name("templates")),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template("unique_index.js.j2").render(
        tool=tool,
        table=table,
        columns=columns,
        index=index_name(table, columns),
        esm=esm,
        typescript=typescript,
    )


def _guarded(wanted: Wanted, tool: str) -> Drafted | None:
    text = guarded(
        tool,
        wanted.table,
        wanted.columns,
        esm=_ESM.search(wanted.text) is not None,
        typescript=not edit.is_untyped(wanted.path),
    )
    name = next_name(wanted, _what(wanted))
    if name is None or Path(name).suffix != Path(wanted.path).suffix:
        return None
    return _put(wanted, text, GUARDED)


def _put(wanted: Wanted, text: str, how: str) -> Drafted | None:
    name = next_name(wanted, _what(wanted))
    if name is None or Path(name).suffix != Path(wanted.path).suffix:
        return None
    if _is_listed(wanted, Path(wanted.path).stem):
        return None
    return Drafted(files={f"{wanted.folder}/{name}".removeprefix("./"): text}, how=how)


def _what(wanted: Wanted) -> str:
    listed = "-".join(wanted.columns)
    return f"add-unique-index-to-{wanted.table.rpartition('.')[2]}-{listed}".replace("_", "-")


def _head(wanted: Wanted, parameter: str, *, asynchronous: bool = False) -> tuple[str, str]:
    """How a function NAME of a migration begins there, and what stands above the first."""
    esm = _ESM.search(wanted.text) is not None
    word = "async " if asynchronous else ""
    checked = "" if edit.is_untyped(wanted.path) else "// @ts-nocheck\n"
    if esm:
        return f"export {word}function NAME({parameter}) {{", checked
    return f"exports.NAME = {word}({parameter}) => {{", checked


def _end(wanted: Wanted) -> str:
    return "}" if _ESM.search(wanted.text) is not None else "};"


def _given(table: str) -> str:
    schema, _, name = table.rpartition(".")
    return f"{{ schema: '{schema}', name: '{name}' }}" if schema else f"'{name}'"


def _is_listed(wanted: Wanted, former: str) -> bool:
    """Whether the program lists the classes of its migrations, so that one more would not run."""
    name = former.split()[-1]
    root = wanted.ground.root
    folders = wanted.ground.system.source or (".",)
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if not edit.is_script(path.name) or "node_modules" in path.parts:
                continue
            own = path.relative_to(root).as_posix() == wanted.path
            if not own and name in path.read_text(encoding="utf-8", errors="replace"):
                return True
    return False
