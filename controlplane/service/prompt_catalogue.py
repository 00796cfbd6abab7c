"""The catalogue of system prompts, spoken into the media folder (S004-79, S004-80).

Keys are `system/<lang>/<gender>/<id>.wav`. The offline voice speaks whatever language espeak-ng has; texts
that nobody has translated yet are refused rather than read in English with a foreign accent.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from controlplane.provider.bucket import BucketError
from controlplane.service.mirror import Mirror
from edge.error import Refusal
from edge.recordings import PART
from media.tts import SpeechError

IDS: Final = (
    "welcome",
    "please-hold",
    "confirm-accept",
    "whisper-queue",
    "all-busy",
    "no-agents",
    "vm-greeting",
    "goodbye",
    "invalid",
    "transferring",
)
TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "en-US": (
        "Welcome.",
        "Please hold while I connect you.",
        "You have a call. Press 1 to accept it.",
        "A call from the queue.",
        "All of our agents are busy. Please stay on the line.",
        "There is nobody here to take your call. Please call again later.",
        "Please leave a message after the tone.",
        "Thank you for calling. Goodbye.",
        "That is not a valid choice.",
        "You are being transferred.",
    ),
    "de-DE": (
        "Willkommen.",
        "Bitte bleiben Sie am Apparat, Sie werden verbunden.",
        "Sie haben einen Anruf. Drücken Sie die 1, um ihn anzunehmen.",
        "Ein Anruf aus der Warteschlange.",
        "Alle Mitarbeiter sind im Gespräch. Bitte bleiben Sie am Apparat.",
        "Zurzeit ist niemand da. Bitte rufen Sie später wieder an.",
        "Bitte sprechen Sie nach dem Ton.",
        "Vielen Dank für Ihren Anruf. Auf Wiederhören.",
        "Diese Auswahl gibt es nicht.",
        "Sie werden weitergeleitet.",
    ),
    "es-ES": (
        "Bienvenido.",
        "Espere, por favor, mientras le conecto.",
        "Tiene una llamada. Pulse 1 para aceptarla.",
        "Una llamada de la cola.",
        "Todos nuestros agentes están ocupados. Por favor, no cuelgue.",
        "No hay nadie que pueda atenderle. Por favor, llame más tarde.",
        "Por favor, deje su mensaje después de la señal.",
        "Gracias por llamar. Adiós.",
        "Esa opción no es válida.",
        "Le estamos transfiriendo.",
    ),
    "fr-FR": (
        "Bienvenue.",
        "Veuillez patienter, nous vous mettons en relation.",
        "Vous avez un appel. Appuyez sur 1 pour l'accepter.",
        "Un appel de la file d'attente.",
        "Tous nos agents sont occupés. Veuillez rester en ligne.",
        "Personne ne peut prendre votre appel. Veuillez rappeler plus tard.",
        "Veuillez laisser un message après le signal.",
        "Merci de votre appel. Au revoir.",
        "Ce choix n'est pas valable.",
        "Nous transférons votre appel.",
    ),
}
GENDERS: Final = ("female", "male")
_VOICES: Final = {"en-US": "en-us", "de-DE": "de", "es-ES": "es", "fr-FR": "fr"}
_VARIANTS: Final = {"female": "+f2", "male": "+m3"}

_log = structlog.get_logger(__name__)


class Saves(Protocol):
    """What is used of `media.tts.Speaker`."""

    async def save(self, path: Path, text: str, voice: str = ...) -> None: ...


@dataclass(slots=True)
class Progress:
    running: bool = False
    total: int = 0
    generated: int = 0
    skipped: int = 0
    failed: int = 0


class PromptCatalogue:
    def __init__(self, folder: Path, speaker: Saves, mirror: Mirror | None = None) -> None:
        """Args: folder: the media folder; mirror: of it, None: it has none."""
        self._mirror = mirror or Mirror()
        self._folder = folder
        self._speaker = speaker
        self.progress = Progress()

    async def generate(self, lang: str, gender: str, *, force: bool) -> dict[str, int] | Refusal:
        """Speak what is missing, or everything with `force`; empty `lang` or `gender` means all of them."""
        if lang and lang not in TEXTS:
            fix = f"use one of {', '.join(TEXTS)}"
            return Refusal("no_such_language", 400, f"the catalogue has no texts in {lang[:16]!r}", fix)
        if gender and gender not in GENDERS:
            fix = f"use {' or '.join(GENDERS)}"
            return Refusal("no_such_gender", 400, f"there is no voice {gender[:16]!r}", fix)
        if self.progress.running:
            return Refusal(
                "already_running", 409, "the catalogue is being synthesized already", "ask for its progress"
            )
        wanted = list(_wanted(lang, gender))
        self.progress = Progress(running=True, total=len(wanted))
        try:
            for key, text, voice in wanted:
                await self._speak(key, text, voice, force)
        finally:
            self.progress.running = False
        found = asdict(self.progress)
        return {name: found[name] for name in ("generated", "skipped", "failed")}

    async def _speak(self, key: str, text: str, voice: str, force: bool) -> None:
        path = self._folder.absolute() / key
        part = path.with_name(f"{path.name}{PART}")
        try:
            if not force and (path.exists() or await self._mirror.bring(key)):
                self.progress.skipped += 1
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            await self._speaker.save(part, text, voice)
            self._mirror.put(key)
            part.replace(path)
        except (SpeechError, BucketError, OSError) as error:
            self.progress.failed += 1
            _log.warning("a prompt cannot be spoken", key=key, why=str(error))
        else:
            self.progress.generated += 1


def _wanted(lang: str, gender: str) -> Iterator[tuple[str, str, str]]:
    """Key, text and voice of each prompt."""
    for language in [lang] if lang else TEXTS:
        for sex in [gender] if gender else GENDERS:
            for id, text in zip(IDS, TEXTS[language], strict=True):
                voice = _VOICES[language] + _VARIANTS[sex]
                yield f"system/{language}/{sex}/{id}.wav", text, voice
