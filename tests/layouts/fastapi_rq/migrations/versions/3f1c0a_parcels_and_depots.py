"""parcels and depots"""

import sqlalchemy as sa
from alembic import op

revision = "3f1c0a"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "depots",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("load", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "parcels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("depot", sa.String(40), sa.ForeignKey("depots.name"), nullable=False),
    )
    op.execute("INSERT INTO depots (name) VALUES ('north'), ('south')")


def downgrade() -> None:
    op.drop_table("parcels")
    op.drop_table("depots")
