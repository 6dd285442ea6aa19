"""The schema of models and migrations of SQLAlchemy."""

from __future__ import annotations

from written_schemas import of, said, uniques

NEW = """
    from typing import Annotated, Optional
    from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
    from .names import NAMES

    key = Annotated[int, mapped_column(primary_key=True)]

    class Base(DeclarativeBase):
        pass

    class Stamped:
        made_at: Mapped[str] = mapped_column(server_default=text("now()"))

    class Voucher(Stamped, Base):
        __tablename__ = NAMES["voucher"]
        id: Mapped[key]
        code: Mapped[str] = mapped_column(String(40), unique=True)
        shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
        left: Mapped[Optional[int]] = mapped_column("left_over")
        counter: Mapped[int] = mapped_column()
        lines: Mapped[list["Line"]] = relationship()
        __mapper_args__ = {"version_id_col": counter}
        __table_args__ = (
            UniqueConstraint("shop_id", "left", name="uq_shop"),
            Index("ix_part", "shop_id", unique=True, postgresql_where=text("left_over > 0")),
            Index("ix_low", func.lower(code), unique=True),
            Index("ix_plain", "code"),
            CheckConstraint("left_over >= 0"),
            {"comment": "x"},
        )
"""
OLD = """
    import sqlalchemy as sa
    from sqlalchemy.ext.declarative import declarative_base, declared_attr

    Base = declarative_base()

    class Named:
        @declared_attr
        def __tablename__(cls):
            return cls.__name__.lower() + "s"

    class Voucher(Named, Base):
        id = sa.Column(sa.Integer, primary_key=True)
        code = sa.Column(sa.String(40), unique=True, nullable=False)
        shop_id = sa.Column(sa.Integer, sa.ForeignKey("shops.id"))
        left = sa.Column("left_over", sa.Integer)
        counter = sa.Column(sa.Integer)
        __mapper_args__ = {"version_id_col": counter}

        @declared_attr
        def __table_args__(cls):
            return (sa.UniqueConstraint("shop_id", "left_over", name="uq_shop"),)
"""
FLASK = """
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()

    class Voucher(db.Model):
        __tablename__ = "vouchers"
        id = db.Column(db.Integer, primary_key=True)
        code = db.Column(db.String(40), unique=True, nullable=False)
        shop_id = db.Column(db.ForeignKey("shops.id"))
        left = db.Column("left_over", db.Integer)
        __table_args__ = (db.UniqueConstraint("shop_id", "left_over"),)

    class GiftCard(db.Model):
        number = db.Column(db.String, primary_key=True)

    db.Index("gift", GiftCard.number, unique=True)
"""
MIGRATED = {
    "alembic/versions/bb_second.py": """
        from alembic import op
        import sqlalchemy as sa
        revision = "bb"
        down_revision = "zz"
        def upgrade():
            with op.batch_alter_table("vouchers", schema=None) as batch:
                batch.drop_constraint("uq_shop", type_="unique")
                batch.create_index(batch.f("ix_code"), ["code"], unique=True)
            for name in ("x", "y"):
                op.add_column("vouchers", sa.Column(name, sa.Integer(), server_default="0"))
        def downgrade():
            op.drop_table("vouchers")
    """,
    "alembic/versions/zz_first.py": """
        from alembic import op
        import sqlalchemy as sa
        revision: str = "zz"
        down_revision = None
        def upgrade() -> None:
            op.create_table(
                "vouchers",
                sa.Column("id", sa.Integer(), nullable=False),
                sa.Column("code", sa.String(40), nullable=False),
                sa.Column("shop_id", sa.Integer()),
                sa.Column("left_over", sa.Integer()),
                sa.PrimaryKeyConstraint("id"),
                sa.UniqueConstraint("shop_id", "left_over", name="uq_shop"),
            )
        def downgrade() -> None:
            op.drop_table("vouchers")
    """,
}


def test_declarative_models_with_annotations() -> None:
    found = of({"shop/models.py": NEW, "shop/names.py": "NAMES = {'voucher': 'vouchers'}"})
    assert uniques(found, "vouchers") == {
        "id model pk",
        "code model",
        "shop_id+left_over model",
        "shop_id model if left_over > 0",
        "lower(code) model",
    }
    table = found.tables["vouchers"]
    by_name = {one.name: one for one in table.columns}
    assert set(by_name) == {"made_at", "id", "code", "shop_id", "left_over", "counter"}
    assert by_name["counter"].is_version
    assert not by_name["code"].is_version
    assert by_name["left_over"].attribute == "left"
    assert by_name["left_over"].is_nullable
    assert not by_name["code"].is_nullable
    assert by_name["shop_id"].references == "shops"
    assert table.models == ("Voucher",)
    assert table.checks == ("CHECK (left_over >= 0)",)
    assert not found.has_migrations
    assert found.table("Voucher") is table


def test_declarative_models_of_old() -> None:
    found = of({"models.py": OLD})
    assert uniques(found, "vouchers") == {"id model pk", "code model", "shop_id+left_over model"}
    assert {one.name for one in found.tables["vouchers"].columns if one.is_version} == {"counter"}


def test_flask() -> None:
    found = of({"models.py": FLASK})
    assert uniques(found, "vouchers") == {"id model pk", "code model", "shop_id+left_over model"}
    assert uniques(found, "gift_card") == {"number model pk", "number model"}


