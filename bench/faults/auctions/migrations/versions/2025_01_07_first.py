"""first tables"""

import sqlalchemy as sa
from alembic import op

revision = "5b1e0a"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("logins", sa.Integer(), nullable=False, server_default="0"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "lots",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("seller_id", sa.Uuid(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("highest_cents", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("highest_bidder_id", sa.Uuid(), sa.ForeignKey("accounts.id")),
        sa.Column("bid_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.String(16), nullable=False, server_default="open"),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False, server_default="1"),
    )
    op.create_table(
        "bids",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("lot_id", sa.Uuid(), sa.ForeignKey("lots.id"), nullable=False),
        sa.Column("bidder_id", sa.Uuid(), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("bids")
    op.drop_table("lots")
    op.drop_table("accounts")
