"""Silero's own network, as Pipecat's package brings it, tells voices from what else is on a line."""

import numpy as np
import pytest

from media.agent.second_opinion import CONTEXT, ENOUGH, WINDOW
from media.silero import UNITS, Model
from tests.support import sound
from tests.support.process import ROOT
from tests.support.speech import speech

PLACE = ".venv/pipecat/lib/python3*/site-packages/pipecat/audio/vad/data/silero_vad.onnx"


def test_a_sentence_is_a_voice_and_noise_and_keys_are_none() -> None:
    found = sorted(ROOT.glob(PLACE))
    if not found:
        pytest.skip("Pipecat is not installed (scripts/interop installs it)")
    model = Model(str(found[0]))

    def share(pcm: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> float:
        """Of windows that are taken for a voice."""
        heard, state = [], np.zeros((2, 1, UNITS), np.float32)
        padded = np.concatenate([np.zeros(CONTEXT), pcm / 32768]).astype(np.float32)
        for at in range(0, len(pcm) - WINDOW, WINDOW):
            probability, state = model.judge(padded[None, at : at + CONTEXT + WINDOW], state)
            heard.append(probability[0] >= ENOUGH)
        return float(np.mean(heard))

    said = speech("good morning, I would like to speak with somebody about my contract, please")
    assert share(sound.at_level(said, -20.0)) > 0.5
    assert share(sound.noise(3.0)) < 0.05
    assert share(sound.digits(3.0)) < 0.05
