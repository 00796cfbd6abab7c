"""A bad network and packets of other lengths than ours: what it costs the ear (issue 4, must be shown 2)."""

import numpy as np
import pytest

from media.port import Codec, Connect, Echo
from tests.support.emulator import Path
from tests.support.phone import HOST, PCMU, Studio

SECONDS = 20
PIECE = 80
"Bytes of 10 ms, each stamped with its number."
LEAST = 5.0
"Of a round trip on a clean path: a packet waits for its tick [ms]."


def call(path: Path, codec: Codec, milliseconds: int) -> tuple[float, np.ndarray]:
    """Share of what was sent that never came back, and delays of what did in the second half [ms]."""
    studio = Studio()
    studio.network.impair(path, towards=HOST)
    phone = studio.phone("leg", law=codec, connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None))
    studio.engine.execute(Echo(phone.leg))
    sent: list[float] = []
    for _ in range(SECONDS * 1000 // milliseconds):
        pieces = np.full((milliseconds // 10, PIECE), 0x50, np.uint8)
        for piece in pieces:
            piece[40:42] = len(sent) & 0x7F, len(sent) >> 7  # behind the cross-fade that follows a gap
            sent.append(studio.loop.time())
        phone.send(pieces.tobytes(), samples=8 * milliseconds)
        studio.run(milliseconds / 1000)
    studio.run(0.3)
    back: dict[int, float] = {}
    for at, packet in phone.received:
        for piece in np.frombuffer(packet.payload, np.uint8).reshape(-1, PIECE):
            number = int(piece[40]) | int(piece[41]) << 7
            if piece[30] == piece[60] == 0x50 and number < len(sent):
                back.setdefault(number, (at - sent[number]) * 1000)
    later = [delay for number, delay in back.items() if number > len(sent) // 2]
    return 1 - len(back) / len(sent), np.array(later)


@pytest.mark.parametrize("codec", [PCMU, Codec("g722", 9)], ids=["pcmu", "g722"])
@pytest.mark.parametrize("milliseconds", [10, 30, 40, 60])
@pytest.mark.parametrize(("loss", "jitter"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.08), (0.05, 0.04)])
def test_at_any_packet_time_little_more_is_missing_than_was_lost_and_no_more_waits_than_must(
    codec: Codec, milliseconds: int, loss: float, jitter: float
) -> None:
    """Delayed at most by a packet, the path's jitter and 20 ms.

    A packet that does not fill whole frames takes the rest of them along, and the cross-fade that follows
    a gap spoils a stamp: G.711 has one of them.
    """
    path = Path(loss=loss, jitter=jitter, seed=3)
    missing, delays = call(path, codec, milliseconds)
    whole = -(-milliseconds // 20) * 20
    assert missing <= path.lost / path.sent * (whole + 10 * (codec is PCMU)) / milliseconds + 0.01
    assert len(delays) > 500 and delays.max() <= milliseconds + jitter * 1000 + 20 + LEAST
