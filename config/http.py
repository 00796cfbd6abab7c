"""Bounds of the HTTP server: what a client can make us hold or read, and how long we wait for it."""

from pydantic import Field

from config.section import Duration, Section


class HttpLimits(Section):
    """Bounds of the HTTP server."""

    connections: int = Field(default=1_000, ge=10)
    "Open connections; above it new requests get 503."
    connections_per_source: int = Field(default=100, ge=1)
    "Open connections from one address; those of `gates.nodes` are exempt."
    head_bytes: int = Field(default=32_768, ge=4_096)
    "Longest request line and headers taken [bytes]."
    head_seconds: Duration = Field(default=10.0, gt=0)
    "A request's headers must be here within this [s]."
    body_seconds: Duration = Field(default=30.0, gt=0)
    "A request of whose body nothing more comes for so long is given up [s]."
    unread_seconds: Duration = Field(default=30.0, gt=0)
    "A WebSocket whose peer takes nothing of what waits for it for so long is cut off [s]."
    body_bytes: int = Field(default=4_194_304, ge=4_096)
    "Longest request body taken [bytes]."
    page_rows: int = Field(default=1_000, ge=1)
    "Rows of one answer."
    media_bytes: int = Field(default=134_217_728, ge=65_536)
    "Longest recording or prompt taken by `PUT /media/…` [bytes]."
    mp3_bytes: int = Field(default=1_073_741_824, ge=1_048_576)
    "MP3s made of recordings that are kept, all together [bytes]."
    monitors: int = Field(default=16, ge=1)
    "Live monitors at `/debug`."
    monitor_rows: int = Field(default=1_000, ge=10)
    "Rows that wait for one slow monitor; beyond it they are dropped and counted."
    api_keys: int = Field(default=10_000, ge=1)
    "API keys, revoked ones too."
    objects: int = Field(default=100_000, ge=1)
    "Users, numbers, flows and the like that were made by the API, of all accounts together."
    carrier_events: int = Field(default=10_000, ge=100)
    "Events of carriers remembered, so that one that is told twice has its effect once."
