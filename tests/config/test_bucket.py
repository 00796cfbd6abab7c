"""The bucket of `media.store`."""

import pytest
from pydantic import ValidationError

from config.bucket import MediaBucket
from config.schema import Settings

GOOD = {
    "url": "s3://recordings/site-1/",
    "endpoint": "http://10.0.0.9:9000/",
    "access_key": "AKIASECRET1",
    "secret_key": "hush-hush",
}


def test_secrets_are_hidden_where_settings_are_printed() -> None:
    account = {"id": "acc", "domain": "a.example", "users": [{"number": "1"}]}
    settings = Settings.model_validate({"media": {"store": GOOD}, "accounts": [account]})
    assert settings.media.store is not None and settings.media.store.url == "s3://recordings/site-1"
    assert "10.0.0.9" in repr(settings)
    assert "AKIASECRET1" not in repr(settings) and "hush-hush" not in repr(settings)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://recordings.example.com"},
        {"url": "s3://"},
        {"url": "s3://b/../c d"},
        {"endpoint": "10.0.0.9:9000"},
        {"endpoint": "http://user@10.0.0.9"},
        {"secret_key": None},
        {"access_key": None},
        {"region": "eu west"},
        {"cache_bytes": 10},
    ],
)
def test_what_is_no_bucket_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        MediaBucket.model_validate(GOOD | change)
    assert "hush-hush" not in "".join(error["msg"] for error in caught.value.errors())
