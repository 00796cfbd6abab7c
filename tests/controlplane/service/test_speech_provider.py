"""Who speaks for each account."""

from config.account import Account
from controlplane.provider.speech import CommandVoice, WebScribe, WebVoice
from controlplane.service.speech_provider import OfflineVoice, SpeechProviders
from media.stt import Scribe
from media.tts import Speaker


def account(id: str, **speech: object) -> Account:
    return Account.model_validate({"id": id, "domain": f"{id}.local", "speech": speech})


async def test_an_account_has_the_providers_that_it_chose() -> None:
    accounts = [
        account("plain"),
        account("web", tts={"provider": "openai"}, stt={"provider": "deepgram"}),
        account("own", tts={"provider": "command", "command": ["say"]}),
    ]
    made = SpeechProviders(Speaker(), lambda: accounts)
    try:
        assert isinstance(made.voice("plain"), OfflineVoice) and isinstance(made.scribe("plain"), Scribe)
        assert isinstance(made.voice("web"), WebVoice) and isinstance(made.scribe("web"), WebScribe)
        assert made.voice("web") is made.voice("web") and isinstance(made.voice("own"), CommandVoice)
        assert isinstance(made.voice("nobody"), OfflineVoice)
        assert made.key("plain") == "" and made.key("web") != made.key("own") != ""
    finally:
        await made.close()


async def test_languages_are_espeaks_voices() -> None:
    asked: list[str] = []

    class Fake(Speaker):
        async def speak(self, text: str, voice: str = "", words_per_minute: int = 0):  # type: ignore[no-untyped-def]
            asked.append(voice)

    offline = OfflineVoice(Fake())
    for voice in ("en-US", "de-DE", "pt-BR", "de+f2"):
        await offline.speak("x", voice)
    assert asked == ["en-us", "de", "pt-br", "de+f2"]
