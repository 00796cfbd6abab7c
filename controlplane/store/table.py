"""Every table. The migrations lead to exactly this (proved by a test).

Times are integer ms UTC. `workspace_id` is the account's default workspace; in `trace_chunk` it is
empty, since a call's trace may begin before its account is known: its CDR has it. In `ban` and
`allowed_network` it is empty too: those are the node's, whatever it serves; and in `token_key`.
"""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

BINDING: Final = sa.Table(
    "binding",
    METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("aor", sa.Text, primary_key=True),
    sa.Column("contact", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("q", sa.Float, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("cseq", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
    sa.Column("reg_id", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

_CALL_COLUMNS: Final = (
    ("sip_call_id", sa.Text),
    ("direction", sa.Text),
    ("caller", sa.Text),
    ("callee", sa.Text),
    ("started_at", sa.BigInteger),
)

OPEN_CALL: Final = sa.Table(
    "open_call",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    *(sa.Column(name, kind, nullable=False) for name, kind in _CALL_COLUMNS),
    sqlite_with_rowid=False,
)

CDR: Final = sa.Table(
    "cdr",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    *(sa.Column(name, kind, nullable=False) for name, kind in _CALL_COLUMNS),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("answered_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("disposition", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("sip_status", sa.Integer, nullable=False),
    sa.Column("q850", sa.Integer, nullable=False),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("queue", sa.Text),
    sa.Column("agent", sa.Text),
    sa.Column("wait_ms", sa.BigInteger),
    sa.Index(None, "started_at"),
    sa.Index(None, "sip_call_id"),
)

TRACE_CHUNK: Final = sa.Table(
    "trace_chunk",
    METADATA,
    # SQLite numbers rows by itself only in a column of exactly this type.
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("written_at", sa.BigInteger, nullable=False),
    sa.Column("events", sa.LargeBinary, nullable=False),
    sa.Index(None, "call_id"),
    sa.Index(None, "written_at"),
)

BAN: Final = sa.Table(
    "ban",
    METADATA,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("network", sa.Text, primary_key=True),
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
    sa.Index(None, "expires_at"),
    sa.Index(None, "last_seen"),
    sqlite_with_rowid=False,
)

ALLOWED_NETWORK: Final = sa.Table(
    "allowed_network",
    METADATA,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

VOICEMAIL: Final = sa.Table(
    "voicemail",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("mailbox", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("milliseconds", sa.BigInteger, nullable=False),
    sa.Column("heard_at", sa.BigInteger),
    sa.Index(None, "account_id", "mailbox", "started_at"),
    sqlite_with_rowid=False,
)

KEEPSAKE: Final = sa.Table(
    "keepsake",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

QUEUE_AGENT: Final = sa.Table(
    "queue_agent",
    METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("agent_id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("memberships", sa.Text),
    sqlite_with_rowid=False,
)

AGENT_MOVE: Final = sa.Table(
    "agent_move",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
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
    sa.Index(None, "account_id", "agent_id", "at"),
    sa.Index(None, "at"),
)

API_KEY: Final = sa.Table(
    "api_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("used_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("successor", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

CONFIG_OBJECT: Final = sa.Table(
    "config_object",
    METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Index(None, "at"),
)

QUEUE_DAY_COUNTS: Final = (
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

QUEUE_DAY: Final = sa.Table(
    "queue_day",
    METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in QUEUE_DAY_COUNTS),
    sqlite_with_rowid=False,
)

TOKEN_KEY: Final = sa.Table(
    "token_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ends_at", sa.BigInteger),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

TOKEN_CUTOFF: Final = sa.Table(
    "token_cutoff",
    METADATA,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("cutoff", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
