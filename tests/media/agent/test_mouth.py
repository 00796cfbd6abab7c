"""What one agent says on its leg."""

import numpy as np

from media.agent.contract import Encoding
from media.agent.mouth import Cut, Mouth
from media.agent.playout import Playout
from media.agent.turn import Floor
from tests.support.agent import TICK, ramp

ROW = np.array([0], np.int32)


def mouth() -> tuple[Mouth, Playout]:
    playout = Playout(1, Encoding.PCM_8000, 10)
    return Mouth(0, playout, Floor(1), 8000, 60.0, 0.0), playout


def play(playout: Playout, frames: int) -> None:
    for tick in range(frames):
        playout.take(ROW, tick * TICK)


def test_a_cut_tells_which_utterance_was_heard_and_how_much() -> None:
    speaks, playout = mouth()
    speaks.say(ramp(8 * 500).tobytes(), "one", 0.0)
    speaks.say(ramp(8 * 500).tobytes(), "two", 0.0)
    assert speaks.mark("end") and speaks.queued_ms == 1000
    play(playout, 30)
    cut = speaks.cut()
    assert cut == Cut("two", 110, 610, 390, ["end"])


def test_a_turn_counts_from_its_first_frame() -> None:
    speaks, playout = mouth()
    speaks.say(ramp(1600).tobytes(), "", 0.0)
    play(playout, 5)
    speaks.turn_begun()
    play(playout, 2)
    assert speaks.played_ms == 60


def test_a_pause_keeps_what_is_queued() -> None:
    speaks, playout = mouth()
    speaks.say(ramp(1600).tobytes(), "", 0.0)
    play(playout, 2)
    speaks.pause()
    play(playout, 20)
    assert speaks.queued_ms == 160 and not speaks.empty
    speaks.resume()
    play(playout, 8)
    assert speaks.played_ms == 200 and speaks.empty


def test_another_queue_begins_anew() -> None:
    speaks, playout = mouth()
    speaks.say(ramp(800).tobytes(), "", 0.0)
    speaks.adopt(Playout(1, Encoding.PCM_16000, 10), 16000, 1.0)
    assert speaks.queued_ms == 0 and playout.queued(0) == 0
