"""Phones that send nothing while nobody speaks, over a network with jitter (RFC 3551 §4.1)."""

from random import Random

import numpy as np
import pytest

from media.heard import CONCEAL_FRAMES
from media.port import Echo, LegStats, Release, Released
from media.rtp import packet
from tests.support.phone import Studio

SPURTS = 24
PAUSES = (0.1, 0.24, 0.5, 0.78, 1.3)
"[s]"


def talk(jitter: float, seed: int, *, marked: bool = True) -> tuple[int, int, np.ndarray, LegStats]:
    """Of `SPURTS` talk spurts: frames sent, those lost, delays of the others [ms], and what the leg tells.

    Args:
        jitter: each packet is late by up to so much [s].
        marked: the marker says where a spurt begins; not everybody sets it.
    """
    random, late = Random(seed), Random(seed + 1)
    sends: list[tuple[float, float, bool]] = []
    at = 0.0
    for _ in range(SPURTS):
        for frame in range(random.randint(8, 60)):
            sends.append((at, late.random() * jitter, frame == 0))
            at += 0.02
        at += random.choice(PAUSES)
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    begun = studio.loop.time()
    for number, (when, delay, first) in sorted(enumerate(sends), key=lambda send: send[1][0] + send[1][1]):
        studio.run(max(0.0, begun + when + delay - studio.loop.time()))
        sound = np.full(160, 0x50, np.uint8)
        sound[150:152] = number & 0x7F, number >> 7  # behind the cross-fade that follows a gap
        built = packet.build(0, first and marked, number, round(when * 8000), 0x1234, sound.tobytes())
        phone.socket.sendto(built, phone.server)
    studio.run(0.5)
    back: dict[int, float] = {}
    for came, received in phone.received:
        if received.payload[140] == 0x50:
            number = received.payload[150] | received.payload[151] << 7
            back.setdefault(number, (came - begun - sends[number][0]) * 1000)
    studio.engine.execute(Release(phone.leg))
    return len(sends), len(sends) - len(back), np.array([*back.values()]), studio.of(Released)[0].stats


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_each_sentence_begins_as_deep_as_the_jitter_buffer_has_become(seed: int, marked: bool) -> None:
    sent, lost, delays, stats = talk(0.03, seed, marked=marked)
    assert lost <= sent * 0.01 and stats.concealed <= sent * 0.05
    assert np.percentile(delays, 50) <= 80 and delays.max() <= 160


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
def test_pauses_are_no_loss(marked: bool) -> None:
    """They cost the score nothing (ITU-T G.107); of the one that goes on nobody knows yet."""
    _, lost, delays, stats = talk(0.0, 3, marked=marked)
    assert (lost, stats.lost) == (0, 0) and stats.concealed <= CONCEAL_FRAMES and delays.max() <= 20
    assert stats.mos is not None and stats.mos > 4.2


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
def test_neither_are_they_at_other_packet_times(milliseconds: int, marked: bool) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    samples = 8 * milliseconds
    for _ in range(8):
        for number in range(600 // milliseconds):
            phone.send(bytes([0x50]) * samples, samples=samples, marker=marked and not number)
            studio.run(milliseconds / 1000)
        phone.timestamp += 8 * 700
        studio.run(0.7)
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.lost == 0 and stats.concealed <= CONCEAL_FRAMES + 8 and stats.delay_ms <= milliseconds + 20
    assert stats.mos is not None and stats.mos > 4.0
