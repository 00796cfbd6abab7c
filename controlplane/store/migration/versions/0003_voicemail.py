"""Messages that callers left."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "voicemail",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("heard_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("key", name="pk_voicemail"),
        sqlite_with_rowid=False,
    )
    columns = ["account_id", "mailbox", "started_at"]
    op.create_index("ix_voicemail_account_id_mailbox_started_at", "voicemail", columns)


def downgrade() -> None:
    op.drop_table("voicemail")
