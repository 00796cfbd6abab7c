"""How much one lost frame spoils, codec by codec: what Bpl of `media/codec/` rests on (ITU-T G.113)."""

from collections.abc import Callable

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from media.codec import g711, opus
from media.codec.table import NUMBER, Decoder, Encoder, impairment, wide
from media.dsp.conceal import Concealer
from tests.support.speech import speech

Lost = NDArray[np.bool_]
Heard = NDArray[np.float64]
TEXT = """The boat sailed slowly over the calm water while we were talking about nothing in particular, and
nobody answered the telephone all morning long. Please say your number after the tone, we call you back."""
BANDS = range(8, 108, 4)
"First bins of 125 Hz each, 250 to 3400 Hz: of all codecs what the narrowband scale is about."
FLOOR = 4e5
"Power of a band below which nothing is heard."


def companded(lost: Lost) -> Heard:
    pcm = _fit(speech(TEXT), len(lost) * 160)
    return _conceal(8_000, g711.ULAW_TO_LINEAR[g711.LINEAR_TO_ULAW[pcm.view(np.uint16)]], lost)


def wideband(name: str) -> Callable[[Lost], Heard]:
    row = wide(NUMBER[name])

    def heard(lost: Lost) -> Heard:
        pcm = _fit(soxr.resample(speech(TEXT), 8_000, 16_000), len(lost) * 320)
        encoder: Encoder = row.encoder()
        decoder: Decoder = row.decoder()
        frames, holes = np.zeros((len(lost), 320), np.int16), lost.copy()
        for number, frame in enumerate(pcm.reshape(-1, 320)):
            payload = encoder.encode(frame)
            if not lost[number]:
                frames[number] = decoder.decode(payload)
            elif isinstance(decoder, opus.OpusDecoder):
                frames[number], holes[number] = decoder.conceal(b"")[0], False
        return soxr.resample(_conceal(16_000, frames.ravel(), holes), 16_000, 8_000)

    return heard


def _fit(signal: Heard, samples: int) -> NDArray[np.int16]:
    return np.resize(np.clip(signal * 32767, -32768, 32767).astype(np.int16), samples)


def _conceal(rate: int, pcm: NDArray[np.int16], lost: Lost) -> Heard:
    concealer, row = Concealer(1, rate), np.zeros(1, np.int32)
    frames = pcm.reshape(len(lost), -1)
    parts = [
        concealer.process(row, frame[None, :].copy(), hole[None])[0]
        for frame, hole in zip(frames, lost, strict=True)
    ]
    return np.concatenate(parts).astype(np.float64)


def _spectra(heard: Heard) -> Heard:
    """Levels in dB, one row for each 10 ms."""
    windows = np.lib.stride_tricks.sliding_window_view(heard, 256)[::80] * np.hanning(256)
    power = np.abs(np.fft.rfft(windows)) ** 2
    return 10 * np.log10(np.stack([power[:, at : at + 4].sum(1) for at in BANDS], axis=1) + FLOOR)


def spoiled(heard: Callable[[Lost], Heard]) -> float:
    """Distortion of the spectrum by each lost frame, in dB times 10 ms."""
    frames = len(speech(TEXT)) // 160
    clean, costs = _spectra(heard(np.zeros(frames, np.bool_))), []
    for seed in range(8):
        lost = np.random.default_rng(seed).random(frames) < 0.05
        distance = np.sqrt(((_spectra(heard(lost)) - clean) ** 2).mean(1))
        costs.append(distance.sum() / lost.sum())
    return float(np.mean(costs))


@pytest.mark.parametrize("name", ["l16", "g722", "opus"])
def test_robustness_is_to_that_of_g711_as_what_a_lost_frame_spoils(name: str) -> None:
    """At little loss R falls by (95 − Ie) / Bpl for each percent (G.107 §7.5)."""
    times = spoiled(wideband(name)) / spoiled(companded)
    assert g711.IMPAIRMENT[1] / impairment(NUMBER[name])[1] == pytest.approx(times, rel=0.15)
