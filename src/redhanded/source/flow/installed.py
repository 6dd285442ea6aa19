"""Packages that are installed beside a program: below ``node_modules``, or in ``site-packages``.

Their files are named from the folder that holds all packages on,
``node_modules/bull/lib/queue.js``, wherever that folder is and whatever links lead to it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Literal

from redhanded.source.files import TEST_FOLDERS
from redhanded.source.flow.manifests import read_json
from redhanded.source.flow.resolving import resolution
from redhanded.source.flow.scanning import look

NODE, PYTHON = "node_modules", "site-packages"
FILES_MAX = 400
BYTES_MAX = 4_000_000
NOT_READ = TEST_FOLDERS | {NODE, "examples", "example", "docs", "benchmark", "benchmarks", "bench"}
ENDINGS = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts")
CONDITIONS = ("require", "node", "default", "import", "module")
ENVIRONMENTS = (".venv", "venv", "env", ".env")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A package."""

    name: str
    """As it is imported."""
    version: str
    root: Path
    """What its paths are relative to: the folder above ``node_modules`` or ``site-packages``."""
    folder: str
    """From the root; of a single module its path."""
    language: Literal["javascript", "python"]
    needs: tuple[str, ...] = ()
    """Packages that it declares to use, at run time or beside it."""
    fields: dict[str, object] = field(default_factory=dict)
    """Of its package.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The files of a package that its users can reach."""

    paths: tuple[str, ...]
    mark: str
    """Hash of what is in them."""
    too_much: bool = False
    """There are more than are read."""


def places(root: Path, named: Path | None = None) -> tuple[Path, ...]:
    """Folders that hold packages: of the program, and the one that somebody names.

    ``named`` may be such a folder, or one that has it: a project, a virtual environment.
    """
    found: list[Path] = []
    for start in (root, named) if named is not None else (root,):
        found += _in(start)
    if named is not None and not any(one.is_relative_to(named.resolve()) for one in found):
        found.append(named.resolve())
    return tuple(dict.fromkeys(found))


def _in(start: Path) -> Iterator[Path]:
    if start.name in (NODE, PYTHON) and start.is_dir():
        yield start.resolve()
        return
    node = next((one / NODE for one in (start, *start.parents) if (one / NODE).is_dir()), None)
    if node is not None:
        yield node.resolve()
    for one in (start, *(start / name for name in ENVIRONMENTS)):
        if (one / "pyvenv.cfg").is_file():
            yield from sorted(each.resolve() for each in one.glob(f"lib/*/{PYTHON}"))
            yield from (one / "Lib" / each for each in (PYTHON,) if (one / "Lib" / each).is_dir())


def installed(name: str, folders: Iterable[Path]) -> Installed | None:
    """The package of a name, as it is imported; None where there is none."""
    for one in folders:
        found = _of_python(name, one) if one.name == PYTHON else _of_node(name, one)
        if found is not None:
            return found
    return None


def _of_node(name: str, folder: Path) -> Installed | None:
    if not re.fullmatch(r"(?:@[\w.~-]+/)?[\w.~-]+", name) or name.startswith("."):
        return None
    fields = read_json(folder / name / "package.json")
    if not fields:
        return None
    needs: dict[str, None] = {}
    for kind in ("dependencies", "peerDependencies", "optionalDependencies", "devDependencies"):
        listed = fields.get(kind)
        needs.update(dict.fromkeys(listed if isinstance(listed, dict) else ()))
    return Installed(
        name=name,
        version=str(fields.get("version") or ""),
        root=folder.parent,
        folder=f"{folder.name}/{name}",
        language="javascript",
        needs=tuple(needs),
        fields=fields,
    )


def _of_python(name: str, folder: Path) -> Installed | None:
    place = folder / name
    if not name.isidentifier() or not (place.is_dir() or place.with_suffix(".py").is_file()):
        return None
    version = ""
    needs: tuple[str, ...] = ()
    for one in metadata.distributions(path=[str(folder)]):
        if name in _imported(one):
            version = one.version
            needs = tuple(re.split(r"[^\w.-]", each)[0].lower() for each in one.requires or ())
            break
    inside = f"{folder.name}/{name}"
    return Installed(
        name=name,
        version=version,
        root=folder.parent,
        folder=inside if place.is_dir() else f"{inside}.py",
        language="python",
        needs=needs,
    )


