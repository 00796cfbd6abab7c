"""Who watches: a capture server for SIP, a collector for traces."""

from pydantic import Field

from config.header import HeaderName
from config.section import Address, Duration, Port, Section


class Hep(Section):
    """A capture server that is sent every SIP message (HEP version 3, as Homer takes it)."""

    address: Address
    port: Port = 9_060
    id: int = Field(default=2_001, ge=0, le=4_294_967_295)
    "Ours, as the capture server knows it."
    password: str = Field(default="", max_length=256, repr=False)


class Otlp(Section):
    """An OpenTelemetry collector that is sent one trace for each call (extra `otel`)."""

    endpoint: str = Field(pattern=r"^https?://[^\s]+$")
    "For traces by OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces."
    headers: dict[str, str] = Field(default={}, max_length=32, repr=False)
    "Sent with each request: keys of a vendor."
    service: str = Field(default="tandem", min_length=1, max_length=128)
    "`service.name` of the spans."
    header: HeaderName = "X-Traceparent"
    "Where SIP brings a W3C traceparent, if a list of accepted headers lets it in."
    queue: int = Field(default=4_096, ge=16, le=1_000_000)
    "Spans that wait; more are dropped."
    calls: int = Field(default=20_000, ge=1, le=1_000_000)
    "Calls traced at one time; further ones are not."
    delay: Duration = Field(default=5.0, ge=0.05, le=60)
    "Between two batches [s]."
    timeout: Duration = Field(default=10.0, ge=0.1, le=60)
    "Of one request [s]."


class Observe(Section):
    """Who watches."""

    hep: Hep | None = None
    otlp: Otlp | None = None
