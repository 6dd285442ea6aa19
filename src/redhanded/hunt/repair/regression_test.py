"""A test in the target's own runner that delivers one event several times at once.

It is deterministic where a load test is lucky: a lock on the table that failed lets every process
look and none write, until all who want to write stand in line (see the template).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from redhanded.case.errors import InputError
from redhanded.case.system import Delivery
from redhanded.hunt.repair import tested
from redhanded.hunt.repair.event_identity import UNIQUE
from redhanded.hunt.repair.package import TestHome, test_command, test_home
from redhanded.hunt.repair.python import regression_test as python
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit

_SKIPPED = frozenset({"node_modules", ".git", ".redhanded", "dist", "build", "coverage"})
_MOST_FIXTURES = 500


def regression_test(ground: Ground) -> tuple[str, str]:
    """Path relative to the root, and content.

    Raises InputError where there is no delivery to send or no table to watch.
    """
    if _is_python(ground):
        return python.regression_test(ground)
    delivery, table = tested.subject(ground)
    home = test_home(ground.root)
    path = _path(ground.root, home, table)
    return path, _render(ground, home, delivery, table, path)


def command_for(ground: Ground) -> str:
    """A shell command, run in the root, that runs the new test alone."""
    if _is_python(ground):
        return python.command_for(ground)
    home = test_home(ground.root)
    delivery, table = tested.subject(ground)
    title = tested.title(ground, alone=_Sent.of(ground, delivery).alone)
    return test_command(ground.root, _path(ground.root, home, table), title)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What the test sends, and whether that is told step by step."""

    before: tuple[Delivery, ...]
    together: tuple[Delivery, ...]
    holds_commits: bool

    @classmethod
    def of(cls, ground: Ground, delivery: Delivery) -> _Sent:
        """Where a constraint is violated one request is enough, sent several times."""
        at_once = (delivery,) * tested.DELIVERIES
        if ground.constraint is None:
            at_once = tested.together(ground, delivery)
        return cls(
            holds_commits=tested.holds_commits(ground),
            before=tested.earlier(ground, delivery),
            together=at_once,
        )

    @property
    def alone(self) -> bool:
        """One request is sent, several times."""
        return len({each.name for each in self.together}) == 1

    @property
    def steps(self) -> bool:
        """Not only one request, and nothing before it."""
        return bool(self.before) or not self.alone or self.holds_commits


def _is_python(ground: Ground) -> bool:
    """Whether the program in which the cause lies is Python."""
    place = ground.place("create") or next(iter(ground.cause.locations), None)
    return place is not None and edit.is_python(place.path)