def _imported(one: metadata.Distribution) -> set[str]:
    """The names under which a distribution is imported."""
    listed = (one.read_text("top_level.txt") or "").split()
    if listed:
        return set(listed)
    said = str(one.metadata["Name"] or "")
    found = {said.lower().replace("-", "_")}
    found |= {str(each).partition("/")[0].removesuffix(".py") for each in one.files or ()}
    return found


def source(one: Installed) -> Source:
    """Its files: of Python all but tests, of JavaScript those that its entries lead to."""
    candidates = sorted(_files(one))
    texts = _texts(one.root, candidates)
    paths = candidates if one.language == "python" else _reached(one, texts)
    digest = hashlib.blake2b(f"{one.name} {one.version}".encode(), digest_size=16)
    kept: list[str] = []
    size = 0
    for path in paths:
        text = texts.get(path)
        if text is None:
            continue
        size += len(text)
        if len(kept) >= FILES_MAX or size > BYTES_MAX:
            return Source(paths=tuple(kept), mark="", too_much=True)
        kept.append(path)
        digest.update(path.encode() + b"\0" + text)
    return Source(paths=tuple(kept), mark=digest.hexdigest())


def _files(one: Installed) -> Iterator[str]:
    start = one.root / one.folder
    endings = (".py",) if one.language == "python" else ENDINGS
    if start.is_file():
        yield one.folder
        return
    for folder, inner, names in os.walk(start):
        inner[:] = sorted(each for each in inner if each not in NOT_READ and each[:1] != ".")
        for name in names:
            if name.endswith(endings) and not name.endswith((".d.ts", ".d.mts", ".min.js")):
                yield (Path(folder) / name).relative_to(one.root).as_posix()


def _texts(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size = 0
    for path in paths:
        try:
            found[path] = (root / path).read_bytes()
        except OSError:
            continue
        size += len(found[path])
        if size > 8 * BYTES_MAX:
            break
    return found


def _reached(one: Installed, texts: dict[str, bytes]) -> list[str]:
    """What the entries of a package load, one after the other; all where they load nothing."""
    manifest = posixpath.join(one.folder, "package.json")
    resolved = resolution(one.root, texts, [manifest])
    waiting = _entries(one, texts)
    found = dict.fromkeys(waiting)
    while waiting:
        path = waiting.pop()
        seen = look(path, texts[path])
        leads = [resolved.resolve(each, path) for each in seen.imports]
        for folder in seen.folders:
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), folder.lstrip("/")))
            leads += [each for each in texts if each.startswith(f"{inside}/")]
        for each in leads:
            if each is not None and each in texts and each not in found:
                found[each] = None
                waiting.append(each)
    return sorted(found) if found else sorted(texts)


def _entries(one: Installed, texts: dict[str, bytes]) -> list[str]:
    said: list[str] = []
    main = one.fields.get("main")
    said += [main] if isinstance(main, str) else []
    _targets(one.fields.get("exports"), said)
    _targets(one.fields.get("bin"), said)
    found: dict[str, None] = {}
    for each in said or ["index.js"]:
        path = posixpath.normpath(posixpath.join(one.folder, each))
        choices = (path, *(path + end for end in ENDINGS))
        choices += tuple(f"{path}/index{end}" for end in ENDINGS)
        place = next((choice for choice in choices if choice in texts), None)
        if place is not None:
            found[place] = None
    if not found and f"{one.folder}/index.js" in texts:
        found[f"{one.folder}/index.js"] = None
    return list(found)


def _targets(value: object, found: list[str]) -> None:
    """The files in ``exports`` or ``bin``, of several conditions the first that Node asks for."""
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        conditions = [each for each in CONDITIONS if each in value]
        for each in conditions[:1] or list(value):
            _targets(value[each], found)
