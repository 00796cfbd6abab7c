"""Makes `media/dsp/timbre.npz`: a small net trained on what `media/dsp/voice.py` lets pass, or nearly so.

python -m tests.bench.timbre_training --recorded FOLDER      ten minutes; same seeds and files, same weights

`tests/support/recorded.py` says what FOLDER holds. Ours was made of packages of Debian 12, all of them free:
music of asc-music, colobot-common-sounds, fillets-ng-data, fretsonfire-songs-muldjord and -sectoid,
hyperrogue-music, lugaru-data, planetblupi-music-ogg, singularity-music, warzone2100-music and
wesnoth-1.16-music; voices of asterisk-core-sounds-en-wav and -es-wav, asterisk-prompt-it-menardi-wav,
fillets-ng-data-cs and -nl, ten languages of klettres-data, twelve of ktuberling-data and what
tuxpaint-stamps-default says, but in French; 900 files of a package at most. Pieces and people of other
packages are there to judge by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np
from numpy.typing import NDArray

from media.dsp import timbre
from media.dsp.timbre import BANDS, SPECTRA, STRIDE, Timbre, known, parts
from media.dsp.vad import VoiceActivity
from media.dsp.voice import Likeness
from tests.support import labelled, recorded
from tests.support.sound import Pcm, frames
from tests.support.utterance import Line

SIZES: Final = (5, 3, 3)
"Of the convolutions, in time."
CHANNELS: Final = 32
HIDDEN: Final = 32
DECAY: Final = 0.02
"Of the weights: how much they are kept small, each step times its rate."
PACES: Final = (0.84, 0.92, 1.0, 1.09, 1.19)
"Of recordings: more pieces and people than there are."
MADE: Final = ("noise", "ringback and tones", "DTMF", "music")
"Classes of what is no speech; the echo guard answers for the agent's own voice."
TOGETHER: Final = 400
"Sounds that are heard at once."
MOST: Final = 16
"Moments of one sound."

LENIENCE: Final = np.float32(4.0)
"So much less than `voice.py` demands will do here: there is more music to learn from."

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Moments:
    seen: NDArray[np.float16]
    "Shape (n, SPECTRA, BANDS)."
    likely: Floats
    voices: Floats
    "1 of speech, 0 of anything else."
    weights: Floats
    "How often each is trained on: those of one sound share what it has."


class Lenient(Likeness):
    def score(self, figures: Floats) -> Floats:
        return super().score(figures) + LENIENCE


class Listener(Timbre):
    """Notes what it is asked about, and never says yes."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots, None)
        self.asked: list[tuple[NDArray[np.int32], Floats, Floats]] = []

    def score(self, slots: NDArray[np.int32], likely: Floats) -> Floats:
        self.asked.append((slots, self.seen(slots), likely - LENIENCE))
        return np.full(len(slots), -np.inf, np.float32)


def moments(sounds: Sequence[Pcm], clear: Sequence[int], voice: bool, random: np.random.Generator) -> Moments:
    """Those at which a beginning would be let pass, from the frame after `clear` of each sound on."""
    seen, likely, weights = [], [], []
    order = np.argsort([len(sound) for sound in sounds], kind="stable")
    for begin in range(0, len(order), TOGETHER):
        of_all: list[list[tuple[Floats, np.float32]]] = [[] for _ in order[begin : begin + TOGETHER]]
        some = order[begin : begin + TOGETHER].tolist()
        longest = max(len(sounds[which]) for which in some)
        legs = np.stack([frames(np.pad(sounds[which], (0, longest - len(sounds[which])))) for which in some])
        rows, listener = np.arange(len(some), dtype=np.int32), Listener(len(some))
        activity = VoiceActivity(len(some), likeness=Lenient(), timbre=listener, asked=len(some))
        for index in range(legs.shape[1]):
            activity.process(rows, np.ascontiguousarray(legs[:, index]), index * 0.02)
            for slots, found, score in listener.asked:
                for n, slot in enumerate(slots.tolist()):
                    if index > clear[some[slot]]:
                        of_all[slot].append((found[n].astype(np.float16), score[n]))
            listener.asked.clear()
        for one in of_all:
            kept = sorted(random.permutation(len(one))[:MOST].tolist())
            seen += [one[n][0] for n in kept]
            likely += [one[n][1] for n in kept]
            weights += [max(1, len(kept)) ** -0.5] * len(kept)
    return Moments(
        np.array(seen, np.float16).reshape(-1, SPECTRA, BANDS),
        np.array(likely, np.float32),
        np.full(len(likely), voice, np.float32),
        np.array(weights, np.float32),
    )


