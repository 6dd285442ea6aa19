"""What makes the tables of a program, and how it is told of an index more."""

from __future__ import annotations

from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.unique import programs, scripts, sql
from redhanded.hunt.repair.unique.wanted import Drafted, Wanted, Way

WAYS: tuple[Way, ...] = (
    sql.prisma,
    sql.drizzle,
    sql.numbered,
    scripts.sequelize,
    scripts.node_pg_migrate,
    scripts.typeorm,
    scripts.kysely,
    scripts.knex,
    programs.alembic,
    programs.django,
    sql.again,
    programs.created,
)


def drafted(ground: Ground, table: str, columns: tuple[str, ...]) -> Drafted | None:
    """The files that make a unique index, in the first way that knows the file in which the table
    is made; None where no way does."""
    made = [each for each in ground.code.constraints if each.table == table and each.location]
    by_migration = [each for each in made if each.source == "migration"]
    for path in dict.fromkeys(each.location.path for each in by_migration or made if each.location):
        if not (ground.root / path).is_file():
            continue
        wanted = Wanted(
            ground=ground, table=table, columns=columns, path=path, text=ground.text(path)
        )
        for way in WAYS:
            found = way(wanted)
            if found is not None:
                return found
    return None
