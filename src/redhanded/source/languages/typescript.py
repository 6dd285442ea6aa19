"""TypeScript, with and without JSX."""

from __future__ import annotations

import tree_sitter
import tree_sitter_typescript

from redhanded.source.languages.javascript import OUTLINE, EcmaScript

_GRAMMAR = tree_sitter.Language(tree_sitter_typescript.language_typescript())
_GRAMMAR_JSX = tree_sitter.Language(tree_sitter_typescript.language_tsx())

LANGUAGE = EcmaScript(
    name="typescript",
    grammars={".ts": _GRAMMAR, ".cts": _GRAMMAR, ".mts": _GRAMMAR, ".tsx": _GRAMMAR_JSX},
    pattern=OUTLINE
    + """
(abstract_class_declaration) @class
(enum_declaration) @enum
""",
)
