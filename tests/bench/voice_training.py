"""Makes `media/dsp/voice.json`: a small net trained on the even seeds of `tests/support/labelled.py`.

python -m tests.bench.voice_training      ten minutes; with the same seeds it gives the same weights
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np
from numpy.typing import NDArray

from media.dsp import voice
from media.dsp.vad import VoiceActivity
from media.dsp.voice import FIGURES, Likeness
from tests.support import labelled
from tests.support.sound import Pcm, frames

HIDDEN: Final = 16
EARLY: Final = slice(1, 16)
"Frames after the first clear one in which speech should be noticed."

Floats = NDArray[np.float64]


class Listener(Likeness):
    """Notes what it is asked about, and never says yes."""

    def __init__(self) -> None:
        self.asked: list[NDArray[np.float32]] = []

    def score(self, figures: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked.append(figures)
        return np.full(len(figures), -np.inf, np.float32)


class Open(VoiceActivity):
    """Remembers for which slots its listener was asked, frame by frame."""

    def __init__(self, slots: int) -> None:
        self.listener = Listener()
        super().__init__(slots, likeness=self.listener)
        self.slots: list[NDArray[np.int32]] = []

    def _figures(self, slots: NDArray[np.int32]) -> NDArray[np.float32]:
        self.slots.append(slots.copy())
        return super()._figures(slots)


def candidates(sounds: Sequence[Pcm]) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
    """Every moment at which the rules would have let speech begin: figures (n, FIGURES), sounds, frames."""
    longest = max(len(sound) for sound in sounds)
    legs = np.stack([frames(np.pad(sound, (0, longest - len(sound)))) for sound in sounds])
    rows = np.arange(len(sounds), dtype=np.int32)
    activity = Open(len(sounds))
    at: list[NDArray[np.intp]] = []
    for index in range(legs.shape[1]):
        known = len(activity.slots)
        activity.process(rows, np.ascontiguousarray(legs[:, index]), index * 0.02)
        at += [np.full(len(slots), index, np.intp) for slots in activity.slots[known:]]
    if not at:
        return np.empty((0, FIGURES), np.float32), np.empty(0, np.intp), np.empty(0, np.intp)
    return (
        np.concatenate(activity.listener.asked),
        np.concatenate(activity.slots).astype(np.intp),
        np.concatenate(at),
    )


def examples(seed: int, counts: dict[str, int]) -> tuple[Floats, Floats]:
    """Figures, and 1 for those of speech."""
    figures, labels = [], []
    for name, make in labelled.UNSPOKEN.items():
        if name not in counts:
            continue  # the echo guard answers for the agent's own voice
        found, _, _ = candidates([clip.pcm for clip in make(seed, counts[name])])
        figures.append(found)
        labels.append(np.zeros(len(found)))
    lines = [line for _, line in labelled.speech(seed, counts["speech"])]
    found, which, when = candidates([line.pcm for line in lines])
    after = when - np.array([line.clear for line in lines])[which]
    early = (after >= EARLY.start) & (after < EARLY.stop)
    figures.append(found[early])
    labels.append(np.ones(int(early.sum())))
    return np.concatenate(figures).astype(np.float64), np.concatenate(labels)


def fit(figures: Floats, labels: Floats, steps: int, seed: int = 0) -> dict[str, Floats]:
    """Adam on the cross entropy, both classes with the same weight."""
    random = np.random.default_rng(seed)
    mean, scale = figures.mean(axis=0), 1 / (figures.std(axis=0) + 1e-6)
    scaled = (figures - mean) * scale
    weight = np.where(labels > 0, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    net = [
        random.normal(0, 1 / np.sqrt(FIGURES), (FIGURES, HIDDEN)),
        np.zeros(HIDDEN),
        random.normal(0, 0.3, HIDDEN),
        np.zeros(1),
    ]
    first, second = [np.zeros_like(part) for part in net], [np.zeros_like(part) for part in net]
    for step in range(1, steps + 1):
        some = random.integers(0, len(labels), 1024)
        x, rate = scaled[some], 0.01 * (1 - step / (steps + 1))
        hidden = np.tanh(x @ net[0] + net[1])
        chance = 1 / (1 + np.exp(-np.clip(hidden @ net[2] + net[3], -30, 30)))
        error = (chance - labels[some]) * weight[some] / len(some)
        back = np.outer(error, net[2]) * (1 - hidden**2)
        slopes = [
            x.T @ back + 1e-3 * net[0],
            back.sum(axis=0),
            hidden.T @ error + 1e-3 * net[2],
            np.array([error.sum()]),
        ]
        for part, slope, m, v in zip(net, slopes, first, second, strict=True):
            m += 0.1 * (slope - m)
            v += 0.001 * (slope**2 - v)
            part -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    names = ("first", "first_bias", "second", "bias")
    return {"mean": mean, "scale": scale, **dict(zip(names, net, strict=True))}


def save(weights: dict[str, Floats], path: Path) -> None:
    rows = (f' "{name}": {json.dumps(np.round(value, 5).tolist())}' for name, value in weights.items())
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")


@click.command()
@click.option("--seeds", default=4, show_default=True, help="Even ones, from 2 on.")
@click.option("--count", default=240, show_default=True, help="Clips of music, and utterances, of each.")
@click.option("--steps", default=3_000, show_default=True)
@click.option("--to", type=click.Path(path_type=Path), default=Path(voice.__file__).with_name("voice.json"))
def main(seeds: int, count: int, steps: int, to: Path) -> None:
    counts = {"noise": count // 2, "ringback and tones": count // 4, "DTMF": count // 10}
    counts |= {"music": count, "speech": count}
    parts = []
    for seed in range(2, 2 * seeds + 1, 2):
        parts.append(examples(seed, counts))
        print(
            f"seed {seed}: {len(parts[-1][1])} moments, {parts[-1][1].mean():.0%} of them speech", flush=True
        )
    save(fit(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), steps), to)


if __name__ == "__main__":
    main()
