"""Bans and addresses allowed at run time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "ban",
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("lifted_at", sa.BigInteger),
        sa.Column("gone_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("node", "network", name="pk_ban"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ban_expires_at", "ban", ["expires_at"])
    op.create_index("ix_ban_last_seen", "ban", ["last_seen"])
    op.create_table(
        "allowed_network",
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("network", name="pk_allowed_network"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("allowed_network", "ban"):
        op.drop_table(table)
