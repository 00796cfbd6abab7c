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


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_wideband_caller_is_joined_at_the_agents_rate(encoding: Encoding) -> None:
    """A tone of 5 kHz passes both ways where the agent's rate can carry it."""
    lane = Lane(1, encoding, 8)
    rows = np.zeros(1, np.int32)
    lane.playout.open(0, 10.0, 0.0)
    wide = (9000 * np.sin(2 * np.pi * 5000 / 16_000 * np.arange(320 * 20))).astype(np.int16).reshape(-1, 320)
    narrow, ulaw = np.zeros((1, 160), np.int16), np.full((1, 160), 0xFF, np.uint8)
    back = []
    for index, frame in enumerate(wide):
        sent = lane.encode(rows, narrow, ulaw, frame[None, :])
        assert len(sent) == encoding.frame_bytes
        lane.playout.push(0, bytes(sent), index * 0.02)
        pcm, _, _ = lane.decode(rows, index * 0.02, 16_000)
        assert pcm.shape == (1, 320)
        back.append(pcm[0].astype(float))
    level = np.sqrt(np.mean(np.concatenate(back[8:]) ** 2))
    assert level > 6000 if encoding.rate > 8000 else level < 50
