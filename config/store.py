"""Bounds of what is stored, and of what waits to be."""

from pydantic import Field

from config.section import Duration, Section


class StoreLimits(Section):
    """Bounds of what waits for the database."""

    batch_delay: Duration = Field(default=0.005, gt=0, le=1)
    "A promise waits at most this long for company before its commit starts [s]."
    batch_rows: int = Field(default=1_024, ge=1)
    "A commit starts at once when this many rows wait; a call leaves some twenty, most of them of its trace."
    write_behind: Duration = Field(default=0.2, gt=0, le=1)
    "Rows that nobody waits for are written at least this often [s]."
    queue_rows: int = Field(default=50_000, ge=1_000)
    "Rows waiting; above it promises are refused and trace rows dropped and counted, CDRs are kept."
    traces_kept: Duration = Field(default=2_592_000.0, ge=3_600)
    "Traces of calls are forgotten after this [s]."
    trace_chunks: int = Field(default=10_000_000, ge=1_000)
    "Pieces of traces kept, some two a call; the oldest go first."
    cdrs_kept: Duration = Field(default=34_560_000.0, ge=86_400)
    "CDRs are forgotten after this [s]."
    cdr_rows: int = Field(default=10_000_000, ge=1_000)
    "CDRs kept; the oldest go first."
    voicemail_kept: Duration | None = Field(default=None, ge=3_600)
    "Messages in mailboxes are erased after this, heard or not [s]; None: their users do it."
    recordings_kept: Duration | None = Field(default=None, ge=3_600)
    "Recordings of calls and of flows are erased after this [s]; None: never."
    recordings_bytes: int | None = Field(default=None, ge=1_000_000)
    "Recordings of calls and of flows together; the oldest go first; None: while there is room."
    bans_kept: Duration = Field(default=2_592_000.0, ge=3_600)
    "Bans are listed for so long after their end [s]."
    bans_reported: int = Field(default=10_000, ge=1)
    "Bans in one report of another node."
