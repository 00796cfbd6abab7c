"""The bucket of `media.store`, against an S3 service that we did not write."""

import asyncio

from controlplane.doctor.bucket import bucket
from controlplane.doctor.finding import Verdict
from controlplane.provider.bucket import Bucket
from tests.support.address import free_tcp_port
from tests.support.s3 import s3_server


def test_a_file_goes_there_and_back_and_nothing_is_left() -> None:
    settings = s3_server().bucket()
    finding = bucket(settings)
    assert finding.verdict is Verdict.OK and settings.url in finding.found, finding

    async def left() -> list[str]:
        return [one.key async for one in Bucket(settings).list("")]

    assert asyncio.run(left()) == []


def test_a_bucket_that_is_not_there_and_a_service_that_is_not_are_told_apart() -> None:
    settings = s3_server().bucket()
    missing = bucket(settings.model_copy(update={"url": "s3://no-such-bucket-of-ours/x"}))
    assert missing.verdict is Verdict.FAIL and "media.store" in missing.fix, missing
    nobody = settings.model_copy(update={"endpoint": f"http://127.0.0.1:{free_tcp_port('127.0.0.1')}"})
    gone = bucket(nobody)
    assert gone.verdict is Verdict.FAIL and "AKIA" not in gone.found, gone
