"""Other services with the same fault: examples/orders under other names, laid out otherwise.

    python tests/promises/variants.py renamed|bullmq DESTINATION [--safe]

`build` reads the example and a vocabulary (``variants/<kind>/vocabulary.toml``), writes its own
files over the example's (``variants/<kind>/files``, in the example's words), renames everything,
formats it anew, shifts lines, and turns the recorded logs into those that this service would have
written: names, columns and lines of stack frames included.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from variant_files import LOCK_FILE, Derived, derive
from variant_logs import translate_log
from variant_words import Vocabulary, read_vocabulary

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "orders"
VARIANTS = Path(__file__).resolve().parent / "variants"
MODULES = Path.home() / ".cache" / "redhanded" / "variants"
LEFT_BEHIND = {"logs", "scripts", "fix.patch", "README.md", "node_modules", ".redhanded", ".git"}
SYMPTOM = "duplicate key value violates unique constraint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A derived service, and what a hunt on it must find."""

    root: Path
    """A git repository with the service."""
    logs: Path
    """The folder with its log files."""
    symptom: str
    expected: dict[str, tuple[str, int]]
    """Path and line of ``enqueue``, ``call``, ``create``, ``constraint`` and ``look-up``."""
    table: str
    constraint: str
    queue: str


def build(kind: str, destination: Path, *, safe: bool, modules: bool = True) -> Variant:
    """Derives ``kind`` (``renamed`` or ``bullmq``) in the empty or missing folder ``destination``.

    ``safe`` applies the example's fix first. Without ``modules`` the service has no node_modules.
    """
    vocabulary = read_vocabulary(VARIANTS / kind / "vocabulary.toml")
    root, logs = destination / vocabulary.name, destination / "logs"
    files = _derived(vocabulary, kind, safe=safe)
    for derived in files.values():
        _write(root / derived.path, derived.text)
    (root / ".gitignore").write_text("node_modules\n.env\n.redhanded/\n*.log\n")
    # The logs are older than the fix, like those of the example.
    logged = _derived(vocabulary, kind, safe=False) if safe else files
    for path in sorted((EXAMPLE / "logs").glob("*.log")):
        text = "".join(translate_log(vocabulary, logged, path.read_text()))
        _write(logs / f"{_renamed_log(vocabulary, path.stem)}.log", text)
    _commit(root, vocabulary)
    if modules:
        (root / "node_modules").symlink_to(installed(root))
    return Variant(
        root=root,
        logs=logs,
        symptom=SYMPTOM,
        expected=_expected(vocabulary, files, safe=safe),
        table=vocabulary.text("orders"),
        constraint=vocabulary.text("uq_orders_external_reference"),
        queue=_queue(files),
    )


def _derived(vocabulary: Vocabulary, kind: str, *, safe: bool) -> dict[str, Derived]:
    """The files of the variant by their path in the example."""
    with tempfile.TemporaryDirectory(prefix="variant-") as folder:
        original = Path(folder) / "orders"
        _copy_example(original, safe=safe)
        _write_over(original, VARIANTS / kind / "files")
        return {
            path: derive(vocabulary, path, (original / path).read_text())
            for path in _paths(original)
        }


def _renamed_log(vocabulary: Vocabulary, stem: str) -> str:
    process, dash, number = stem.partition("-")
    return f"{vocabulary.settings['logs']['files'][process]}{dash}{number}"


# What a hunt must find.


def _expected(
    vocabulary: Vocabulary, files: Mapping[str, Derived], *, safe: bool
) -> dict[str, tuple[str, int]]:
    handler, processor = "src/webhooks/stripe-handler.js", "src/jobs/payment-processor.js"
    migration = "migrations/20240122140000-add-external-reference-to-orders.js"
    statements = {
        "enqueue": (handler, "paymentQueue.add("),
        "call": (processor, "orderService.createFromPayment("),
        "create": (
            "src/services/order-service.js",
            "Order.findOrCreate(" if safe else "Order.create(",
        ),
        "constraint": (migration, "addConstraint("),
        "look-up": (handler, "Order.findOne("),
    }
    expected = {}
    for role, (path, statement) in statements.items():
        wanted = vocabulary.text(statement)
        lines = files[path].text.splitlines()
        [line] = [number for number, text in enumerate(lines, start=1) if wanted in text]
        expected[role] = (files[path].path, line)
    return expected


def _queue(files: Mapping[str, Derived]) -> str:
    made = re.search(r"new Queue\(['\"]([^'\"]+)", files["src/queues/payment-queue.js"].text)
    assert made is not None, "the queue's name is not where it was"
    return made.group(1)


# On disk.


def _copy_example(target: Path, *, safe: bool) -> None:
    shutil.copytree(EXAMPLE, target, ignore=lambda _, names: LEFT_BEHIND.intersection(names))
    if safe:
        # Without the ceiling, git would take the patch as one of a repository further up.
        ceiling = os.environ | {"GIT_CEILING_DIRECTORIES": str(target.parent)}
        subprocess.run(["git", "apply", EXAMPLE / "fix.patch"], cwd=target, env=ceiling, check=True)


def _write_over(target: Path, own: Path) -> None:
    for path in _paths(own):
        _write(target / path, (own / path).read_text())


def _paths(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _commit(root: Path, vocabulary: Vocabulary) -> None:
    """Three commits: the frame of the service, the path of a payment, tests and settings."""
    settings = vocabulary.settings
    name, _, email = settings["author"].removesuffix(">").partition(" <")
    late = {"jobs", "queues", "webhooks"}
    source = vocabulary.path("src")
    path_of_payment = [
        f"{source}/{settings['segments'].get(one) or vocabulary.text(one)}" for one in sorted(late)
    ]
    frame = [
        *(str(path.relative_to(root)) for path in sorted((root / source).iterdir())),
        vocabulary.path("migrations"),
        "package.json",
        LOCK_FILE,
        ".gitignore",
    ]
    first = [path for path in frame if path not in path_of_payment]
    parts = (first, path_of_payment, ["."])
    _git(root, {}, "init", "--quiet", "--initial-branch=main")
    for day, (subject, paths) in enumerate(zip(settings["subjects"], parts, strict=True), start=4):
        date = f"2024-03-{day:02d}T09:30:00+01:00"
        who = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", name), ("EMAIL", email), ("DATE", date))
        }
        _git(root, {}, "add", "--", *paths)
        _git(root, who, "commit", "--quiet", "--message", subject)


def _git(root: Path, environment: Mapping[str, str], *arguments: str) -> None:
    own = {**environment, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=root, env=os.environ | own, check=True)


def installed(root: Path) -> Path:
    """A node_modules for the package of ``root``, installed once and kept in the user's cache."""
    wanted = [root / "package.json", root / LOCK_FILE]
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in wanted)).hexdigest()[:16]
    home = MODULES / key
    if not (home / "node_modules").is_dir():
        MODULES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=MODULES, prefix=".new-") as folder:
            fresh = Path(folder) / key
            fresh.mkdir()
            for path in wanted:
                shutil.copy(path, fresh)
            npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(npm, cwd=fresh, check=True, stdout=sys.stderr)
            if not home.exists():
                fresh.rename(home)
    return home / "node_modules"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("renamed", "bullmq"))
    parser.add_argument("destination", type=Path)
    parser.add_argument("--safe", action="store_true")
    options = parser.parse_args()
    variant = build(options.kind, options.destination.resolve(), safe=options.safe)
    sys.stdout.write(f"{variant}\n")


if __name__ == "__main__":
    main()
