"""watchers, payments, shipments"""

import sqlalchemy as sa
from alembic import op

revision = "7c2f19"
down_revision = "5b1e0a"


def upgrade() -> None:
    op.create_table(
        "watchers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("lot_id", sa.Uuid(), sa.ForeignKey("lots.id"), nullable=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("accounts.id"), nullable=False),
    )
    op.create_unique_constraint("uq_watchers_lot_account", "watchers", ["lot_id", "account_id"])
    op.create_table(
        "deposits",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("provider_id", sa.String(80), nullable=False),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_deposits_provider_id", "deposits", ["provider_id"], unique=True)
    op.create_table(
        "shipments",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("lot_id", sa.Uuid(), sa.ForeignKey("lots.id"), nullable=False, unique=True),
        sa.Column("tracking", sa.String(40), nullable=False, unique=True),
        sa.Column("status", sa.String(24), nullable=False, server_default="announced"),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("shipments")
    op.drop_table("deposits")
    op.drop_table("watchers")
