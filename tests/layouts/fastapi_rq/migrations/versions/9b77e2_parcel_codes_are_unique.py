"""parcel codes are unique"""

from alembic import op

revision = "9b77e2"
down_revision = "3f1c0a"


def upgrade() -> None:
    op.create_unique_constraint("uq_parcels_code", "parcels", ["code"])


def downgrade() -> None:
    op.drop_constraint("uq_parcels_code", "parcels")
