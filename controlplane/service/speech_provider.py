"""Who speaks and who listens for each account: what its `speech:` says, and offline where it says nothing."""

from collections.abc import Callable, Sequence

from config.account import Account
from config.speech import Speech, SpeechToText, TextToSpeech
from controlplane.provider.speech import CommandVoice, Web, WebScribe, WebVoice
from media.speech import Scribe, Voice
from media.stt import Scribe as OfflineScribe
from media.tts import Speaker
from media.tts import Speech as Spoken

_OFFLINE = Speech()
VOICES = {"en": "en-us", "zh": "cmn", "pt-br": "pt-br"}
"espeak-ng's names where they are not the language's own."


class SpeechProviders:
    """A `media.speech.Providers`; close it."""

    def __init__(self, speaker: Speaker, accounts: Callable[[], Sequence[Account]]) -> None:
        """Args: accounts: as they are now."""
        self._speaker = OfflineVoice(speaker)
        self._scribe = OfflineScribe()
        self._accounts = accounts
        self._web = Web()
        self._voices: dict[TextToSpeech, Voice] = {}
        self._scribes: dict[SpeechToText, Scribe] = {}

    def voice(self, account: str) -> Voice:
        part = self._of(account).tts
        if part.provider == "espeak":
            return self._speaker
        voice = self._voices.get(part)
        if voice is None:
            voice = CommandVoice(part) if part.provider == "command" else WebVoice(self._web, part)
            self._voices[part] = voice
        return voice

    def scribe(self, account: str) -> Scribe:
        part = self._of(account).stt
        if part.provider == "pocketsphinx":
            return self._scribe
        scribe = self._scribes.get(part)
        if scribe is None:
            scribe = self._scribes[part] = WebScribe(self._web, part)
        return scribe

    def key(self, account: str) -> str:
        """Of file names: another provider, model or voice makes another file of a text."""
        part = self._of(account).tts
        if part.provider == "espeak":
            return ""
        return "\n".join((part.provider, part.url or "", part.model, part.voice, *part.command))

    async def close(self) -> None:
        self._scribe.close()
        await self._web.close()

    def _of(self, account: str) -> Speech:
        return next((part.speech for part in self._accounts() if part.id == account), _OFFLINE)


class OfflineVoice:
    """espeak-ng, by languages as agents name them."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.save = speaker.save

    async def speak(self, text: str, voice: str = "en-us", words_per_minute: int = 165) -> Spoken:
        low = voice.lower()
        name = VOICES.get(low) or VOICES.get(low.partition("-")[0]) or low.partition("-")[0]
        return await self._speaker.speak(text, low if "+" in low else name, words_per_minute)