def unspoken(clips: Iterable[labelled.Clip], random: np.random.Generator) -> Moments:
    sounds = [clip.pcm for clip in clips]
    return moments(sounds, [-1] * len(sounds), False, random)


def spoken(lines: Sequence[Line], music: Sequence[Pcm], random: np.random.Generator) -> Moments:
    """A quarter of the lines after music, another after other words and a pause."""
    sounds, clear = [], []
    for n, line in enumerate(lines):
        before: Pcm = np.zeros(0, np.int16)
        if n % 4 == 1:
            tune = music[int(random.integers(len(music)))]
            begin = int(random.integers(len(tune) // 2))
            before = tune[begin : begin + 160 * int(random.integers(50, 200))]
        elif n % 4 == 2:
            before = lines[int(random.integers(len(lines)))].pcm[: 160 * int(random.integers(60, 150))]
        before = before[len(before) % 160 :]
        sounds.append(np.concatenate([before, line.pcm]))
        clear.append(len(before) // 160 + line.clear)
    return moments(sounds, clear, True, random)


def fit(part: Moments, steps: int, seed: int = 0) -> dict[str, Floats]:
    """Adam on the cross entropy of moments drawn by their weights."""
    random = np.random.default_rng(seed)
    net: dict[str, Floats] = {}
    width, length = BANDS, SPECTRA

    def layer(name: str, inputs: int, outputs: int) -> None:
        net[name] = random.normal(0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        net[f"{name}_bias"] = np.zeros(outputs, np.float32)

    for n, size in enumerate(SIZES):
        layer(f"over_time_{n}", size * width, CHANNELS)
        width, length = CHANNELS, (length - size) // STRIDE + 1
    layer("first", length * width + 1, HIDDEN)
    layer("second", HIDDEN, 1)
    drawn = np.cumsum(part.weights, dtype=np.float64)
    first, second = ({name: np.zeros_like(value) for name, value in net.items()} for _ in range(2))
    for step in range(1, steps + 1):
        some = np.searchsorted(drawn, random.random(256) * drawn[-1])
        seen = _disturbed(part.seen[some].astype(np.float32), random)
        slopes = _slopes(net, seen, part.likely[some], part.voices[some])
        rate = np.float32(0.002 * (1 - step / (steps + 1)))
        for name, slope in slopes.items():
            first[name] += np.float32(0.1) * (slope - first[name])
            second[name] += np.float32(0.001) * (slope**2 - second[name])
            mean = first[name] / np.float32(1 - 0.9**step)
            spread = np.sqrt(second[name] / np.float32(1 - 0.999**step)) + np.float32(1e-8)
            kept = np.float32(0.0 if name.endswith("bias") else DECAY)
            net[name] -= rate * (mean / spread + kept * net[name])
        if step % 1000 == 0:
            print(f"{step} of {steps} steps", flush=True)
    return net


def _disturbed(seen: Floats, random: np.random.Generator) -> Floats:
    """A little louder or softer, and through another microphone."""
    louder, tilt = (random.normal(0, by, (len(seen), 1, 1)).astype(np.float32) for by in (0.06, 0.04))
    ramp = np.linspace(-1, 1, BANDS, dtype=np.float32)
    disturbed: Floats = np.maximum(seen + louder + tilt * ramp, np.float32(-1.0))
    return disturbed


def _slopes(net: dict[str, Floats], seen: Floats, likely: Floats, voices: Floats) -> dict[str, Floats]:
    """Of the mean cross entropy, by every weight."""
    taken, levels = [], [seen]
    for n in range(len(SIZES)):
        taken.append(parts(levels[-1], net[f"over_time_{n}"]))
        above = taken[-1] @ net[f"over_time_{n}"] + net[f"over_time_{n}_bias"]
        levels.append(np.maximum(above, np.float32(0.0)))
    everything = known(levels[-1], likely)
    hidden = np.tanh(everything @ net["first"] + net["first_bias"])
    score = (hidden @ net["second"] + net["second_bias"])[:, 0]
    error = ((1 / (1 + np.exp(-np.clip(score, -30, 30))) - voices) / np.float32(len(seen)))[:, None]
    slopes = {"second": hidden.T @ error, "second_bias": error.sum(axis=0)}
    back = error @ net["second"].T * (1 - hidden**2)
    slopes |= {"first": everything.T @ back, "first_bias": back.sum(axis=0)}
    below = (back @ net["first"].T)[:, :-1].reshape(levels[-1].shape)
    for n in reversed(range(len(SIZES))):
        below = below * (levels[n + 1] > 0)
        flat, wide = below.reshape(-1, CHANNELS), taken[n].shape[2]
        slopes[f"over_time_{n}"] = taken[n].reshape(-1, wide).T @ flat
        slopes[f"over_time_{n}_bias"] = flat.sum(axis=0)
        spread = below @ net[f"over_time_{n}"].T
        below = np.zeros_like(levels[n])
        for place in range(SIZES[n]):
            channels = levels[n].shape[2]
            until = place + STRIDE * (spread.shape[1] - 1) + 1
            below[:, place:until:STRIDE] += spread[:, :, place * channels : (place + 1) * channels]
    return slopes


def joined(shared: Sequence[tuple[float, Moments]]) -> Moments:
    """Each part with its share of what is trained on."""
    return Moments(
        np.concatenate([part.seen for _, part in shared]),
        np.concatenate([part.likely for _, part in shared]),
        np.concatenate([part.voices for _, part in shared]),
        np.concatenate([part.weights * np.float32(share / part.weights.sum()) for share, part in shared]),
    )


@click.command()
@click.option(
    "--recorded", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True
)
@click.option("--seeds", default=3, show_default=True, help="Even ones, from 2 on.")
@click.option(
    "--count", default=200, show_default=True, help="Clips and utterances that are made, of each seed."
)
@click.option("--steps", default=6_000, show_default=True)
@click.option("--to", type=click.Path(path_type=Path), default=timbre.WEIGHTS)
def main(folder: Path, seeds: int, count: int, steps: int, to: Path) -> None:
    taken: list[tuple[float, Moments]] = []

    def take(share: float, name: str, part: Moments) -> None:
        print(f"seed {seed}, {name}: {len(part.likely)} moments", flush=True)
        taken.append((share, part))

    for seed in range(2, 2 * seeds + 1, 2):
        random = np.random.default_rng([seed, 5])
        music = recorded.music(folder / "music", seed, PACES)
        take(0.34, "recorded music", unspoken(music, random))
        made = [clip for name in MADE for clip in labelled.UNSPOKEN[name](seed, count)]
        take(0.16, "what is made", unspoken(made, random))
        tunes = [clip.pcm for clip in music]
        people = [line for _, line in recorded.speech(folder / "speech", seed, PACES)]
        take(0.4, "recorded speech", spoken(people, tunes, random))
        lines = [line for _, line in labelled.speech(seed, count)]
        take(0.1, "speech that is made", spoken(lines, tunes, random))
    net = fit(joined(taken), steps)
    np.savez(to, **{name: value.astype(np.float16) for name, value in net.items()})  # type: ignore[arg-type]  # its stub


if __name__ == "__main__":
    main()
