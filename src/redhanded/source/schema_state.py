"""The unique constraints of a database while its migrations run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redhanded.case.codemap import UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.schema_sql import Change


@dataclass(slots=True, kw_only=True)
class Schema:
    """What stands after the changes so far, by table and then by constraint name."""

    constraints: dict[str, UniqueConstraint] = field(default_factory=dict)

    def add(self, constraint: UniqueConstraint) -> None:
        """Adds or replaces; a name stands once in a database's schema."""
        self.constraints[constraint.name or str(constraint.location)] = constraint

    def apply(self, change: Change, location: Location) -> None:
        """One statement of SQL."""
        if change.kind == "unique":
            columns = change.columns
            name = change.name or f"{change.table}_{'_'.join(columns)}_key"
            self.add(
                UniqueConstraint(table=change.table, columns=columns, name=name, location=location)
            )
        elif change.kind == "drop name":
            self.constraints.pop(change.name or "", None)
        elif change.kind == "drop table":
            self.drop_table(change.table)
        elif change.kind == "drop column":
            self.drop_column(change.table, change.columns[0])

    def drop_table(self, table: str) -> None:
        """With everything on it."""
        self._keep(lambda one: one.table != table)

    def drop_column(self, table: str, column: str) -> None:
        """With every constraint that includes it."""
        self._keep(lambda one: one.table != table or column not in one.columns)

    def rename_table(self, table: str, to: str) -> None:
        """Constraints keep their names, as in PostgreSQL."""
        for key, one in self.constraints.items():
            if one.table == table:
                self.constraints[key] = replace(one, table=to)

    def rename_column(self, table: str, column: str, to: str) -> None:
        """Constraints keep their names, as in PostgreSQL."""
        for key, one in self.constraints.items():
            if one.table == table:
                columns = tuple(to if name == column else name for name in one.columns)
                self.constraints[key] = replace(one, columns=columns)

    def _keep(self, wanted: Callable[[UniqueConstraint], bool]) -> None:
        self.constraints = {k: one for k, one in self.constraints.items() if wanted(one)}
