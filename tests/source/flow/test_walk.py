"""What happens from an entry on: order, conditions, transactions, locks, loops, promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shelf import paths_of, told

from redhanded.source.flow.values import Computed, Either, Known, Result, Value

LENDING = {
    "CommonJS": {
        "lend.js": """
            const shelf = require('shelf');
            const { decide } = require('./deciding');
            shelf.on('POST /loans', async (req, res) => {
              const found = await shelf.table('loans').find(req.body.book);
              if (found) return found;
              await decide(req.body.book);
              return shelf.table('loans').create(req.body.book);
            });
            """,
        "deciding.js": """
            const shelf = require('shelf');
            exports.decide = async function decide(book) {
              const row = await shelf.table('books').find(book);
              if (!row.free) throw new Error('taken');
            };
            """,
    },
    "ESM": {
        "lend.mjs": """
            import { on, table } from 'shelf';
            import decide from './rules/index.mjs';
            on('POST /loans', async ({ body }) => {
              const found = await table('loans').find(body.book);
              if (found) {
                return found;
              }
              await decide(body.book);
              return await table('loans').create(body.book);
            });
            """,
        "rules/index.mjs": "export { decide as default } from './deciding.mjs';\n",
        "rules/deciding.mjs": """
            import * as shelf from 'shelf';
            export const decide = async (book) => {
              const row = await shelf.table('books').find(book);
              if (!row.free) {
                throw new Error('taken');
              }
            };
            """,
    },
    "TypeScript": {
        "lend.ts": """
            import shelf = require('shelf');
            import { Deciding } from './deciding';
            const deciding = new Deciding();
            shelf.on('POST /loans', async (req: Request): Promise<unknown> => {
              const found = await shelf.table('loans').find(req.body.book);
              if (found !== null && found !== undefined) return found as unknown;
              await deciding.decide(req.body.book);
              return shelf.table('loans').create(req.body.book);
            });
            """,
        "deciding.ts": """
            import shelf from 'shelf';
            export class Deciding {
              async decide(book: string): Promise<void> {
                const row = await shelf.table('books').find(book);
                if (!row.free) throw new Error('taken');
              }
            }
            """,
    },
    "Python": {
        "lend.py": """
            from shelf import route, table
            from rules import decide

            @route("POST /loans")
            def lend(book):
                found = table("loans").find(book)
                if found is not None:
                    return found
                decide(book)
                return table("loans").create(book)
            """,
        "rules/__init__.py": "from .deciding import decide\n",
        "rules/deciding.py": """
            import shelf

            def decide(book):
                row = shelf.table("books").find(book)
                if not row.free:
                    raise ValueError("taken")
            """,
    },
}


@pytest.mark.parametrize("spelling", list(LENDING))
def test_a_check_before_an_act_guards_it_across_files(tmp_path: Path, spelling: str) -> None:
    path = paths_of(tmp_path, LENDING[spelling])["POST /loans"]
    assert [one.split(" @")[0] for one in told(path)] == [
        "read loans",
        "read books",
        "insert loans",
    ]
    create = path.events[-1]
    assert [sources_of(one.test) for one in create.guards] == [{0}, {1}]
    assert path.limits == ()


@pytest.mark.parametrize("spelling", list(LENDING))
def test_the_stack_leads_from_the_entry(tmp_path: Path, spelling: str) -> None:
    path = paths_of(tmp_path, LENDING[spelling])["POST /loans"]
    inner = path.events[1]
    assert [one.path.split(".")[0] for one in inner.stack] == ["lend"]
    assert "deciding" in inner.location.path


TRANSACTIONS = {
    "handle, JavaScript": {
        "a.js": """
            const { on, begin, table, send } = require('shelf');
            on('x', async (req) => {
              const t = await begin();
              try {
                const row = await table('books').lockRow(1, t);
                await table('log').create(1);
                await table('books').update({ left: row.left - 1 }, t);
                await t.commit();
              } catch (error) {
                await t.rollback();
                throw error;
              }
              await send('done');
            });
            """
    },
    "handle, Python": {
        "a.py": """
            from shelf import route, begin, table, send

            @route("x")
            async def x(key):
                t = await begin()
                try:
                    row = await table("books").lock_row(1, tx=t)
                    await table("log").create(1)
                    await table("books").update({"left": row.left - 1}, tx=t)
                    await t.commit()
                except Exception:
                    await t.rollback()
                    raise
                await send("done")
            """
    },
}


@pytest.mark.parametrize("spelling", list(TRANSACTIONS))
def test_a_transaction_holds_what_is_given_its_handle(tmp_path: Path, spelling: str) -> None:
    path = paths_of(tmp_path, TRANSACTIONS[spelling])["x"]
    assert [re.sub(r" @\d+", "", one) for one in told(path)] == [
        "begin",
        "read books in 0",
        "insert log locks 1",
        "update books in 0 locks 1",
        "commit in 0 locks 1",
        "rollback in 0 locks 1",
        "send",
    ]
    assert path.events[2].transaction is None
    assert [one.number for one in path.events[2].around] == [0]
    assert path.events[3].catchers[0].outcome == "raises"
    raised = path.events[5].guards[-1].test
    assert isinstance(raised, Computed) and raised.operator == "raised"
    assert path.events[6].around == ()


def test_a_callback_is_in_the_transaction(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.js": """
                const shelf = require('shelf');
                shelf.on('x', async () => {
                  const made = await shelf.transaction(async (t) => {
                    const one = await shelf.table('a').create(1, t);
                    await shelf.table('b').create(2);
                    return one;
                  });
                  await shelf.put('mails', made.id);
                });
                """
        },
    )["x"]
    assert told(path) == [
        "begin @3",
        "insert a @4 in 0",
        "insert b @5",
        "enqueue mails @8",
    ]
    assert [len(one.around) for one in path.events] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    "text",
    [
        """
        from shelf import route, table, atomic

        @route("x")
        def x(key):
            with atomic():
                table("a").create(1)
            table("b").create(2)
        """,
        """
        from shelf import route, table, atomic

        @atomic
        def inner(key):
            table("a").create(1)

        @route("x")
        def x(key):
            inner(key)
            table("b").create(2)
        """,
        """
        from contextlib import contextmanager
        from shelf import route, table, atomic

        @contextmanager
        def unit():
            with atomic():
                yield

        @route("x")
        def x(key):
            with unit():
                table("a").create(1)
            table("b").create(2)
        """,
    ],
    ids=["with", "decorator", "contextmanager"],
)
def test_a_transaction_of_a_block_ends_with_it(tmp_path: Path, text: str) -> None:
    path = paths_of(tmp_path, {"a.py": text})["x"]
    inside = {event.effect.subject: event.transaction for event in path.events if event.effect}
    assert inside["a"] is not None and inside["a"].handle is None
    assert inside["b"] is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.js",
            """
            const shelf = require('shelf');
            shelf.on('x', async () => {
              await shelf.acquire('stock');
              try { await shelf.table('a').find(1); } finally { await shelf.release('stock'); }
              await shelf.table('b').find(1);
              await shelf.withLock('stock', async () => { await shelf.table('c').find(1); });
              await shelf.table('d').find(1);
            });
            """,
        ),
        (
            "a.py",
            """
            import shelf

            @shelf.route("x")
            def x(key):
                shelf.acquire("stock")
                try:
                    shelf.table("a").find(1)
                finally:
                    shelf.release("stock")
                shelf.table("b").find(1)
                shelf.withLock("stock", lambda: shelf.table("c").find(1))
                shelf.table("d").find(1)
            """,
        ),
    ],
    ids=["JavaScript", "Python"],
)
def test_locks_are_held_from_acquire_to_release(tmp_path: Path, name: str, text: str) -> None:
    path = paths_of(tmp_path, {name: text})["x"]
    held = {event.effect.subject: event.locks for event in path.events if event.effect}
    assert held == {"stock": (), "a": (0,), "b": (), "c": (4,), "d": ()}


def test_promises_that_nobody_waits_for(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.js": """
                const shelf = require('shelf');
                async function mail(to) { await shelf.send(to); }
                shelf.on('x', async (req) => {
                  await shelf.send('a');
                  shelf.send('b');
                  mail('c');
                  void shelf.send('d');
                  mail('e').catch(() => {});
                  const kept = shelf.send('f');
                  await kept;
                  req.items.forEach(async (one) => { await shelf.send(one); });
                  await Promise.all(req.items.map((one) => shelf.send(one)));
                  await Promise.all([shelf.send('g'), mail('h')]);
                  setTimeout(() => shelf.send('i'), 100);
                  return mail('j');
                });
                """
        },
    )["x"]
    assert [one.split(" ", 2)[2] if one.count(" ") > 1 else "" for one in told(path)] == [
        "",
        "dropped",
        "dropped",
        "detached",
        "detached",
        "",
        "loop dropped",
        "loop together 7.0",
        "together 8.0",
        "together 8.1",
        "detached",
        "",
    ]
    assert [one.dropped_at.line for one in path.events if one.dropped_at] == [5, 6, 11]


def test_coroutines_that_run_together(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.py": """
                import asyncio
                from shelf import route, send

                async def mail(to):
                    await send(to)

                @route("x")
                async def x(items):
                    await asyncio.gather(mail("a"), mail("b"))
                    await asyncio.gather(*[mail(one) for one in items])
                    asyncio.create_task(mail("c"))
                    mail("d")
                """
        },
    )["x"]
    assert [one.split(" ", 2)[2] for one in told(path)] == [
        "together 0.0",
        "together 0.1",
        "loop together 2.0",
        "detached",
        "dropped",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.js",
            """
            const shelf = require('shelf');
            shelf.on('x', async (req) => {
              for (let attempt = 0; attempt < 3; attempt++) {
                try {
                  return await shelf.table('a').create(1);
                } catch (error) {
                  if (error.code !== '23505') throw error;
                }
              }
              for (const one of req.items) {
                try { await shelf.table('b').create(one); } catch (error) { console.log(error); }
              }
            });
            """,
        ),
        (
            "a.py",
            """
            from shelf import route, table

            @route("x")
            def x(items):
                for attempt in range(3):
                    try:
                        table("a").create(1)
                        break
                    except Exception as error:
                        if error.code != "23505":
                            raise
                for one in items:
                    try:
                        table("b").create(one)
                    except Exception as error:
                        print(error)
            """,
        ),
    ],
    ids=["JavaScript", "Python"],
)
def test_loops_that_try_again(tmp_path: Path, name: str, text: str) -> None:
    path = paths_of(tmp_path, {name: text})["x"]
    first, second = (event for event in path.events if event.effect)
    assert first.retried and first.in_loop
    assert second.in_loop and not second.retried
    assert [one.outcome for one in first.catchers] == ["raises", "tries again"]
    assert any("23505" in str(one) for one in first.catchers[0].tests)
    assert [one.outcome for one in second.catchers] == ["goes on"]


def test_jobs_lead_to_those_who_take_them(tmp_path: Path) -> None:
    paths = paths_of(
        tmp_path,
        {
            "web.js": """
                const { mails } = require('./names');
                const shelf = require('shelf');
                shelf.on('x', async () => { await shelf.put(mails, 'hello'); });
                """,
            "names.js": "exports.mails = 'mails';\n",
            "worker.js": """
                const shelf = require('shelf');
                const names = require('./names');
                shelf.take(names.mails, (job) => shelf.send(job.data.to));
                shelf.take('others', (job) => shelf.send(job.data.to));
                """,
        },
    )
    (handover,) = paths["x"].jobs
    assert list(paths)[handover.entry] == "mails"


def test_what_a_process_keeps_is_seen(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.js": """
                const shelf = require('shelf');
                const seen = new Map();
                const LIMITS = { small: 1 };
                let count = 0;
                class Desk {
                  constructor() { this.open = true; }
                  take(one) { this.last = one; return this.open; }
                }
                const desk = new Desk();
                shelf.on('x', async (req) => {
                  if (!seen.has(req.id)) {
                    await shelf.table('a').create(LIMITS.small);
                    seen.set(req.id, true);
                  }
                  count += 1;
                  desk.take(req.id);
                });
                """
        },
    )["x"]
    assert [one.split(" @")[0] for one in told(path)] == [
        "get a.js:seen",
        "insert a",
        "set a.js:seen",
        "get a.js:count",
        "increment a.js:count",
        "set a.js:Desk.last",
    ]
    assert sources_of(path.events[1].guards[0].test) == {0}


def test_a_caught_error_is_told_apart(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.ts": """
                import { on, table } from 'shelf';
                on('x', async (req, res, next) => {
                  try {
                    await table('a').create(req.id);
                  } catch (error) {
                    if (error instanceof Refused && error.code === '23505') {
                      return await table('a').find(req.id);
                    }
                    throw error;
                  }
                });
                class Refused extends Error {}
                """
        },
    )["x"]
    create, find = path.events
    assert [one.outcome for one in create.catchers] == ["returns", "raises"]
    assert find.guards[0].test == Computed("raised", (Known("*"), Result(0)))


def test_uncalled_functions_are_looked_at(tmp_path: Path) -> None:
    paths = paths_of(
        tmp_path,
        {
            "a.ts": """
                import { table } from 'shelf';
                export class Stock {
                  async take(id: string) { return this.write(id); }
                  private async write(id: string) { return table('stock').update(id); }
                }
                export function nothing() { return 1 + 1; }
                """
        },
    )
    assert [(one.entry.kind, name) for name, one in paths.items()] == [("function", "Stock.take")]


def test_calls_that_are_not_known_are_said(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.py": """
                from shelf import route, table

                @route("x")
                def x(key):
                    key.gateway.charge(1)
                    table("a").create(1)
                """
        },
    )["x"]
    unknown, _ = path.events
    assert (unknown.callee, unknown.is_resolved, unknown.effect) == (
        "key.gateway.charge",
        False,
        None,
    )


def test_what_calls_itself_ends(tmp_path: Path) -> None:
    path = paths_of(
        tmp_path,
        {
            "a.js": """
                const { on, table } = require('shelf');
                async function down(n) { await table('a').find(n); return down(n - 1); }
                on('x', () => down(10));
                """
        },
    )["x"]
    assert len(path.events) == 2
    assert any("calls itself" in one and "a.js:2" in one for one in path.limits)


def sources_of(value: Value) -> set[int]:
    """Numbers of the events that a condition looks at."""
    if isinstance(value, Result):
        return {value.event}
    inside = value.operands if isinstance(value, Computed) else ()
    inside = value.values if isinstance(value, Either) else inside
    return {number for one in inside for number in sources_of(one)}
