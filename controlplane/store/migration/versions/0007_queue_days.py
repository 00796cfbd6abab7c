"""What queues did, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

COUNTS = (
    "joined",
    "answered",
    "in_time",
    "abandoned",
    "timeout",
    "no_agents",
    "overflowed",
    "left_early",
    "missed",
    "promised",
    "called_back",
    "unreached",
    "expired",
    "withdrawn",
    "waited_ms",
)


def upgrade() -> None:
    op.create_table(
        "queue_day",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("account_id", "queue", "day", name="pk_queue_day"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("queue_day")
