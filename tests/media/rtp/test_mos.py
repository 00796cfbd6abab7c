"""The E-model against the figures of G.107 and G.113."""

import pytest

from media.codec import g711, g722, l16, opus
from media.codec.table import NUMBER, impairment
from media.rtp import mos
from media.rtp.mos import BEST_R, score


def rating(codec: str, loss: float, burstiness: float, delay_ms: float) -> float:
    return mos.rating(*impairment(NUMBER[codec]), loss, burstiness, delay_ms)


@pytest.mark.parametrize(
    ("r", "mos"),
    [
        (93.2, 4.41),
        (90, 4.34),
        (80, 4.03),
        (70, 3.60),
        (60, 3.10),
        (50, 2.58),
        (0, 1.0),
        (-5, 1.0),
        (100, 4.5),
    ],
)
def test_the_score_is_that_of_annex_b(r: float, mos: float) -> None:
    """G.107 Table B.1"""
    assert score(r) == pytest.approx(mos, abs=0.01)


def test_a_clean_call_is_as_good_as_the_model_allows() -> None:
    assert score(rating("pcmu", 0.0, 1.0, 20.0)) == pytest.approx(4.4, abs=0.02)


def test_loss_costs_what_g_113_says_of_g_711_with_concealment() -> None:
    """Bpl 25.1: Ie,eff of 5 % is 15.8."""
    assert rating("pcma", 0.0, 1.0, 0.0) - rating("pcma", 0.05, 1.0, 0.0) == pytest.approx(15.78, abs=0.05)


def test_bursts_hurt_more_than_single_losses() -> None:
    assert rating("pcmu", 0.05, 3.0, 0.0) < rating("pcmu", 0.05, 1.0, 0.0) - 1


def test_delay_begins_to_hurt_at_177_ms() -> None:
    ratings = [rating("opus", 0.0, 1.0, delay) for delay in (0, 150, 300)]
    assert ratings[0] - ratings[1] < 4 < 13 < ratings[1] - ratings[2] < 18


def test_everything_lost_is_the_worst() -> None:
    assert score(rating("pcmu", 1.0, 1.0, 0.0)) < 2.0 and score(rating("pcmu", 1.0, 50.0, 500.0)) == 1.0


@pytest.mark.parametrize(
    ("ie", "bpl", "percent", "burstiness", "effective"),
    [
        (0, 4.3, 1, 1.0, 17.92),  # G.711 without concealment
        (0, 25.1, 3, 1.0, 10.14),  # G.711, Appendix I
        (11, 19.0, 2, 1.0, 19.0),  # G.729A with VAD
        (5, 10.0, 5, 1.0, 35.0),  # GSM-EFR
        (15, 16.1, 4, 2.0, 32.68),  # G.723.1 at 6.3 kbit/s, in bursts
    ],
)
def test_loss_impairs_as_clause_7_5_says(
    ie: float, bpl: float, percent: float, burstiness: float, effective: float
) -> None:
    """G.107 §7.5 (7-29) with Ie and Bpl of G.113, Tables I.1 to I.4, worked out by hand."""
    assert BEST_R - mos.rating(ie, bpl, percent / 100, burstiness, 0.0) == pytest.approx(effective, abs=0.01)


@pytest.mark.parametrize(
    ("codec", "clean", "lossy"),
    [
        ("pcmu", 4.41, 3.92),
        ("pcma", 4.41, 3.92),
        ("l16", 4.41, 3.92),
        ("g722", 4.41, 3.51),
        ("opus", 4.41, 3.18),
    ],
)
def test_each_codec_loses_by_its_own_robustness(codec: str, clean: float, lossy: float) -> None:
    """Clean ones are alike, as they are on the narrowband scale; 5 % of loss cost G.722 and Opus more."""
    scores = [score(rating(codec, loss, 1.0, 0.0)) for loss in (0.0, 0.05)]
    assert scores == pytest.approx([clean, lossy], abs=0.01)


def test_rows_of_the_table_hold_their_own_codecs_factors() -> None:
    factors = {name: impairment(number) for name, number in NUMBER.items()}
    assert factors == {
        "pcmu": g711.IMPAIRMENT,
        "pcma": g711.IMPAIRMENT,
        "g722": g722.IMPAIRMENT,
        "opus": opus.IMPAIRMENT,
        "l16": l16.IMPAIRMENT,
    }
