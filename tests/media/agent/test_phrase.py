import sys

import numpy as np
import pytest

from media.agent.phrase import recogniser
from tests.support.sound import at_level, noise, silence
from tests.support.speech import speech

PHRASES = ("opening hours", "who are you", "repeat that", "goodbye")


def said(text: str) -> np.ndarray:
    return np.concatenate([silence(0.3), at_level(speech(text), -20), silence(0.5)])


def test_knows_its_phrases_and_refuses_other_talk() -> None:
    pytest.importorskip("pocketsphinx")
    recognise = recogniser(PHRASES)
    assert recognise is not None
    assert [recognise(said(phrase)) for phrase in PHRASES] == list(PHRASES)
    others = ("I would like a pizza with mushrooms", "no", "yes please", "hello", "the weather is nice")
    assert [recognise(said(other)) for other in others] == [None] * len(others)
    assert recognise(noise(1.0)) is None
    assert recognise(silence(0.5)) is None
    assert recognise(silence(0)) is None


def test_without_the_package_there_is_no_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    assert recogniser(PHRASES) is None
