"""Values that are known by a type alone: interfaces, objects of handles, what a function makes."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, kinds

TYPES = """
    import type { Pool } from 'pg';
    export interface Deps { db: Pool; name: string }
    export type Handle = Deps & { more: string };
    export interface Seats { add(code: string): Promise<void> }
"""
REPOSITORY = """
    import { Pool } from 'pg';
    import { Seats } from './types';
    export class PgSeats implements Seats {
      constructor(private readonly pool: Pool) {}
      async add(code: string) {
        await this.pool.query('INSERT INTO seats (code) VALUES ($1)', [code]);
      }
    }
"""
SQL = "query('UPDATE seats SET free = 1 WHERE id = $1', [id])"


def followed(tmp_path: File, text: str, name: str) -> list[str]:
    files = {
        "package.json": '{"dependencies": {"pg": "8"}}',
        "src/types.ts": TYPES,
        "src/pg-seats.ts": REPOSITORY,
        "src/work.ts": text,
        "src/main.ts": "import { Pool } from 'pg'; import './work'; new Pool();",
    }
    found = charted(tmp_path, files)
    paths = [one for one in found.paths if one.entry.name == name]
    return [each for one in paths for each in kinds(one) if not each.startswith("get ")]


@pytest.mark.parametrize(
    ("head", "parameter"),
    [
        ("import type { Deps } from './types';", "{ db }: Deps"),
        ("import type { Handle } from './types';", "{ db }: Handle"),
        ("import { Pool } from 'pg';", "{ db }: { db: Pool }"),
        (
            "import { Pool } from 'pg'; const make = () => ({ db: new Pool() });",
            "{ db }: ReturnType<typeof make>",
        ),
        (
            "import * as all from './types'; import { Deps } from './types';",
            "{ db }: Partial<Deps>",
        ),
    ],
    ids=["interface", "both", "inline", "returned", "partial"],
)
def test_a_handle_among_other_things(tmp_path: File, head: str, parameter: str) -> None:
    text = f"{head}\nexport async function take({parameter}, id: number) {{ await db.{SQL}; }}"
    assert followed(tmp_path, text, "take") == ["update seats"]


def test_an_interface_that_one_class_implements(tmp_path: File) -> None:
    text = """
    import type { Seats } from './types';
    export class Work {
      constructor(private readonly seats: Seats) {}
      async add(code: string) { await this.seats.add(code); }
    }
    """
    assert followed(tmp_path, text, "Work.add") == ["insert seats"]


def test_an_interface_that_two_classes_implement_is_none_of_them(tmp_path: File) -> None:
    text = """
    import type { Seats } from './types';
    export class NoSeats implements Seats { async add(code: string) {} }
    export class Work {
      constructor(private readonly seats: Seats) {}
      async add(code: string) { await this.seats.add(code); }
    }
    """
    assert followed(tmp_path, text, "Work.add") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"export const work = (db: Pool) => async (id) => {{ await db.{SQL}; }};", "work"),
        (f"export const work = (db: Pool) => ({{ take: async (id) => db.{SQL} }});", "work.take"),
        (
            "export function work(db: Pool) {"
            f" async function take(id) {{ await db.{SQL}; }} return {{ take }}; }}",
            "work.take",
        ),
    ],
    ids=["one", "object", "named"],
)
def test_functions_that_a_function_makes(tmp_path: File, text: str, name: str) -> None:
    assert followed(tmp_path, f"import {{ Pool }} from 'pg';\n{text}", name) == ["update seats"]


def test_a_field_whose_value_comes_later(tmp_path: File) -> None:
    text = f"""
    import {{ Pool }} from 'pg';
    export class Work {{
      db: Pool;
      constructor(options) {{ this.db = options.db; }}
      async take(id) {{ await this.db.{SQL}; }}
    }}
    """
    assert followed(tmp_path, text, "Work.take") == ["update seats"]
