"""Reports about legs, read off a running engine (RFC 3550 §6.4)."""

import random

import pytest

from media.port import LegStats, Release, Released
from media.report import _dbov
from media.rtp import rtcp
from media.rtp.rtcp import Report
from tests.support.emulator import Path
from tests.support.phone import Phone, Studio, tone


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
