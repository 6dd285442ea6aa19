"""The source knows no example by name, leaves nothing undone, and waits by looking."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
EXAMPLE = ROOT / "examples" / "orders"
READ = {".py", ".cjs", ".j2", ".css", ".json"}

PROVIDER = "stripe"
PROVIDER_ALLOWED = {
    "case/system.py": "names of the signature schemes",
    "contract/guess/outside.py": "how each scheme shows in a project",
    "contract/model.py": "names of the signature schemes",
    "contract/names.py": "names of the signature schemes",
    "hunt/repair/job_id.py": "how long known senders repeat an event",
    "hunt/repair/templates/concurrent_delivery.test.js.j2": "how each scheme signs",
    "hunt/repair/templates/concurrent_delivery_steps.js.j2": "how each scheme signs",
    "hunt/repair/templates/test_concurrent_delivery.py.j2": "how each scheme signs",
    "hunt/repair/tested.py": "the header of each signature scheme",
    "hunt/suspect/webhook_redelivery.py": "a reference to what senders promise",
    "lab/outside.py": "how each scheme signs",
    "source/flow/frameworks/outside.py": "which package checks whose signature",
    "source/flow/frameworks/python_senders.py": "which package checks whose signature",
}
"""A table of known webhook senders is fine; a special case is not."""

POLLING = "hunt/repair/templates/"
"""What the regression tests of others hold: they look from outside, again and again."""

DECLARED = (
    re.compile(r"\b(?:function|class)\s+(\w+)"),
    re.compile(r"^(?:async )?(?:const|let)\s+(\w+)\s*=", re.MULTILINE),
    re.compile(r"(?:createTable|dropTable|addColumn|removeColumn|addIndex|define)\(\s*'([\w-]+)'"),
    re.compile(r"\baddColumn\(\s*'\w+',\s*'(\w+)'"),
    re.compile(r"^\s{2,}(\w+): \{\s*(?:type|allowNull|field)\b", re.MULTILINE),
    re.compile(r"\b(?:name|field):\s*'([\w-]+)'"),
    re.compile(r"\b(?:new Queue|\.add|\.process)\(\s*'([\w-]+)'"),
)
"""How the example gives names to functions, classes, tables, columns, constraints, queues, jobs."""
TOO_USUAL = {
    "addNote",
    "createApp",
    "created_at",
    "error-handler",
    "errorHandler",
    "findByEmail",
    "id-generator",
    "keyOf",
    "logFields",
    "notFound",
    "onShutdown",
    "oneOf",
    "pinoHttp",
    "request-logger",
    "requestLogger",
    "stripe-signature",
    "updated_at",
}
"""Names by which no program can be recognised, and a sender's header (see ``PROVIDER_ALLOWED``)."""
MORE_NAMES = {"payment_intent", "paymentIntent", "whsec", "warehouse", "customers", "payments"}
QUOTED = re.compile(r"""['"`]orders['"`]|\borders\.\w|\b(?:INTO|FROM|TABLE) orders\b""")
"""The main table; an interleaving is an order too, so only as a name."""


def test_the_source_holds_no_name_that_the_example_declares() -> None:
    names = example_names()
    wanted = {"external_reference", "uq_orders_external_reference", "process-payment", "OrderNote"}
    assert wanted <= names, "the patterns no longer find what the example declares"
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])")
    assert found_in_source(pattern) == []
    assert found_in_source(QUOTED) == []


def test_only_the_tables_of_webhook_senders_name_the_sender() -> None:
    found = {place.split(":")[0] for place in found_in_source(re.compile(PROVIDER, re.IGNORECASE))}
    assert found - PROVIDER_ALLOWED.keys() == set()


def test_nothing_is_left_undone() -> None:
    undone = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    assert found_in_source(re.compile(rf"\b(?:{undone})\b")) == []


def test_nothing_sleeps_where_it_could_look() -> None:
    found = found_in_source(re.compile(r"\btime\.sleep\(|\bfrom time import .*\bsleep\b"))
    assert [each for each in found if not each.startswith(POLLING)] == []


def found_in_source(pattern: re.Pattern[str]) -> list[str]:
    """``path:line: line`` for every line of the package in which ``pattern`` is found."""
    package = SOURCE / "redhanded"
    return [
        f"{path.relative_to(package).as_posix()}:{number}: {line.strip()}"
        for path in sorted(package.rglob("*"))
        if path.suffix in READ and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def example_names() -> set[str]:
    """Names of at least two words that the example gives, and its files' names."""
    found = set(MORE_NAMES)
    for folder in ("src", "migrations"):
        for path in sorted((EXAMPLE / folder).rglob("*.js")):
            text = path.read_text(encoding="utf-8")
            given = {name for pattern in DECLARED for name in pattern.findall(text)}
            found |= {name for name in {*given, path.stem} if is_of_two_words(name)}
    return found - TOO_USUAL


def is_of_two_words(name: str) -> bool:
    return bool(re.search(r"[a-z0-9][_-][a-z0-9]|[a-z0-9][A-Z]", name))
