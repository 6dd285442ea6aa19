"""A tree of sources as modules: found, looked at, and those that matter lowered.

What did not change since the last time is neither read nor lowered again (``kept.py``).
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache as cached
from functools import partial
from importlib import metadata
from pathlib import Path, PurePosixPath

import msgspec

from redhanded.source.flow import mattering, sharing
from redhanded.source.flow.finding import FILES_MAX, Found, find
from redhanded.source.flow.kept import Kept, Lowered, Seen, Tree, as_written
from redhanded.source.flow.languages import LANGUAGES, language_of
from redhanded.source.flow.modules import Modules, packed
from redhanded.source.flow.resolving import Resolution, resolution
from redhanded.source.flow.scanning import Look, look
from redhanded.source.plain import plain_bytes

GRAMMARS = ("tree-sitter", "tree-sitter-javascript", "tree-sitter-typescript", "msgspec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What was read of a tree."""

    root: Path
    modules: Modules
    """By path from the root; unpacked when asked for."""
    limits: tuple[str, ...]
    """What was not read, and why."""
    resolution: Resolution
    paths: frozenset[str] = frozenset()
    """All source files that were found, read or not."""
    stands_for: Mapping[str, str] = field(default_factory=dict)
    """Generated files that were not read, and the package that they are a copy of."""
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Known packages, and the files that import them."""
    noted: tuple[str, ...] = ()
    """Modules in which a comment may speak to redhanded."""
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """All that is imported by a name of its own, and the files that do."""
    read_again: int = 0
    """Files that had to be lowered, because they are new or changed."""
    hashes: Mapping[str, bytes] = field(default_factory=dict)
    """Of what each module was lowered from."""
    leads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The files that each one imports."""
    manifests: tuple[str, ...] = ()
    layout: bytes = b""
    """Hash of all paths and of what says how modules are resolved."""

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The file that an import names; None for a library, and for what is not there."""
        return self.resolution.resolve(specifier, importer)


def read(
    root: Path,
    folders: Collection[str],
    packages: Collection[str],
    cache: Path | None = None,
    *,
    everything: bool = False,
    processes: int | None = None,
    files_max: int = FILES_MAX,
) -> Files:
    """Reads the source under ``folders`` of ``root``.

    ``packages``: the libraries that are known; a file that has nothing to do with any is left out,
    unless ``everything`` is asked for. ``cache``: a folder of the caller's.
    """
    suffixes = [suffix for one in LANGUAGES for suffix in one.suffixes]
    found = find(root, folders, suffixes, files_max=files_max)
    kept = Kept(cache)
    try:
        words = mattering.words_of(packages)
        name = _name(root, words)
        before = kept.tree(name)
        seen = _looked_at(root, found, before.seen, words, processes)
        unwritten = {path: one.look.why_not for path, one in seen.items() if one.look.why_not}
        for path, why in unwritten.items():
            found.leave(why, path)
        resolved = resolution(root, found.stamps, found.manifests)
        looks = {path: one.look for path, one in seen.items() if path not in unwritten}
        layout, ordered = _layout(root, found), list(found.stamps)
        leads = _leads(looks, seen, ordered, resolved, layout == before.layout)
        wanted: Collection[str] = looks
        if not everything:
            wanted = mattering.mattering(looks, leads, ordered, packages)
        lowered, new = _lowered(root, {one: seen[one] for one in wanted}, found, kept, processes)
        if new or seen != before.seen or layout != before.layout:
            kept.keep(name, Tree(layout, seen), new)
        limits = _limits(found, len(looks), len(wanted), lowered, kept)
        return Files(
            root=root,
            modules=Modules(lowered),
            limits=limits,
            resolution=resolved,
            paths=frozenset(found.stamps),
            stands_for={
                path: one.look.stands_for for path, one in seen.items() if one.look.stands_for
            }
            | resolved.stands_for,
            uses=mattering.uses(looks, packages),
            noted=tuple(path for path in lowered if seen[path].look.is_noted),
            imports=mattering.imported(looks),
            read_again=len(new),
            hashes={path: one.hash for path, one in lowered.items()},
            leads={path: leads[path].paths(ordered) for path in lowered},
            manifests=tuple(found.manifests),
            layout=layout,
        )
    finally:
        kept.close()


@cached
def version() -> bytes:
    """Of everything that a kept file depends on beside its own bytes: our code, the grammars, and
    the interpreter (whose parser reads Python)."""
    digest = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    files = [*(here / "languages").rglob("*.py")]
    files += [here / f"{one}.py" for one in ("form", "module", "scanning", "python_modules")]
    for path in sorted(files):
        digest.update(path.read_bytes())
    for one in GRAMMARS:
        digest.update(metadata.version(one).encode())
    digest.update(sys.version.encode())
    return digest.digest()


def _name(root: Path, words: Collection[str]) -> str:
    """Under which looks at this tree are kept: they depend on the words that were looked for."""
    digest = hashlib.blake2b(version(), digest_size=8)
    for one in words:
        digest.update(one.encode() + b"\n")
    return f"{digest.hexdigest()} {root.resolve()}"


def _layout(root: Path, found: Found) -> bytes:
    """Hash of all that the files behind imports depend on, but the imports."""
    digest = hashlib.blake2b(version(), digest_size=16)
    digest.update("\0".join(found.stamps).encode())
    for path in found.manifests:
        try:
            status = (root / path).stat()
        except OSError:
            continue
        digest.update(f"\0{path} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.digest()


def _leads(
    looks: Mapping[str, Look],
    seen: dict[str, Seen],
    ordered: list[str],
    resolved: Resolution,
    is_same: bool,
) -> dict[str, mattering.Edges]:
    """Where each file leads; what was found before is good while the layout ``is_same``."""
    found = {}
    for path, one in looks.items():
        known = seen[path].edges if is_same else None
        if known is None:
            known = mattering.edges(path, one, ordered, resolved.resolve)
            seen[path] = msgspec.structs.replace(seen[path], edges=known)
        found[path] = known
    return found


def _looked_at(
    root: Path,
    found: Found,
    before: Mapping[str, Seen],
    words: Collection[str],
    processes: int | None,
) -> dict[str, Seen]:
    """All files with what their bytes tell; those that did not change are not opened."""
    seen: dict[str, Seen] = {}
    unknown = []
    for path, stamp in found.stamps.items():
        known = before.get(path)
        if known is not None and known.is_as(stamp):
            seen[path] = known
        else:
            unknown.append(path)
    pattern = re.compile(rf"\b(?:{'|'.join(words)})\b".encode(), re.I) if words else None
    work = partial(_look, root, pattern, before)
    for path, result in sharing.shared(unknown, work, processes=processes):
        if not result:
            found.leave("could not be read" if result is None else "vanished while reading", path)
            del found.stamps[path]
            continue
        hash, one = _LOOKED.decode(result)
        seen[path] = Seen(as_written(found.stamps[path]), hash, one)
    return {path: seen[path] for path in found.stamps}


def _look(
    root: Path, words: re.Pattern[bytes] | None, before: Mapping[str, Seen], path: str
) -> bytes:
    source = plain_bytes(root / path)
    if source is None:
        return b""
    hash = _hash(path, source)
    known = before.get(path)
    one = known.look if known is not None and known.hash == hash else look(path, source, words)
    return _ENCODER.encode((hash, one))


def _lowered(
    root: Path,
    wanted: Mapping[str, Seen],
    found: Found,
    kept: Kept,
    processes: int | None,
) -> tuple[dict[str, Lowered], list[Lowered]]:
    """The files that matter, lowered, and those of them that were not kept."""
    known = kept.forms(one.hash for one in wanted.values())
    lowered: dict[str, Lowered] = {}
    new: dict[bytes, Lowered] = {}
    unknown = []
    for path, seen in wanted.items():
        if seen.hash in known:
            lowered[path] = known[seen.hash]
        else:
            unknown.append(path)
    for path, result in sharing.shared(unknown, partial(_lower, root), processes=processes):
        if not result:
            found.leave("could not be read" if result is None else "vanished while reading", path)
            continue
        one = _FORM.decode(result)
        lowered[path] = new[one.hash] = one
    return dict(sorted(lowered.items())), list(new.values())


def _lower(root: Path, path: str) -> bytes:
    source = plain_bytes(root / path)
    language = language_of(PurePosixPath(path).suffix)
    if source is None or language is None:
        return b""
    return _ENCODER.encode(packed(_hash(path, source), language.lower(path, source)))


def _hash(path: str, source: bytes) -> bytes:
    """Of what a lowered file depends on: its bytes, its grammar, and our own version."""
    digest = hashlib.blake2b(version(), digest_size=16)
    digest.update(PurePosixPath(path).suffix.encode() + b"\0")
    digest.update(source)
    return digest.digest()


def _limits(
    found: Found, looked_at: int, wanted: int, lowered: Mapping[str, Lowered], kept: Kept
) -> tuple[str, ...]:
    limits = []
    for why, paths in found.left_out.items():
        what = "1 file was" if len(paths) == 1 else f"{len(paths):,} files were"
        limits.append(f"{what} not read: {why} (first: {paths[0]})")
    if wanted < looked_at:
        limits.append(
            f"{looked_at - wanted} of {looked_at} files neither use a known library nor meet one"
            " that does; they were not read further"
        )
    damaged = [(path, one.damaged_at) for path, one in lowered.items() if one.damaged_at]
    if damaged:
        what = "1 file" if len(damaged) == 1 else f"{len(damaged):,} files"
        first = f"{damaged[0][0]}:{damaged[0][1]}"
        limits.append(f"{what} could be parsed in part only (first: {first})")
    if kept.problem:
        limits.append(f"what was read before could not be used: {kept.problem}")
    return tuple(limits)


_ENCODER = msgspec.msgpack.Encoder()
_LOOKED = msgspec.msgpack.Decoder(tuple[bytes, Look])
_FORM = msgspec.msgpack.Decoder(Lowered)
