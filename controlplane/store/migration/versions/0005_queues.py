"""Agents of queues, what became of them, and what a queue did for a call."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name, kind in (("queue", sa.Text), ("agent", sa.Text), ("wait_ms", sa.BigInteger)):
        op.add_column("cdr", sa.Column(name, kind))
    op.create_table(
        "queue_agent",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("memberships", sa.Text),
        sa.PrimaryKeyConstraint("account_id", "agent_id", name="pk_queue_agent"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agent_move",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_agent_move"),
    )
    op.create_index("ix_agent_move_account_id_agent_id_at", "agent_move", ["account_id", "agent_id", "at"])
    op.create_index("ix_agent_move_at", "agent_move", ["at"])


def downgrade() -> None:
    op.drop_table("agent_move")
    op.drop_table("queue_agent")
    for name in ("wait_ms", "agent", "queue"):
        op.drop_column("cdr", name)
