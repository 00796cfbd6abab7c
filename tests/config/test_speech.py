"""`speech:` of an account."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.speech import Speech


def test_offline_is_what_there_is_without_it() -> None:
    assert (Speech().tts.provider, Speech().stt.provider) == ("espeak", "pocketsphinx")


@pytest.mark.parametrize(
    "tts",
    [
        {"provider": "elevenlabs"},
        {"provider": "command"},
        {"command": ["say"]},
        {"provider": "openai", "url": "ftp://h"},
        {"provider": "openai", "api_key": "a\nb"},
    ],
)
def test_what_cannot_work_is_refused(tts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Speech.model_validate({"tts": tts})


def test_keys_are_hidden() -> None:
    assert "secret" not in repr(Speech.model_validate({"stt": {"provider": "openai", "api_key": "secret"}}))
