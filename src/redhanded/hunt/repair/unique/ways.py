"""What makes the tables of a program, and how it is told of an index more."""

from __future__ import annotations

from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.unique import entities, programs, scripts, sql
from redhanded.hunt.repair.unique.wanted import Drafted, Wanted, Way

WAYS: tuple[Way, ...] = (
    sql.prisma,
    sql.pushed,
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
    entities.sequelize,
    entities.typeorm,
)


def drafted(ground: Ground, table: str, columns: tuple[str, ...]) -> Drafted | None:
    """The files that make a unique index, in the first way that knows the file in which the table
    is made; None where no way does."""
    made = [each for each in ground.code.constraints if each.table == table and each.location]
    by_migration = [each for each in made if each.source == "migration"]
    places = [each.location for each in by_migration or made if each.location]
    for place in dict.fromkeys(places):
        if not (ground.root / place.path).is_file():
            continue
        wanted = Wanted(
            ground=ground,
            table=table,
            columns=columns,
            path=place.path,
            line=place.line,
            text=ground.text(place.path),
        )
        for way in WAYS:
            found = way(wanted)
            if found is not None:
                return found
    return None
