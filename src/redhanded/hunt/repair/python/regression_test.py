"""The regression test of a Python project: for pytest, or for whatever runs ``unittest``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from redhanded.case.errors import InputError
from redhanded.case.system import Delivery, Service
from redhanded.hunt.repair import tested
from redhanded.hunt.repair.event_identity import UNIQUE
from redhanded.hunt.repair.python.home import TestHome, test_command, test_home
from redhanded.hunt.repair.remedy import Ground

_TEMPLATES = Path(__file__).parent.parent / "templates"
_URL = r"\{url\}|(?:postgres(?:ql)?|postgresql\+\w+)://.*"
_REDIS_URL = r"(?:\{url\}|rediss?://[^?]*?)(?:/\d+)?"
_WIDTH = 96


def regression_test(ground: Ground) -> tuple[str, str]:
    """Path relative to the root, and content; InputError where something is not known."""
    delivery, table = tested.subject(ground)
    home = test_home(ground.root, ground.system)
    path = _path(home, table)
    return path, _render(ground, home, delivery, table, path)


def command_for(ground: Ground) -> str:
    """A shell command, run in the root, that runs the new test alone."""
    home = test_home(ground.root, ground.system)
    return test_command(home, _path(home, ground.table or ""))


def literal(value: Any, indent: int = 0, taken: int = 0) -> str:
    """``value`` as Python source, broken as common formatters do; ``taken`` columns stand before.

    Texts, numbers, booleans, None, dictionaries, lists and tuples.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list | tuple):
        return repr(value)
    short = _in_a_line(value)
    if indent + taken + len(short) <= _WIDTH:
        return short
    pad = " " * (indent + 4)
    if isinstance(value, dict):
        entries = [
            f"{pad}{(key := literal(each))}: {literal(inner, indent + 4, len(key) + 3)},\n"
            for each, inner in value.items()
        ]
        return "{\n" + "".join(entries) + " " * indent + "}"
    entries = [f"{pad}{literal(each, indent + 4, 1)},\n" for each in value]
    return "[\n" + "".join(entries) + " " * indent + "]"


def _in_a_line(value: Any) -> str:
    if isinstance(value, dict):
        entries = [f"{literal(key)}: {_in_a_line(each)}" for key, each in value.items()]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_in_a_line(each) for each in value) + "]"
    return literal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counting:
    sql: str
    value: str


def _render(ground: Ground, home: TestHome, delivery: Delivery, table: str, path: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    redis = tested.service(ground, "redis")
    at_once = tested.together(ground, delivery)
    before = [tested.step(each) for each in tested.earlier(ground, delivery)]
    sent = {each.name: tested.step(each) for each in at_once}
    alone = len(sent) == 1
    holds = tested.holds_commits(ground)
    counting = _counting(ground, table) if alone and not holds else None
    stubs = [{"routes": each.routes, "env": each.env} for each in ground.system.stubs]
    function = f"test_{_word(tested.title(ground, alone=alone))}"
    return environment.get_template("test_concurrent_delivery.py.j2").render(
        unittest=home.runner != "pytest",
        class_name="ConcurrentDelivery",
        function=function,
        driver=home.driver,
        deliveries=len(at_once),
        hold_commits=holds,
        lock_rows=tested.locked_rows(ground),
        table=table,
        quoted_table=_quoted(table),
        depth=len(Path(path).parts) - 1,
        symptom=literal(ground.system.symptom.log or ground.symptom.text or None),
        invariants=literal(tested.queries(ground, alone=alone), taken=len("INVARIANTS = ")),
        processes=literal(
            [tested.process(each) for each in ground.system.processes],
            taken=len("PROCESSES = "),
        ),
        stubs=literal(stubs, taken=len("STUBS = ")) if stubs else "",
        before=literal(before, taken=len("BEFORE = ")),
        together=literal(
            list(sent.values()) if alone else [tested.step(each) for each in at_once],
            taken=len("TOGETHER = "),
        ),
        alone=alone,
        sign=any("sign" in each for each in (*before, *sent.values())),
        connect=_connect(ground, home),
        redis=redis is not None,
        redis_variables=literal(tested.variables(redis, _REDIS_URL) if redis else []),
        redis_address=_redis_address(redis) if redis else "",
        count_sql=counting.sql if counting else "",
        count_value=counting.value if counting else "",
    )


def _quoted(table: str) -> str:
    return f"'{tested.quoted(table)}'"


def _counting(ground: Ground, table: str) -> _Counting | None:
    found = tested.counted(ground, table)
    if found is None:
        return None
    column, text = found
    if column == "*":
        query = "SELECT count(*) FROM {table} AS r WHERE position(%s in r::text) > 0"
        return _Counting(sql=f'f"{query.format(table="{TABLE}")}"', value="unique")
    value = text.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("}", "}}")
    value = value.replace("{{unique}}", "{unique}")
    value = "unique" if text == UNIQUE else f'f"{value}"'
    return _Counting(
        sql=f"""f'SELECT count(*) FROM {{TABLE}} WHERE "{column}"::text = %s'""", value=value
    )


def _connect(ground: Ground, home: TestHome) -> str:
    """A Python expression: how the driver connects, from the variables of the system."""
    service = tested.service(ground, "postgres")
    if service is None:
        raise InputError("a regression test cannot be written: there is no PostgreSQL service")
    whole = tested.variable(service, _URL)
    if whole is not None:
        return f'{home.driver}.connect(plain(env["{whole}"]))'
    database = "database" if home.driver == "asyncpg" else "dbname"
    names = {
        "host": "host",
        "port": "port",
        "user": "user",
        "password": "password",
        database: "db",
    }
    found = {key: tested.variable(service, rf"\{{{word}\}}") for key, word in names.items()}
    listed = ", ".join(f'{key}=env["{name}"]' for key, name in found.items() if name)
    return f"{home.driver}.connect({listed})"


def _redis_address(service: Service) -> str:
    """A Python expression: an address of the parts, where no variable holds a whole one."""
    host, port = (tested.variable(service, rf"\{{{word}\}}") for word in ("host", "port"))
    if not port:
        return ""
    named = f'{{env["{host}"]}}' if host else "127.0.0.1"
    return f"""f'redis://{named}:{{env["{port}"]}}'"""


def _path(home: TestHome, table: str) -> str:
    name = home.pattern.replace("*", f"{_word(table)}_concurrent_delivery")
    return f"{home.folder}/{name}" if home.folder not in ("", ".") else name


def _word(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower()
