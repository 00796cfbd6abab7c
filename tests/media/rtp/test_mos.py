"""The E-model against the figures of G.107 and G.113."""

import pytest

from media.rtp.mos import rating, score


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


@pytest.mark.parametrize("codec", ["pcma", "g722", "opus", "l16"])
@pytest.mark.parametrize("loss", [0.0, 0.02, 0.1])
def test_all_codecs_are_rated_on_the_scale_of_g_711(codec: str, loss: float) -> None:
    """G.113 has no narrowband values for wideband codecs, whose concealment is like that of G.711."""
    assert rating(codec, loss, 1.0, 100.0) == rating("pcmu", loss, 1.0, 100.0)
