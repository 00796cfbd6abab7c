"""How soon is speech noticed, and how often is something else taken for it? (issue 2, must be shown 4)

python -m tests.bench.voice --seed 1      a set that nobody has tuned on: any other seed
"""

from collections import Counter
from collections.abc import Sequence

import click
import numpy as np

from media.dsp.vad import VoiceActivity
from tests.support.disturbance import MUSIC, NOISES, melody
from tests.support.sound import Pcm, at_level, frames, silence, with_noise
from tests.support.utterance import Line, on_a_line, utterances

SPEECH_LEVELS = (-12.0, -20.0, -28.0, -35.0)
NOISE_LEVELS = (-15.0, -25.0, -38.0)
NEVER = 10**6


def starts(sounds: Sequence[Pcm]) -> list[list[int]]:
    """Frames in which speech was noticed, of each sound."""
    found: list[list[int]] = [[] for _ in sounds]
    longest = max(len(sound) for sound in sounds)
    legs = np.stack([frames(np.pad(sound, (0, longest - len(sound)))) for sound in sounds])
    rows = np.arange(len(sounds), dtype=np.int32)
    activity = VoiceActivity(len(sounds))
    for index in range(legs.shape[1]):
        for slot in activity.process(rows, np.ascontiguousarray(legs[:, index]), index * 0.02)[0]:
            found[slot].append(index)
    return found


def spoken(count: int, seed: int) -> dict[str, Line]:
    """Every utterance at every level, in noise 25 to 50 dB below it."""
    random = np.random.default_rng(seed)
    lines = {}
    for utterance in utterances(count, seed):
        for level in SPEECH_LEVELS:
            below = level - random.choice([25, 35, 50])
            line = on_a_line(utterance, level, max(below, -75.0), int(random.integers(1 << 30)))
            if line is not None:
                lines[f"{utterance.name} at {level:.0f}"] = line
    return lines


def delays(lines: Sequence[Line]) -> list[int]:
    """Milliseconds from the first clear frame to the decision; `NEVER` for what was missed."""
    found = starts([line.pcm for line in lines])
    return [
        next(((at - line.clear) * 20 for at in times if at >= line.begins), NEVER)
        for line, times in zip(lines, found, strict=True)
    ]


def unspoken(count: int, seed: int, seconds: float = 10.0) -> list[tuple[str, Pcm]]:
    """`count` of each noise at each level, over the noise of the line."""
    random = np.random.default_rng(seed)
    return [
        (name, _on_a_line(make(random), level, seconds, random))
        for name, make in NOISES.items()
        for level in NOISE_LEVELS
        for _ in range(count)
    ]


def music(count: int, seed: int) -> list[tuple[str, Pcm]]:
    random = np.random.default_rng(seed)
    return [
        (style, _on_a_line(melody(random, style), -20.0, 10.0, random))
        for style in MUSIC
        for _ in range(count)
    ]


def mistaken(sounds: Sequence[tuple[str, Pcm]]) -> Counter[str]:
    """Names of those that were taken for speech."""
    found = starts([pcm for _, pcm in sounds])
    return Counter(name for (name, _), times in zip(sounds, found, strict=True) if times)


def _on_a_line(sound: np.ndarray, level: float, seconds: float, random: np.random.Generator) -> Pcm:
    lead = np.concatenate([silence(0.5), at_level(sound[: int(seconds * 8000)].astype(np.float64), level)])
    below = level - random.choice([20, 35, 50])
    return with_noise(lead, max(below, -75.0), int(random.integers(1 << 30)))


@click.command()
@click.option("--seed", default=1, show_default=True)
@click.option("--count", default=120, show_default=True, help="Utterances, each at four levels.")
@click.option("--limit", default=200, show_default=True, help="Milliseconds.")
def main(seed: int, count: int, limit: int) -> None:
    lines = spoken(count, seed)
    late = np.array(delays(list(lines.values())))
    percentiles = ", ".join(f"p{p} {np.percentile(late, p):.0f}" for p in (50, 95, 99))
    print(f"{len(late)} lines: {np.mean(late <= limit):.1%} within {limit} ms; {percentiles} ms")
    for name, delay in zip(lines, late.tolist(), strict=True):
        if delay > limit:
            print(f"  {'never' if delay == NEVER else delay} {name}")
    for title, sounds in (("noises and tones", unspoken(6, seed)), ("music", music(10, seed))):
        false = mistaken(sounds)
        print(f"{title}: {false.total()} of {len(sounds)} clips of 10 s taken for speech {dict(false)}")


if __name__ == "__main__":
    main()
