"""espeak-ng in a process of its own: one JSON request a line on stdin, one answer each on stdout.

::

    {"text": "Hello", "voice": "en-us", "words_per_minute": 165, "path": null}
    → {"sample_rate": 22050, "bytes": 44100}  followed by that many bytes of PCM16, little-endian, mono
    → {"sample_rate": 22050, "bytes": 0}      when `path` was named: the WAV is complete there
    → {"error": "no voice named xx"}

The library is under the GPL, so nothing but this process loads it, and a fault in it is not the daemon's.
The process ends when its stdin closes.
"""

import contextlib
import ctypes
import importlib
import json
import os
import re
import sys
import wave
from collections.abc import Callable
from typing import Any, BinaryIO, Final

Synthesis = Callable[[str, str, int], tuple[bytes, int]]
"(text, voice, words per minute) → PCM16 and its rate [Hz]."

LONGEST: Final = 600
"Of one utterance [s]; speech ends there."
MISSING: Final = "offline speech needs the package espeakng-loader: pip install espeakng-loader"

_SYNCHRONOUS, _UTF8, _BY_CHARACTER, _RATE = 2, 1, 1, 1  # enumerators of speak_lib.h
_VOICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}(\+[A-Za-z0-9_]{1,16})?", re.ASCII)


class Unspeakable(Exception):
    """This request cannot be spoken; the text says why."""


def load() -> Synthesis:
    """Load the library.

    Raises:
        Unspeakable: it is not installed, or does not start.
    """
    try:
        loader = importlib.import_module("espeakng_loader")
        library = ctypes.CDLL(loader.get_library_path())
        data = loader.get_data_path()
    except (ImportError, OSError, RuntimeError) as error:
        raise Unspeakable(f"{MISSING} ({error})") from error
    sample_rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), 0)
    if sample_rate <= 0:
        raise Unspeakable(f"espeak-ng does not start from {data}")

    spoken = bytearray()

    def receive(samples: Any, count: int, _: object) -> int:
        if samples and count > 0:
            spoken.extend(ctypes.string_at(samples, 2 * count))
        return int(len(spoken) >= 2 * LONGEST * sample_rate)  # 1 ends the synthesis

    callback_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )
    callback = callback_type(receive)

    def synthesise(text: str, voice: str, words_per_minute: int) -> tuple[bytes, int]:
        if not _VOICE.fullmatch(voice) or library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise Unspeakable(f"no voice named {voice[:40]!r}; examples: en-us, en, de, es+f2, fr+m3")
        library.espeak_SetParameter(_RATE, min(max(words_per_minute, 80), 450), 0)
        library.espeak_SetSynthCallback(callback)
        spoken.clear()
        utf8 = text.replace("\0", " ").encode("utf-8", "replace")
        size = ctypes.c_size_t(len(utf8) + 1)
        failed = library.espeak_Synth(utf8, size, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if failed != 0:
            raise Unspeakable(f"espeak-ng failed with {failed}")
        return bytes(spoken), sample_rate

    return synthesise


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer every line of `requests` until it ends."""
    synthesise: Synthesis | None = None
    for line in requests:
        audio = b""
        try:
            synthesise = synthesise or load()
            answer, audio = _answer(json.loads(line), synthesise)
        except Unspeakable as refusal:
            answer = {"error": str(refusal)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            answer = {"error": f"not a request: {error!r}"}
        except OSError as error:
            answer = {"error": f"cannot write the file: {error}"}
        answers.write(json.dumps(answer).encode() + b"\n" + audio)
        answers.flush()


def _answer(request: dict[str, Any], synthesise: Synthesis) -> tuple[dict[str, object], bytes]:
    audio, rate = synthesise(str(request["text"]), str(request["voice"]), int(request["words_per_minute"]))
    path = request.get("path")
    if path is not None:
        write_wav(str(path), audio, rate)
        audio = b""
    return {"sample_rate": rate, "bytes": len(audio)}, audio


def write_wav(path: str, audio: bytes, rate: int) -> None:
    """Write PCM16 mono so that nobody ever sees half a file."""
    partial = f"{path}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(audio)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)


def main() -> None:
    # The library may print to stdout; answers go to a copy that it does not know.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
