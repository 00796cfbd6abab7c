"""Which lane each slot's agent hears and speaks by; test_lane.py has what one does."""

import numpy as np

from media.agent.contract import Encoding
from media.agent.lanes import NOBODY, Lanes

ROWS = np.arange(4, dtype=np.int32)
PCM = np.zeros((4, 160), np.int16)
ULAW = np.full((4, 160), 0xFF, np.uint8)


def heard(lanes: Lanes, rows: np.ndarray = ROWS) -> dict[int, list[int]]:
    """Bytes of a frame → slots whose agents were given one."""
    found = {}
    for some, frames, width in lanes.heard(rows, PCM[: len(rows)], ULAW[: len(rows)], None):
        assert len(frames) == width * len(some)
        found[width] = some.tolist()
    return found


def test_an_encoding_has_one_lane() -> None:
    lanes = Lanes(4, 10)
    first, second = lanes.of(Encoding.ULAW_8000), lanes.of(Encoding.PCM_16000)
    assert (lanes.of(Encoding.ULAW_8000), lanes.of(Encoding.PCM_16000)) == (first, second) and first != second
    assert lanes[second].encoding is Encoding.PCM_16000


def test_each_agent_that_listens_is_given_the_frames_of_its_lane() -> None:
    lanes = Lanes(4, 10)
    ulaw, wide = lanes.of(Encoding.ULAW_8000), lanes.of(Encoding.PCM_16000)
    assert heard(lanes) == {}
    for slot, lane in enumerate((ulaw, wide, ulaw, NOBODY)):
        lanes.hear(slot, lane)
    assert heard(lanes) == {160: [0, 2], 640: [1]}
    assert heard(lanes, np.array([1], np.int32)) == {640: [1]}
    lanes.leave(1)
    assert heard(lanes) == {160: [0, 2]}


def test_who_speaks_by_one_lane_is_not_told_apart() -> None:
    lanes = Lanes(4, 10)
    ulaw, wide = lanes.of(Encoding.ULAW_8000), lanes.of(Encoding.PCM_16000)
    for slot in range(4):
        lanes.speak(slot, ulaw)
    assert lanes.spoken(ROWS) == [(lanes[ulaw], None)]
    lanes.speak(2, wide)
    lanes.leave(3)
    assert [(lane, None if mine is None else mine.tolist()) for lane, mine in lanes.spoken(ROWS)] == [
        (lanes[ulaw], [0, 1]),
        (lanes[wide], [2]),
    ]
    assert lanes.speaking(2) is lanes[wide]
    assert lanes.spoken(ROWS[3:]) == [], "nobody speaks there"
