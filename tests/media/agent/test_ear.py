import numpy as np

from media.agent.ear import LEAD, Ear
from tests.support.sound import Pcm, at_level, frames, noise, silence
from tests.support.speech import speech

SPOKEN = at_level(speech("Good morning, is anybody there?"), -20)


def listen(ear: Ear, sound: Pcm) -> tuple[list[int], list[tuple[int, Pcm]]]:
    """Frame numbers at which speech began, and those of its ends with what was said."""
    began, said = [], []
    for index, frame in enumerate(frames(sound)):
        start, utterance = ear.hear(frame)
        if start:
            began.append(index)
        if utterance is not None:
            said.append((index, utterance))
    return began, said


def test_gives_the_whole_utterance_once_with_its_beginning() -> None:
    began, said = listen(Ear(), np.concatenate([silence(2), SPOKEN, silence(1)]))
    assert len(began) == len(said) == 1
    _, utterance = said[0]
    assert (utterance != 0).sum() == (SPOKEN != 0).sum(), "no sample is cut off"
    assert len(utterance) <= len(SPOKEN) + (LEAD + 30) * 160, "nor is the silence before it kept"


def test_tells_the_beginning_while_the_caller_still_speaks() -> None:
    began, said = listen(Ear(), np.concatenate([silence(0.5), SPOKEN, silence(1)]))
    assert 25 < began[0] <= 25 + 20 < said[0][0]


def test_noise_is_no_utterance() -> None:
    assert listen(Ear(), noise(3)) == ([], [])


def test_an_endless_talker_is_cut_to_the_bound() -> None:
    _, said = listen(Ear(longest=50), np.concatenate([SPOKEN] * 3 + [silence(1)]))
    assert len(said[0][1]) == 50 * 160
