"""Makes `media/dsp/voice.json`: a small net trained on the even seeds of `tests/support/labelled.py`.

python -m tests.bench.voice_training --recorded FOLDER      ten minutes; same seeds and files, same weights

Synthesised music alone teaches too little of what callers on hold hear: `tests/support/recorded.py` says what
FOLDER holds. Ours was made of packages of Debian 12: music of asterisk-moh-opsound-wav, drascula-music,
fillets-ng-data, asc-music and pingus-data, voices of asterisk-core-sounds-en-wav and -es-wav,
asterisk-prompt-it-menardi-wav, klettres-data and fillets-ng-data, half of the pieces and of the speakers;
the other half was kept to judge by.
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
from media.dsp.voice import FAR, FIGURES, Likeness
from tests.support import labelled, recorded
from tests.support.labelled import Clip
from tests.support.sound import Pcm, frames
from tests.support.utterance import Line

HIDDEN: Final = 32
DECAY: Final = 2e-3
"Of the weights: how much they are kept small."
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
    clips = [
        make(seed, counts[name])
        for name, make in labelled.UNSPOKEN.items()
        if name in counts  # the echo guard answers for the agent's own voice
    ]
    return _moments(clips, labelled.speech(seed, counts["speech"]))


def recordings(folder: Path, seed: int) -> tuple[Floats, Floats]:
    return _moments([recorded.music(folder / "music", seed)], recorded.speech(folder / "speech", seed))


def _moments(unspoken: list[list[Clip]], spoken: list[tuple[str, Line]]) -> tuple[Floats, Floats]:
    figures, labels = [], []
    for clips in unspoken:
        found, _, _ = candidates([clip.pcm for clip in clips])
        figures.append(found)
        labels.append(np.zeros(len(found)))
    lines = [line for _, line in spoken]
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
    scaled = np.clip((figures - mean) * scale, -FAR, FAR)
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
            x.T @ back + DECAY * net[0],
            back.sum(axis=0),
            hidden.T @ error + DECAY * net[2],
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
@click.option("--seeds", default=3, show_default=True, help="Even ones, from 2 on.")
@click.option("--count", default=200, show_default=True, help="Clips of music, and utterances, of each.")
@click.option("--recorded", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--steps", default=4_000, show_default=True)
@click.option("--to", type=click.Path(path_type=Path), default=Path(voice.__file__).with_name("voice.json"))
def main(seeds: int, count: int, folder: Path | None, steps: int, to: Path) -> None:
    counts = {"noise": count * 3 // 5, "ringback and tones": count * 3 // 10, "DTMF": count * 3 // 25}
    counts |= {"music": count, "speech": count}
    parts = [_told(f"seed {seed}", examples(seed, counts)) for seed in range(2, 2 * seeds + 1, 2)]
    if folder is not None:
        parts.append(_told(str(folder), recordings(folder, 2)))
    figures, labels = (np.concatenate(all_of) for all_of in zip(*parts, strict=True))
    save(fit(figures, labels, steps), to)


def _told(name: str, part: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    print(f"{name}: {len(part[1])} moments, {part[1].mean():.0%} of them speech", flush=True)
    return part


if __name__ == "__main__":
    main()
