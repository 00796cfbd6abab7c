"""A bucket, against an S3 service that we did not write (moto's server)."""

import builtins
import json
import os
from pathlib import Path
from typing import Any

import pytest

from config.bucket import MediaBucket
from controlplane.provider.bucket import Bucket, BucketError
from tests.support.s3 import s3_server


async def test_a_file_comes_back_with_its_content_and_its_time(tmp_path: Path) -> None:
    bucket = Bucket(s3_server().bucket())
    (tmp_path / "a.wav").write_bytes(b"0123456789")
    os.utime(tmp_path / "a.wav", ns=(5, 1_700_000_000_123_456_789))
    assert await bucket.send("acc/vm/a b@+=~,%.wav", tmp_path / "a.wav")
    assert await bucket.bring("acc/vm/a b@+=~,%.wav", tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_bytes() == b"0123456789"
    assert (tmp_path / "b.wav").stat().st_mtime_ns == 1_700_000_000_123_456_789
    found = [one async for one in bucket.list("acc/vm")]
    assert [(one.key, one.size) for one in found] == [("acc/vm/a b@+=~,%.wav", 10)]
    assert [one async for one in bucket.list("acc/v")] == [], "steps of a key are whole"
    await bucket.erase("acc/vm/a b@+=~,%.wav")
    await bucket.erase("acc/vm/a b@+=~,%.wav")
    assert not await bucket.bring("acc/vm/a b@+=~,%.wav", tmp_path / "c.wav")
    assert not (tmp_path / "c.wav").exists()


async def test_a_file_longer_than_one_part_comes_back_whole(tmp_path: Path) -> None:
    bucket = Bucket(s3_server().bucket(prefix=""))
    content = os.urandom(12_000_000)
    (tmp_path / "long.wav").write_bytes(content)
    assert await bucket.send("long.wav", tmp_path / "long.wav")
    assert await bucket.bring("long.wav", tmp_path / "back.wav")
    assert (tmp_path / "back.wav").read_bytes() == content


async def test_a_file_that_is_not_there_is_not_sent(tmp_path: Path) -> None:
    assert not await Bucket(s3_server().bucket()).send("a.wav", tmp_path / "a.wav")


async def test_a_service_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    settings = s3_server().bucket().model_copy(update={"endpoint": "http://127.0.0.1:9", "timeout": 2.0})
    bucket = Bucket(settings)
    (tmp_path / "a.wav").write_bytes(b"1")
    for work in (bucket.send("a.wav", tmp_path / "a.wav"), bucket.bring("a.wav", tmp_path / "b.wav")):
        with pytest.raises(BucketError) as caught:
            await work
        assert "\n" not in str(caught.value) and len(str(caught.value)) <= 300
    with pytest.raises(BucketError):
        await bucket.erase("a.wav")
    with pytest.raises(BucketError):
        _ = [one async for one in bucket.list("")]


async def test_the_signature_is_the_one_that_the_service_wants(tmp_path: Path) -> None:
    server = s3_server()
    settings = server.bucket()
    key, secret = _person_who_may_use_s3()
    (tmp_path / "a.wav").write_bytes(b"1")
    server.request("POST", "/moto-api/reset-auth", b"0")
    try:
        good = settings.model_copy(update={"access_key": key, "secret_key": secret})
        assert await Bucket(good).send("a.wav", tmp_path / "a.wav")
        bad = settings.model_copy(update={"access_key": key, "secret_key": "another"})
        with pytest.raises(BucketError) as caught:
            await Bucket(bad).send("a.wav", tmp_path / "a.wav")
        assert "another" not in str(caught.value)
    finally:
        server.request("POST", "/moto-api/reset-auth", b"inf")


def test_without_obstore_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("obstore"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BucketError, match=r"pip install -e '\.\[s3\]'"):
        Bucket(MediaBucket(url="s3://bucket"))


def _person_who_may_use_s3() -> tuple[str, str]:
    import boto3

    iam = boto3.client(
        "iam",
        endpoint_url=s3_server().endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    iam.create_user(UserName="tandem")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="tandem", PolicyName="s3", PolicyDocument=policy)
    made = iam.create_access_key(UserName="tandem")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]
