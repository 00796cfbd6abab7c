"""Spoken audio for tests, from the espeak-ng that the product's wheel brings.

The library runs in a child process (`python -m tests.support.speech TEXT FILE`), as GPL code and
as C code that a test must survive.
"""

import ctypes
import functools
import sys
import tempfile
from pathlib import Path

import numpy as np
import soxr

from tests.support import wav
from tests.support.process import Child
from tests.support.wav import Signal

SYNCHRONOUS, UTF8, TEXT = 2, 1, 1


@functools.cache
def speech(text: str) -> Signal:
    """`text` as spoken English at 8 kHz, peak −6 dBFS, without the silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        with Child([sys.executable, "-m", "tests.support.speech", text, path], name="espeak-ng") as child:
            assert child.wait(20.0) == 0, child.report()
        signal, rate = wav.read(path)
    signal = soxr.resample(signal, rate, 8000)
    loud = np.flatnonzero(np.abs(signal) > 0.02)
    signal = signal[loud[0] : loud[-1]]
    spoken: Signal = 0.5 * signal / np.max(np.abs(signal))
    return spoken


def main(text: str, path: Path) -> None:
    import espeakng_loader  # only the child loads the library

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    assert rate > 0, "espeak-ng did not start"
    pieces: list[bytes] = []
    callback_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )

    def receive(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = callback_type(receive)  # must live as long as the library calls it
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(b"en")
    spoken = text.encode()
    library.espeak_Synth(spoken, len(spoken) + 1, 0, TEXT, 0, UTF8, None, None)
    wav.write(path, np.frombuffer(b"".join(pieces), "<i2") / 32768.0, rate=rate)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
