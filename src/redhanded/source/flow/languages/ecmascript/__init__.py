"""JavaScript, JSX, TypeScript and TSX, as ES modules and CommonJS."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.source.flow.module import Module

SUFFIXES = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")


@dataclass(frozen=True, slots=True)
class EcmaScript:
    """The family as one language: a file's grammar follows from its ending."""

    name: str = "ecmascript"
    suffixes: tuple[str, ...] = SUFFIXES

    def lower(self, path: str, source: bytes) -> Module:
        """The file in the one form. Never fails: what cannot be parsed is `Module.damaged_at`."""
        # The grammars come with it, and a scan of files that are known needs none.
        from redhanded.source.flow.languages.ecmascript.lowering import lower

        return lower(path, source)


LANGUAGE = EcmaScript()
