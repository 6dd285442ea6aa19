"""Modules that are loaded by a computed name: ``require(path.join(__dirname, file))`` for each file
of a folder, as many programs load their models and routes.

https://nodejs.org/api/fs.html#fsreaddirsyncpath-options, https://nodejs.org/api/path.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from redhanded.source.flow.form import Attribute, Name
from redhanded.source.flow.values import Computed, Known, Library, Record, Unknown, Value
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope
from redhanded.source.flow.walking.site import Site

ENTRIES_MAX = 200
ROOT = "/"
"""Absolute paths of the program begin here, which is its root."""
LISTS = {
    ("fs", ("readdirSync",)),
    ("fs", ("readdir",)),
    ("fs", ("promises", "readdir")),
}


def variable(name: str, scope: Scope) -> Value | None:
    """``__dirname`` and ``__filename``."""
    if name == "__dirname":
        return Known(posixpath.join(ROOT, posixpath.dirname(scope.path)))
    if name in ("__filename", "__file__"):
        return Known(posixpath.join(ROOT, scope.path))
    return None


IMPORT_META = Attribute(Name("import"), "meta")
_URL = "file://"


def meta(name: str, scope: Scope) -> Value | None:
    """``import.meta.dirname`` and the like; https://nodejs.org/api/esm.html#importmeta."""
    if name == "dirname":
        return variable("__dirname", scope)
    if name == "filename":
        return variable("__filename", scope)
    return Known(_URL + posixpath.join(ROOT, scope.path)) if name == "url" else None


def call(run: Run, callee: Library, site: Site) -> Value | None:
    """What ``require``, ``path`` and ``readdir`` give; None: another function."""
    key = (callee.package, callee.names)
    if key in (("global", ("require",)), ("global", ("import",))):
        return required(run, site, "=" if callee.names == ("require",) else "*")
    if key in LISTS:
        arguments, _ = site.given()
        return listed(run, arguments[0]) if arguments else None
    if key == ("url", ("fileURLToPath",)):
        arguments, _ = site.given()
        said = arguments[0].value if arguments and isinstance(arguments[0], Known) else None
        is_url = isinstance(said, str) and said.startswith(_URL)
        return Known(str(said).removeprefix(_URL)) if is_url else None
    if callee.package == "path" and len(callee.steps) == 1:
        return _path(callee.names[0], site)
    return None


def required(run: Run, site: Site, name: str) -> Value:
    """A module that is loaded where it is needed."""
    arguments, _ = site.given()
    specifier = arguments[0] if arguments else Unknown()
    if isinstance(specifier, Computed) and specifier.operator == "text":
        known = [one.value for one in specifier.operands if isinstance(one, Known)]
        if len(known) == len(specifier.operands):
            specifier = Known("".join(map(str, known)))
    if not isinstance(specifier, Known) or not isinstance(specifier.value, str):
        return Unknown(site.callee)
    wanted = specifier.value
    if wanted.startswith(ROOT):
        folder = posixpath.dirname(site.scope.path)
        wanted = posixpath.relpath(wanted, posixpath.join(ROOT, folder))
        wanted = wanted if wanted.startswith(".") else f"./{wanted}"
    return run.program.imported(wanted, name, site.scope.path)


def listed(run: Run, folder: Value) -> Value | None:
    """The files and folders in a folder of the program."""
    if not isinstance(folder, Known) or not isinstance(folder.value, str):
        return None
    if not folder.value.startswith(ROOT):
        return None
    names = run.program.folders.get(folder.value.strip("/"), {})
    if not names or len(names) > ENTRIES_MAX:
        return None
    return Record({str(at): Known(name) for at, name in enumerate(names)})


def _path(name: str, site: Site) -> Value | None:
    arguments, _ = site.given()
    texts = [one.value for one in arguments if isinstance(one, Known)]
    if len(texts) != len(arguments) or not all(isinstance(one, str) for one in texts):
        return Computed(f"call:path.{name}", arguments)
    parts = [str(one) for one in texts]
    if name in ("join", "resolve") and parts:
        joined = posixpath.normpath(posixpath.join(*(one.lstrip("/") for one in parts[1:]), ""))
        return Known(posixpath.normpath(posixpath.join(parts[0], joined)))
    if name == "basename" and parts:
        base = posixpath.basename(parts[0])
        return Known(base.removesuffix(parts[1]) if len(parts) > 1 else base)
    if name == "dirname" and parts:
        return Known(posixpath.dirname(parts[0]))
    if name == "extname" and parts:
        return Known(posixpath.splitext(parts[0])[1])
    return Computed(f"call:path.{name}", arguments)


def text_method(base: Known, name: str, arguments: tuple[Value, ...]) -> Value | None:
    """A method of a text that is known, where what it is given is known, too."""
    text = base.value
    given = [one.value for one in arguments if isinstance(one, Known)]
    if not isinstance(text, str) or len(given) != len(arguments):
        return None
    try:
        return _worked_out(text, name, given)
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


def _worked_out(text: str, name: str, given: Sequence[object]) -> Value | None:
    first = given[0] if given else None
    if name in ("startsWith", "startswith") and isinstance(first, str):
        return Known(text.startswith(first))
    if name in ("endsWith", "endswith") and isinstance(first, str):
        return Known(text.endswith(first))
    if name == "includes" and isinstance(first, str):
        return Known(first in text)
    if name == "indexOf" and isinstance(first, str):
        return Known(text.find(first))
    if name in ("slice", "substring") and isinstance(first, int):
        end = given[1] if len(given) > 1 and isinstance(given[1], int) else None
        return Known(text[first:end])
    if name in ("toLowerCase", "lower"):
        return Known(text.lower())
    if name in ("toUpperCase", "upper"):
        return Known(text.upper())
    if name in ("trim", "strip", "toString") and not given:
        return Known(text.strip() if name != "toString" else text)
    if name == "replace" and len(given) == 2 and all(isinstance(one, str) for one in given):
        return Known(text.replace(str(first), str(given[1]), 1))
    if name == "split" and isinstance(first, str) and first:
        return Record({str(at): Known(part) for at, part in enumerate(text.split(first)[:20])})
    return None
