"""What single packets hold: a talk spurt keeps its beginning, whatever the packets are cut to."""

import numpy as np
import pytest

from media.codec.table import NUMBER, ULAW
from media.leg import Leg, LegTable
from media.payload import Payloads
from media.playback import Playback
from media.port import Codec, Connect, Direction, LegId
from media.rtp.jitter import JitterBuffer
from media.rtp.packet import Packet
from media.rtp.statistics import Reception
from media.rtp.telephone_event import DigitSender

PCMU, L16 = Codec("pcmu", 0), Codec("l16", 96, 16_000)


@pytest.mark.parametrize(("codec", "samples"), [(PCMU, 80), (L16, 160)], ids=["pcmu", "l16"])
def test_the_marker_of_half_a_frame_is_that_of_the_whole(codec: Codec, samples: int) -> None:
    """RFC 3551 §4.1: it says that silence went before on purpose, which is no lateness."""
    table = LegTable(1)
    slot = table.take_slot()
    assert slot is not None
    leg = Leg(
        LegId("leg"), slot, 20000, False, Playback(LegId("leg"), 8, slot, table.columns), DigitSender(8)
    )
    table.add(leg)
    table.connect(leg, Connect(leg.id, ("192.0.2.1", 4000), codec, (codec,), None, Direction.SENDRECV), 0.0)
    jitter = JitterBuffer(1)
    inserted: list[tuple[int, bool]] = []
    jitter.insert_one = (  # type: ignore[method-assign]
        lambda slot, number, frame, *, marker=False: inserted.append((number, marker))
    )
    payloads = Payloads(table, Reception(1), jitter)
    law = NUMBER[codec.name]
    size = samples * (1 if law == ULAW else 2)
    for number, marked in enumerate([True, False, False, False, True, False]):
        sound = memoryview(np.zeros(size, np.uint8).tobytes())
        parsed = Packet(codec.payload_type, marked, number, number * samples, 1, sound)
        payloads.hear(leg, parsed, law, number)
    assert inserted == [(0, True), (1, False), (2, True)]
