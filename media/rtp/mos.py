"""How a leg sounds, as a mean opinion score, by the E-model (ITU-T G.107, simplified).

::

    delay ─▶ Id ──────╮
    loss  ─▶ Ie,eff ──┴─▶ R = 93.2 − Id − Ie,eff ─▶ MOS 1.0 … 4.4

All other impairments have G.107's defaults (R0 − Is = 93.2, A = 0). Loss is what had to be concealed:
lost on the way and not restored (FEC of Opus), or too late. Ie and Bpl are those of the codec's row in
`codec/table.py`. The score is on the narrowband scale for all, so that legs can be compared: what G.722 and
Opus have above 4 kHz earns nothing, but what they lose costs what it is worth.
"""

from typing import Final

BEST_R: Final = 93.2
_ADDED: Final = 95.0  # Ie,eff of nothing but loss, G.107 §7.5


def rating(ie: float, bpl: float, loss: float, burstiness: float, delay_ms: float) -> float:
    """The transmission rating R.

    Args:
        ie: equipment impairment factor of the codec, without loss.
        bpl: packet-loss robustness factor of the codec with its concealment.
        loss: share of frames that had to be concealed, 0 to 1.
        burstiness: mean length of a gap, over that of independent loss (BurstR, G.107 §7.5), 1 or more.
        delay_ms: mouth to ear, one way.
    """
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    effective = ie + (_ADDED - ie) * percent / (percent / max(burstiness, 1.0) + bpl)
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
