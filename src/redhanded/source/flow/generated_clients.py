"""Clients that a tool generates into the tree, where they stand for the tool's own package.

Prisma writes its client where ``generator … { output = "…" }`` of a schema says, from the schema's
folder on; since version 7 it has to be said. What is generated is mostly not checked in, so that an
import of it leads nowhere. Reference: prisma.io/docs, Generators, ``output``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from pathlib import Path

SUFFIX = ".prisma"
PACKAGE = "@prisma/client"
_GENERATOR = re.compile(r"^[ \t]*generator\s+\w+\s*\{([^{}]*)\}", re.MULTILINE)
_FIELD = r"^[ \t]*{name}[ \t]*=[ \t]*\"([^\"\n]*)\""
_PROVIDER = re.compile(_FIELD.format(name="provider"), re.MULTILINE)
_OUTPUT = re.compile(_FIELD.format(name="output"), re.MULTILINE)
_CLIENTS = frozenset(("prisma-client", "prisma-client-js"))
MODULES = "node_modules/"


def generated_clients(root: Path, manifests: Collection[str]) -> dict[str, str]:
    """Where clients are generated to, and the package that each stands for.

    A place is a path from the root, or below ``node_modules/`` the name that is imported.
    """
    found: dict[str, str] = {}
    for path in manifests:
        if not path.endswith(SUFFIX):
            continue
        try:
            text = (root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # gone since it was listed
        for block in _GENERATOR.findall(re.sub(r"//[^\n]*", "", text)):
            provider, output = _PROVIDER.search(block), _OUTPUT.search(block)
            if provider is None or output is None or provider[1] not in _CLIENTS:
                continue
            place = _place(posixpath.dirname(path), output[1])
            if place is not None:
                found[place] = PACKAGE
    return found


def _place(folder: str, output: str) -> str | None:
    _, modules, name = output.rpartition(MODULES)
    if modules:
        return MODULES + posixpath.normpath(name)
    place = posixpath.normpath(posixpath.join(folder, output))
    return None if place.startswith(("..", "/")) or place == "." else place
