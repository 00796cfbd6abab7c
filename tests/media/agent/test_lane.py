"""One encoding's way between 8 kHz and an agent."""

import numpy as np
import pytest

from media.agent.contract import Encoding
from media.agent.lane import Lane
from media.codec.g711 import LINEAR_TO_ULAW
from tests.support.agent import ramp

ROW = np.array([0], np.int32)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_frame_leaves_in_the_agents_encoding(encoding: Encoding) -> None:
    lane = Lane(1, encoding, 10)
    pcm = ramp(160)[None, :]
    data = lane.encode(ROW, pcm, LINEAR_TO_ULAW[pcm.view(np.uint16)])
    assert len(data) == encoding.frame_bytes


@pytest.mark.parametrize("encoding", list(Encoding))
def test_playout_comes_back_at_eight_kilohertz(encoding: Encoding) -> None:
    lane = Lane(1, encoding, 10)
    lane.playout.open(0, 10.0, 0.0)
    lane.playout.push(0, bytes(range(256)) * (encoding.frame_bytes // 64), 0.0)
    pcm, active, _ = lane.decode(ROW, 0.02)
    assert pcm.shape == (1, 160) and active.all()
    lane.reset(0)
