"""Reports about legs, read off a running engine (RFC 3550 §6.4)."""

import random
import struct

import pytest

from media.port import Codec, Connect, Echo, LegStats, Release, Released, SendDigits
from media.report import _dbov
from media.rtp import rtcp
from media.rtp.rtcp import Report
from tests.support.emulator import Path
from tests.support.phone import DTMF, PCMU, Phone, Studio, tone


def reports(phone: Phone) -> list[tuple[Report, ...]]:
    found = []
    while phone.rtcp.queue:
        data, _ = phone.rtcp.queue.popleft()
        parsed = rtcp.parse(memoryview(data))
        assert parsed is not None
        found.append(tuple(parsed))
    return found


def test_reports_are_sent_to_the_port_above_every_five_seconds_or_so() -> None:
    """§6.2: the interval varies from half to one and a half of its mean."""
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 60.0))
    studio.run(60.0)
    sent = reports(phone)
    assert 8 <= len(sent) <= 20
    (report,) = sent[-1]
    (block,) = report.blocks
    assert report.sent_at is not None and report.ssrc == phone.received[0][1].ssrc
    assert block.ssrc == phone.ssrc and block.lost == 0 and block.fraction_lost == 0
    assert block.highest == phone.sequence - 1 or phone.sequence - block.highest < 300


def test_loss_and_jitter_of_the_peer_are_reported_to_it() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 20.0))
    studio.run(1.0)
    studio.network.impair(Path(loss=0.2, jitter=0.0, seed=4))
    studio.run(12.0)
    studio.network.impair(Path(loss=0.0, jitter=0.0, seed=4))
    studio.run(5.0)
    lost = [block.lost for sent in reports(phone) for report in sent for block in report.blocks]
    assert lost[-1] > 80 and lost == sorted(lost)


def test_before_a_packet_comes_there_is_nothing_to_report_on() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(9.0)
    sent = reports(phone)
    assert sent and all(report.blocks == () for compound in sent for report in compound)


def test_reports_go_where_the_sdp_says_or_where_the_peers_come_from() -> None:
    """RFC 3605; behind NAT only the true source can be reached."""
    studio = Studio()
    phone = studio.phone("leg", rtcp=("203.0.113.1", 9999))
    other = studio.network.bind("203.0.113.1", 9999)
    studio.run(9.0)
    assert other.queue and not phone.rtcp.queue
    moved = studio.network.bind("203.0.113.1", 12_345)
    moved.sendto(rtcp.build(1, "n", 0.0, None, None), (phone.server[0], phone.server[1] + 1))
    studio.run(9.0)
    assert moved.queue


def test_reports_may_come_from_another_host_that_the_sdp_names() -> None:
    """RFC 3605 §2.1: `a=rtcp:9999 IN IP4 203.0.113.77`."""
    studio = Studio()
    phone = studio.phone("leg", rtcp=("203.0.113.77", 9_999))
    apart = studio.network.bind("203.0.113.77", 9_999)
    apart.sendto(rtcp.build(1, "n", 0.0, None, None), (phone.server[0], phone.server[1] + 1))
    studio.run(0.1)
    columns = studio.engine._table.columns
    assert columns.foreign[0] == 0 and columns.reported_at[0] > 0


def test_reports_from_strangers_are_dropped_and_counted() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 1.0))
    studio.run(0.5)
    stranger = studio.network.bind("198.51.100.66", 666)
    stranger.sendto(rtcp.build(1, "n", 0.0, None, None), (phone.server[0], phone.server[1] + 1))
    studio.run(0.1)
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None and studio.engine._reports.stats(leg).foreign == 1 and leg.rtcp_to is None


def test_a_leg_without_a_packet_has_stats_of_nothing() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None and studio.engine._reports.stats(leg) == LegStats(codec="pcmu")


def test_levels_count_from_overload() -> None:
    assert _dbov(0.0) == -127.0 and _dbov(1e-12) == -127.0
    assert _dbov(32768.0**2) == 0.0
    assert _dbov(32768.0**2 / 2) == pytest.approx(-3.0, abs=0.02)


def test_a_clean_leg_scores_what_the_e_model_allows_and_a_lossy_one_less() -> None:
    """ITU-T G.107"""
    scores = []
    for loss in (0.0, 0.05):
        studio = Studio()
        phone = studio.phone("leg")
        chance = random.Random(4)
        phone.say(tone(500, 20.0))
        while phone.script:
            if chance.random() < loss:
                phone.script[0] = None
                phone.sequence += 1
            studio.run(0.02)
        studio.engine.execute(Release(phone.leg))
        score = studio.of(Released)[0].stats.mos
        assert score is not None
        scores.append(score)
    assert scores[0] == pytest.approx(4.4, abs=0.02) and 3.6 < scores[1] < 4.2


def test_too_little_audio_has_no_score() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 0.5))
    studio.run(0.6)
    studio.engine.execute(Release(phone.leg))
    assert studio.of(Released)[0].stats.mos is None


OPUS, L16, G722 = Codec("opus", 111, 48_000), Codec("l16", 96, 16_000), Codec("g722", 9)


@pytest.mark.parametrize("milliseconds", [20, 60])
@pytest.mark.parametrize(("sent", "spoken"), [(PCMU, OPUS), (OPUS, PCMU), (L16, OPUS), (G722, L16)])
def test_jitter_is_told_by_the_clock_of_what_the_peer_speaks(
    sent: Codec, spoken: Codec, milliseconds: int
) -> None:
    """§6.4.1, RFC 3264 §6.1: either side may send any codec that both named."""
    studio = Studio()
    phone = studio.phone("leg", law=spoken, connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), sent, (sent, spoken), None))
    samples = spoken.clock_rate * milliseconds // 1000
    # SILK frames of 20 or 60 ms (RFC 6716 §3.1).
    opus = bytes([{20: 0x48, 60: 0x58}[milliseconds]]) + bytes(20)
    payload = {"opus": opus, "l16": bytes(2 * samples)}.get(spoken.name, bytes(samples))
    for _ in range(4_000 // milliseconds):
        phone.send(payload, samples=samples)
        studio.run(milliseconds / 1000)
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.packets_received == 4_000 // milliseconds and stats.malformed == 0
    assert stats.jitter_ms < 1


@pytest.mark.parametrize("milliseconds", [20, 60])
@pytest.mark.parametrize("codec", [PCMU, OPUS, L16], ids=["pcmu", "opus", "l16"])
def test_senders_reports_count_the_octets_of_what_was_sent(codec: Codec, milliseconds: int) -> None:
    """§6.4.1: of payload, header and padding left out; keys too."""
    studio = Studio()
    phone = studio.phone("leg", law=codec, connect=False)
    remote = (phone.host, phone.port)
    studio.engine.execute(Connect(phone.leg, remote, codec, (codec,), DTMF, ptime_ms=milliseconds))
    studio.engine.execute(Echo(phone.leg))
    studio.run(0.5)
    studio.engine.execute(SendDigits(phone.leg, "7"))
    studio.run(2.5)
    studio.engine.execute(Release(phone.leg))
    data, _ = phone.rtcp.queue.pop()
    packets, octets = struct.unpack_from("!II", data, 20)
    assert packets == len(phone.received)
    assert octets == sum(len(packet.payload) for _, packet in phone.received)
