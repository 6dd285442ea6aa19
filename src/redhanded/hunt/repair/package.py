"""What the target's package.json says: test runner, module style, versions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Runner = Literal["mocha", "jest", "vitest", "node"]

_TEST_NAME = re.compile(r"[.-](?:test|spec)\.[cm]?[jt]sx?$")
_SKIPPED = frozenset({"node_modules", ".git", ".redhanded", "dist", "build", "coverage"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TestHome:
    """Where and how the target keeps its tests."""

    runner: Runner
    folder: str
    """Relative to the root."""
    suffix: str
    """``.test.js``, ``.spec.mjs`` …"""
    esm: bool


def package(root: Path) -> dict[str, Any]:
    """package.json, or an empty dictionary."""
    try:
        found = json.loads((root / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def dependencies(root: Path) -> dict[str, str]:
    """Name to version range, of all kinds."""
    found: dict[str, str] = {}
    for key in ("peerDependencies", "devDependencies", "dependencies"):
        found.update(package(root).get(key) or {})
    return found


def major_version(root: Path, name: str) -> int | None:
    """The major version that is installed, or asked for; None where neither says."""
    try:
        installed = json.loads((root / "node_modules" / name / "package.json").read_text())
        wanted = str(installed["version"])
    except (OSError, ValueError, KeyError):
        wanted = str(dependencies(root).get(name, ""))
    digits = re.search(r"\d+", wanted)
    return int(digits[0]) if digits else None


def test_home(root: Path) -> TestHome:
    """From the scripts, the dependencies and the tests that are there."""
    existing = sorted(_tests(root))
    folder, suffix = _folder(existing), _suffix(existing)
    return TestHome(
        runner=_runner(root, existing),
        folder=folder,
        suffix=suffix,
        esm=_esm(root, existing, suffix),
    )


def test_command(root: Path, path: str, title: str) -> str:
    """A shell command, run in the root, that runs the test at ``path`` alone.

    Mocha merges a path with the files of its configuration, so there the title selects.
    """
    home = test_home(root)
    script = str((package(root).get("scripts") or {}).get("test", ""))
    if home.runner == "mocha":
        plain = re.fullmatch(r"(?:npx )?mocha(?: [\w./=@-]+)*", script)
        flags = script.removeprefix("npx ") if plain else "mocha"
        return f"npx {flags} --fgrep '{title}'"
    if home.runner == "jest":
        return f"npx jest --runTestsByPath {path}"
    if home.runner == "vitest":
        return f"npx vitest run {path}"
    return _by_node(root, path, script)


def _by_node(root: Path, path: str, script: str) -> str:
    """Node's own runner; TypeScript as the script has it: with a loader, or compiled."""
    if not path.endswith(("ts", "tsx")):
        return f"node --test {path}"
    known = {*re.findall(r"[\w-]+", script), *dependencies(root)}
    if "tsx" in known:
        return f"npx tsx --test {path}"
    if "ts-node" in known:
        return f"node --require ts-node/register --test {path}"
    compiled = re.search(r"\bnode\b[^&|;]*--test\s+['\"]?([\w./-]+)", script)
    if compiled is None:
        return f"node --test {path}"
    made = re.sub(r"\.([cm]?)tsx?$", r".\1js", Path(path).name)
    before = script[: compiled.start()]
    if not before and "pretest" in (package(root).get("scripts") or {}):
        before = "npm run --silent pretest && "
    folder = compiled[1] if Path(compiled[1]).suffix == "" else str(Path(compiled[1]).parent)
    return f"{before}node --test {folder.rstrip('/')}/{made}"


def _tests(root: Path) -> list[Path]:
    found: list[Path] = []
    folders = [root]
    while folders:
        folder = folders.pop()
        for each in folder.iterdir():
            if each.is_dir() and not each.is_symlink() and each.name not in _SKIPPED:
                folders.append(each)
            elif _is_test(each.relative_to(root)):
                found.append(each)
    return [each.relative_to(root) for each in found]


def _is_test(path: Path) -> bool:
    if _TEST_NAME.search(path.name):
        return True
    inside = {"test", "tests", "__tests__"} & set(path.parts[:-1])
    return (
        bool(inside)
        and path.suffix in {".js", ".cjs", ".mjs", ".ts"}
        and not ({"support", "helpers", "fixtures", "mocks", "__mocks__"} & set(path.parts))
    )


def _folder(existing: list[Path]) -> str:
    """The folder of the tests that go through services, or the one with most tests."""
    if not existing:
        return "test"
    words = ("integration", "e2e", "system", "functional", "acceptance")
    through = [each for each in existing if any(word in str(each).lower() for word in words)]
    counted: dict[str, int] = {}
    for each in through or existing:
        folder = each.parent.as_posix()
        counted[folder] = counted.get(folder, 0) + 1
    return max(sorted(counted), key=lambda folder: counted[folder])


def _suffix(existing: list[Path]) -> str:
    counted: dict[str, int] = {}
    for each in existing:
        match = _TEST_NAME.search(each.name)
        suffix = match[0] if match else each.suffix
        counted[suffix] = counted.get(suffix, 0) + 1
    return max(sorted(counted), key=lambda suffix: counted[suffix]) if counted else ".test.js"


def _runner(root: Path, existing: list[Path]) -> Runner:
    scripts = " ".join(str(each) for each in (package(root).get("scripts") or {}).values())
    named = dependencies(root)
    runners: tuple[Runner, ...] = ("mocha", "jest", "vitest")
    for runner in runners:
        if re.search(rf"\b{runner}\b", scripts):
            return runner
    if re.search(r"node\b[^&|]*--test\b", scripts):
        return "node"
    return next((runner for runner in runners if runner in named), "node")


def _esm(root: Path, existing: list[Path], suffix: str) -> bool:
    if suffix.endswith((".cjs", ".cts")):
        return False
    if suffix.endswith((".mjs", ".mts")):
        return True
    same = [each for each in existing if each.name.endswith(suffix)]
    for each in same[:5]:
        text = (root / each).read_text(encoding="utf-8", errors="replace")
        if re.search(r"^import\s", text, re.M):
            return True
        if "require(" in text:
            return False
    return package(root).get("type") == "module" or suffix.endswith((".ts", ".tsx"))
