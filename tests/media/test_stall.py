"""Ticks that are left out or made up for: audio goes on in time, without clicks and without replay."""

import numpy as np
import pytest

from media.port import Bridge, Echo, LegId, Silent
from media.rtp import rtcp
from tests.support.phone import Studio, tone

LEG = LegId("leg")


def test_a_stall_of_ours_is_no_silence_of_the_peers() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.script = [bytes([9]) * 160] * 100
    studio.run(1.0)
    studio.loop._now += 40.0
    phone.next_at += 40.0
    studio.run(0.5)
    assert studio.engine.gauges().ticks.stalls == 1
    assert not any(isinstance(event, Silent) for event in studio.events)


@pytest.mark.parametrize("away", [0.04, 0.1, 0.18])
def test_a_shorter_stall_loses_nothing_of_what_waits_in_the_sockets(away: float) -> None:
    """Ticks that are late by less than `STALL` are made up for, and nothing is merged after them."""
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    sent = [bytes([n % 100]) * 160 for n in range(200)]
    phone.script = list(sent)
    studio.run(1.0)
    # The loop is away, while the phone keeps sending.
    for _ in range(round(away / 0.020)):
        phone.send(phone.script.pop(0) or b"")
    studio.loop._now += away
    phone.next_at += away
    studio.run(3.5)
    assert studio.engine.gauges().ticks.stalls == 0
    heard = [bytes(packet.payload) for _, packet in phone.received]
    assert [frame for frame in heard if frame in sent[:100]] == sent


@pytest.mark.parametrize("away", [0.6, 3.0])
def test_after_a_stall_the_streams_go_on_without_replay_or_delay(away: float) -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    phone.script = [bytes([1 + n % 100]) * 160 for n in range(400)]
    studio.run(1.0)
    before = phone.received[-1][1]
    # The loop is away, while the phone keeps sending.
    for _ in range(round(away / 0.020)):
        phone.send(phone.script.pop(0) or b"")
    phone.received.clear()
    studio.loop._now += away
    phone.next_at += away
    studio.run(1.0)
    assert studio.engine.gauges().ticks.stalls == 1
    first = phone.received[0][1]
    assert first.marker and 0 <= ((first.timestamp - before.timestamp) & 0xFFFF_FFFF) - 8000 * away <= 400
    assert (first.sequence - before.sequence) & 0xFFFF == 1
    assert len(phone.received) <= 1.0 / 0.020 + 2
    sent_last = 400 - len(phone.script)
    delay = (sent_last - phone.received[-1][1].payload[0]) % 100
    assert delay <= 1, "frames"


def test_where_the_core_is_too_slow_audio_has_gaps_and_no_clicks() -> None:
    """Each tick takes 2 % more than there is: what is left out is merged, nobody is heard later and later."""
    studio = Studio()
    one, two = studio.phone("one"), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    one.say(tone(440, 12.0))
    studio.run(2.0)
    step = studio.engine._ticker._step

    def laboured(group: int, now: float) -> None:
        step(group, now)
        studio.loop._now += 0.0051

    studio.engine._ticker._step = laboured
    two.received.clear()
    studio.run(9.0)
    heard = two.heard().astype(float)
    bend = np.abs(np.diff(heard, 2)).max() / np.abs(np.diff(tone(440, 1.0).astype(float), 2)).max()
    assert studio.engine.gauges().ticks.stalls >= 3 and bend < 2
    assert studio.engine.gauges().ticks.late_max < 50


def test_a_stall_of_ours_is_no_silence_of_who_sends_reports_alone() -> None:
    """Who is muted may send no RTP at all."""
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    for _ in range(8):
        phone.rtcp.sendto(rtcp.build(1, "n", 0.0, None, None), (phone.server[0], phone.server[1] + 1))
        studio.run(1.0)
    studio.loop._now += 4.5
    studio.run(0.3)
    assert studio.engine.gauges().ticks.stalls == 1 and not studio.of(Silent)