def _render(ground: Ground, home: TestHome, delivery: Delivery, table: str, path: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    environment.filters["tojson"] = _literal
    sent = _Sent.of(ground, delivery)
    counts = sent.alone and not sent.holds_commits
    column, value = _counted(ground, table) if counts else ("", "")
    quoted = tested.quoted(table)
    fixture = None if sent.steps else _fixture(ground.root, delivery)
    return environment.get_template("concurrent_delivery.test.js.j2").render(
        runner=home.runner,
        esm=home.esm,
        typescript=home.suffix.endswith("ts"),
        title=tested.title(ground, alone=sent.alone),
        steps=sent.steps,
        hold_commits=sent.holds_commits,
        lock_rows=tested.locked_rows(ground),
        before=_pretty([tested.step(each) for each in sent.before]),
        together=_pretty([tested.step(each) for each in sent.together]),
        deliveries=tested.DELIVERIES,
        table=table,
        quoted_table=quoted,
        path=path,
        up="/".join([".."] * (len(Path(path).parts) - 1)) or ".",
        symptom=ground.system.symptom.log or ground.symptom.text,
        invariants=_pretty(tested.queries(ground, alone=sent.alone)),
        processes=_pretty([tested.process(each) for each in ground.system.processes]),
        stubs=_pretty([{"routes": each.routes, "env": each.env} for each in ground.system.stubs]),
        request=_pretty(tested.request(delivery)),
        fixture=fixture,
        body="" if fixture or sent.steps else _body(delivery),
        sign=tested.sign(delivery),
        signed=any(each.sign for each in (*sent.before, *sent.together)),
        database=_database(ground),
        redis=_redis(ground),
        good_status=f"status === {delivery.expect}" if delivery.expect else "status < 500",
        count_sql=f"SELECT count(*)::int AS n FROM {quoted} {column}" if column else "",
        count_value=value,
    )


def _path(root: Path, home: TestHome, table: str) -> str:
    name = f"{table.replace('.', '-').replace('_', '-')}-concurrent-delivery{home.suffix}"
    if not re.search(r"test|spec", home.suffix) and home.runner == "node":
        name = f"{Path(name).stem}.test{home.suffix}"
    return f"{home.folder}/{name}" if home.folder not in ("", ".") else name


def _body(delivery: Delivery) -> str:
    if delivery.raw_body is not None:
        return _literal(delivery.raw_body)
    return f"JSON.stringify({_pretty(delivery.body)})"


def _fixture(root: Path, delivery: Delivery) -> str | None:
    """The file that holds the body, where one does word for word."""
    if delivery.body is None:
        return None
    for path in _json_files(root):
        try:
            text = path.read_text(encoding="utf-8")
            if UNIQUE in text and json.loads(text) == delivery.body:
                return path.relative_to(root).as_posix()
        except (OSError, ValueError):
            continue
    return None


def _json_files(root: Path) -> Iterator[Path]:
    folders, count = [root], 0
    while folders and count < _MOST_FIXTURES:
        for each in sorted(folders.pop().iterdir()):
            if each.is_dir() and not each.is_symlink() and each.name not in _SKIPPED:
                folders.append(each)
            elif each.suffix == ".json" and each.stat().st_size < 1_000_000:
                count += 1
                yield each


def _database(ground: Ground) -> str:
    """A JavaScript expression: how the ``pg`` module connects, from the variables of the system."""
    service = tested.service(ground, "postgres")
    if service is None:
        raise InputError("a regression test cannot be written: there is no PostgreSQL service")
    whole = tested.variable(service, r"\{url\}|postgres(?:ql)?://.*")
    if whole is not None:
        return f"{{ connectionString: process.env.{whole} }}"
    names = {
        "host": "host",
        "port": "port",
        "user": "user",
        "password": "password",
        "database": "db",
    }
    found = {key: tested.variable(service, rf"\{{{word}\}}") for key, word in names.items()}
    listed = ", ".join(f"{key}: process.env.{name}" for key, name in found.items() if name)
    return f"{{ {listed} }}"


def _redis(ground: Ground) -> str:
    """A JavaScript expression: where Redis is, and the variable that a URL can be given in."""
    service = tested.service(ground, "redis")
    if service is None:
        return "null"
    whole = tested.variable(service, r"\{url\}|rediss?://.*")
    if whole is not None:
        return f"process.env.{whole} && {{ url: process.env.{whole}, variable: '{whole}' }}"
    found = {word: tested.variable(service, rf"\{{{word}\}}") for word in ("host", "port")}
    listed = ", ".join(f"{key}: process.env.{name}" for key, name in found.items() if name)
    return f"{{ {listed} }}"


def _counted(ground: Ground, table: str) -> tuple[str, str]:
    """``WHERE`` clause and JavaScript value that pick the event's rows; empty where unknown."""
    found = tested.counted(ground, table)
    if found is None:
        return "", ""
    column, text = found
    if column == "*":
        return "AS r WHERE position($1 in r::text) > 0", "unique"
    text = text.replace("`", "").replace(UNIQUE, "${unique}")
    return f'WHERE "{column}"::text = $1', f"`{text}`"


def _literal(value: Any) -> str:
    if isinstance(value, str) and "'" not in value and "\\" not in value and "\n" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    """A JavaScript literal, two spaces deep, keys unquoted where they may be."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(r'^(\s*)"([A-Za-z_$][\w$]*)":', r"\1\2:", text, flags=re.M)
