"""How a leg sounds, as a mean opinion score, by the E-model (ITU-T G.107, simplified).

::

    delay ─▶ Id ──────╮
    loss  ─▶ Ie,eff ──┴─▶ R = 93.2 − Id − Ie,eff ─▶ MOS 1.0 … 4.4

All other impairments have G.107's defaults (R0 − Is = 93.2, A = 0). Loss is what had to be concealed:
lost on the way, or too late. The score is on the narrowband scale, for wideband codecs too, so that legs
can be compared; G.722 and Opus sound better than their number.
"""

from typing import Final

from config.value import dataclass

BEST_R: Final = 93.2
_ADDED: Final = 95.0  # Ie,eff of nothing but loss, G.107 §7.5


@dataclass(frozen=True, slots=True)
class Impairment:
    """Of a codec with its concealment (ITU-T G.113, Appendix I)."""

    equipment: float
    "Ie: without loss."
    robustness: float
    "Bpl: against loss."


_G711: Final = Impairment(0.0, 25.1)
_CODECS: Final = {"g722": Impairment(0.0, 25.1), "opus": Impairment(0.0, 25.1)}
"G.113 has no narrowband values for these; with like concealment they lose like G.711."


def rating(codec: str, loss: float, burstiness: float, delay_ms: float) -> float:
    """The transmission rating R.

    Args:
        loss: share of frames that had to be concealed, 0 to 1.
        burstiness: mean length of a gap, over that of independent loss (BurstR, G.107 §7.5), 1 or more.
        delay_ms: mouth to ear, one way.
    """
    impairment = _CODECS.get(codec, _G711)
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    ie = impairment.equipment
    effective = ie + (_ADDED - ie) * percent / (percent / max(burstiness, 1.0) + impairment.robustness)
    # G.107's Idd, as the usual two straight lines (Cole and Rosenbluth): within 1 below 400 ms.
    delayed = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    return BEST_R - delayed - effective


def score(rating: float) -> float:
    """R → MOS-CQE (G.107 Annex B), 1.0 to 4.5."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
