"""JavaScript: CommonJS and ES modules, with JSX."""

from __future__ import annotations

from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_javascript
from tree_sitter import Node, Parser, Query, QueryCursor, Tree

OUTLINE = """
[(function_declaration) (function_expression) (arrow_function) (method_definition)
 (generator_function) (generator_function_declaration)] @function
[(class_declaration) (class)] @class
[(statement_block) (for_statement) (for_in_statement) (catch_clause) (switch_body)] @scope
[(call_expression) (new_expression)] @call
(variable_declarator) @declarator
(import_statement) @import
(export_statement) @export
(assignment_expression) @assign
(return_statement) @return
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcmaScript:
    """A member of the ECMAScript family: one grammar for each file name ending."""

    name: str
    grammars: dict[str, tree_sitter.Language]
    """By file name ending, with the dot."""
    pattern: str
    queries: dict[str, Query] = field(default_factory=dict)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return tuple(self.grammars)

    def parse(self, source: bytes, suffix: str) -> Tree:
        return Parser(self.grammars[suffix]).parse(source)

    def outline(self, tree: Tree, suffix: str) -> dict[str, list[Node]]:
        if suffix not in self.queries:
            self.queries[suffix] = Query(self.grammars[suffix], self.pattern)
        return QueryCursor(self.queries[suffix]).captures(tree.root_node)


_GRAMMAR = tree_sitter.Language(tree_sitter_javascript.language())

LANGUAGE = EcmaScript(
    name="javascript",
    grammars=dict.fromkeys((".js", ".cjs", ".mjs", ".jsx"), _GRAMMAR),
    pattern=OUTLINE,
)
