"""The bucket of an S3 service that the media folder is copied to."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from config.section import Duration, Section, refusal


def _bucket(value: str) -> str:
    if re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=-]+)*/?", value) is None:
        raise refusal("not a bucket", "write s3://bucket or s3://bucket/prefix")
    return value.rstrip("/")


def _endpoint(value: str) -> str:
    if re.fullmatch(r"https?://[^/\s?#@]+/?", value) is None:
        raise refusal("not an endpoint", 'write one such as "https://s3.example.com:9000"')
    return value.rstrip("/")


class MediaBucket(Section):
    """Whoever speaks S3. The endpoint is the operator's own and may be a private address."""

    url: Annotated[str, AfterValidator(_bucket)]
    "`s3://bucket/prefix`"
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    "None: Amazon's of `region`."
    region: str = Field(default="us-east-1", pattern=r"^[A-Za-z0-9-]{1,64}$")
    access_key: str | None = Field(default=None, min_length=1, max_length=256, repr=False)
    "None: what the AWS_… variables or the machine's role say."
    secret_key: str | None = Field(default=None, min_length=1, max_length=256, repr=False)
    session_token: str | None = Field(default=None, min_length=1, max_length=4_096, repr=False)
    virtual_hosted: bool = False
    "Whether the bucket is part of the host name instead of the path."
    timeout: Duration = Field(default=30.0, gt=0, le=600)
    "A request that takes longer has failed [s]."
    uploads: int = Field(default=4, ge=1, le=64)
    "Files on their way at once."
    queue: int = Field(default=10_000, ge=10)
    "Files to be sent that are known in memory; what waits beyond it is on disk alone."
    cache_bytes: int = Field(default=10_737_418_240, ge=1_000_000)
    "What of the media folder is kept here of that which the bucket has; the least used gives way [bytes]."

    @model_validator(mode="after")
    def _pair(self) -> "MediaBucket":
        if (self.access_key is None) != (self.secret_key is None):
            raise refusal("access_key and secret_key belong together", "give both, or neither")
        return self