def test_sqlmodel() -> None:
    text = """
        from sqlmodel import SQLModel, Field
        class Plain(SQLModel):
            email: str = Field(unique=True)
        class Member(Plain, table=True):
            id: int | None = Field(default=None, primary_key=True)
            team_id: int = Field(foreign_key="team.id")
    """
    found = of({"app/models.py": text})
    assert set(found.tables) == {"member"}
    assert uniques(found, "member") == {"id model pk", "email model"}


def test_core_tables() -> None:
    text = """
        from sqlalchemy import Table, Column, Integer, MetaData, UniqueConstraint
        metadata = MetaData()
        seats = Table("seats", metadata, Column("row", Integer, primary_key=True),
                      Column("place", Integer, primary_key=True), UniqueConstraint("place"))
    """
    assert uniques(of({"tables.py": text}), "seats") == {"row+place model pk", "place model"}


def test_inheritance_in_one_table_and_in_two() -> None:
    text = """
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
        from sqlalchemy import ForeignKey
        class Base(DeclarativeBase): ...
        class Party(Base):
            __tablename__ = "parties"
            id: Mapped[int] = mapped_column(primary_key=True)
        class Person(Party):
            email: Mapped[str] = mapped_column(unique=True)
        class Company(Party):
            __tablename__ = "companies"
            id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
            vat: Mapped[str] = mapped_column(unique=True)
    """
    found = of({"models.py": text})
    assert uniques(found, "parties") == {"id model pk", "email model"}
    assert uniques(found, "companies") == {"id model pk", "vat model"}
    assert found.tables["parties"].models == ("Party", "Person")


def test_what_only_the_model_says_is_not_in_force() -> None:
    files = {"shop/models.py": NEW, "shop/names.py": "NAMES = {'voucher': 'vouchers'}", **MIGRATED}
    found = of(files)
    assert "code model+migration" in uniques(found, "vouchers")
    assert said(found) == {
        "vouchers: shop_id+left_over missing in migration",
        "vouchers: shop_id missing in migration",
        "vouchers: lower(code) missing in migration",
    }
    table = found.tables["vouchers"]
    assert table.unique_on(frozenset({"shop_id", "left_over"})) is None
    assert table.unique_on(frozenset({"code"})) is not None


def test_create_all_makes_what_the_models_say() -> None:
    files = {
        "models.py": OLD,
        "main.py": """
            from models import Base
            async def start(engine):
                async with engine.begin() as connection:
                    await connection.run_sync(Base.metadata.create_all)
        """,
        **MIGRATED,
    }
    found = of(files)
    assert said(found) == set()
    assert found.tables["vouchers"].unique_on(frozenset({"shop_id", "left_over"})) is not None


def test_a_migration_that_computes_its_statements_claims_nothing() -> None:
    more = """
        from alembic import op
        revision = "cc"
        down_revision = ("bb",)
        def upgrade():
            for statement in read_statements():
                op.execute(statement)
    """
    found = of({"models.py": OLD, **MIGRATED, "alembic/versions/cc.py": more})
    assert not found.tables["vouchers"].is_complete
    assert said(found) == set()
    assert any("cc.py:7" in one for one in found.limits)


def test_a_constraint_that_may_be_dropped_is_not_called_missing() -> None:
    more = """
        from alembic import op
        import sqlalchemy as sa
        revision = "cc"
        down_revision = "bb"
        def upgrade():
            if sa.inspect(op.get_bind()).dialect.name == "sqlite":
                op.drop_constraint("ix_code", "vouchers")
    """
    found = of({"models.py": OLD, **MIGRATED, "alembic/versions/cc.py": more})
    assert said(found) == set()


def test_data_that_a_migration_moves_is_no_limit() -> None:
    more = """
        from alembic import op
        import sqlalchemy as sa
        revision = "cc"
        down_revision = "bb"
        def upgrade():
            connection = op.get_bind()
            connection.execute(sa.text(f"UPDATE vouchers SET x = {1 + 1}"))
            op.execute("INSERT INTO vouchers SELECT 1")
            op.execute(sa.text('CREATE UNIQUE INDEX z ON vouchers (x) WHERE y > 0'))
    """
    found = of({"models.py": OLD, **MIGRATED, "alembic/versions/cc.py": more})
    assert found.tables["vouchers"].is_complete
    assert "x migration if y > 0" in uniques(found, "vouchers")


def test_classes_that_only_look_like_models_are_none() -> None:
    text = """
        from dataclasses import dataclass, field as Column
        class Base: ...
        class Thing(Base):
            __tablename__ = "things"
            code = Column(unique=True)
        class Loop(Loop): ...
        class One(Two): ...
        class Two(One): ...
    """
    assert of({"x.py": text}).tables == {}


def test_a_folder_called_like_the_library_hides_nothing() -> None:
    found = of({"alembic/__init__.py": "", "alembic/versions/__init__.py": "", **MIGRATED})
    assert "code migration" in uniques(found, "vouchers")


def test_models_of_a_migration_are_those_of_another_day() -> None:
    more = """
        from alembic import op
        import sqlalchemy as sa
        from sqlalchemy.orm import declarative_base
        revision = "cc"
        down_revision = "bb"
        Base = declarative_base()
        class Voucher(Base):
            __tablename__ = "vouchers"
            id = sa.Column(sa.Integer, primary_key=True)
            shop_id = sa.Column(sa.Integer, unique=True)
        def upgrade():
            for one in sa.orm.Session(bind=op.get_bind()).query(Voucher):
                one.shop_id = 1
    """
    found = of({**MIGRATED, "alembic/versions/cc.py": more})
    assert uniques(found, "vouchers") == {"id migration pk", "code migration"}
    assert found.tables["vouchers"].is_complete
