"""How soon is speech noticed, how often is it missed, and how often is something else taken for it?

python -m tests.bench.voice --seed 1      an odd seed: nobody has tuned on it
python -m tests.bench.voice --silero silero_vad.onnx      as for agents with `vad: silero`
python -m tests.bench.voice --files FOLDER      music on hold, say, that you have, instead of what is made
python -m tests.bench.voice --people FOLDER     recorded words that you have, likewise

Issue 2, must be shown 4; issue 5: false triggers ≤ 1 % of each class, speech missed ≤ 2 %. The unit is a clip
of ten seconds, in which one start of speech is one too many.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from media.agent.echo import EchoGuard
from media.agent.second_opinion import Answer, Batch, SecondOpinion
from media.dsp.vad import VoiceActivity
from media.silero import UNITS, Model
from tests.support import labelled, recorded
from tests.support.disturbance import NOISES
from tests.support.labelled import Clip
from tests.support.sound import Pcm, at_level, frames, silence, with_noise
from tests.support.utterance import Line, on_a_line, utterances

SPEECH_LEVELS: Final = (-12.0, -20.0, -28.0, -35.0)
NOISE_LEVELS: Final = (-15.0, -25.0, -38.0)
NEVER: Final = 10**6


class Prompt:
    """A judge whose answers are there one tick later."""

    def __init__(self, model: Model, slots: int) -> None:
        self._model = model
        self._state = np.zeros((2, slots, UNITS), np.float32)
        self._answers: list[Answer] = []

    def ask(self, batch: Batch) -> bool:
        state = self._state[:, batch.slots]
        state[:, batch.fresh] = 0.0
        probability, self._state[:, batch.slots] = self._model.judge(batch.windows, state)
        self._answers.append(Answer(batch, probability))
        return True

    def answers(self) -> list[Answer]:
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None: ...


def starts(sounds: Sequence[Pcm], model: Model | None = None) -> list[list[int]]:
    """Frames in which speech was noticed, of each sound."""
    return heard([Clip("", sound) for sound in sounds], model)


def heard(clips: Sequence[Clip], model: Model | None = None) -> list[list[int]]:
    """The same of clips; where the agent talks, its own echo is known to the guard."""
    found: list[list[int]] = [[] for _ in clips]
    longest = max(len(clip.pcm) for clip in clips)

    def legs(sounds: Sequence[Pcm]) -> Pcm:
        return np.stack([frames(np.pad(sound, (0, longest - len(sound)))) for sound in sounds])

    came = legs([clip.pcm for clip in clips])
    sent = legs([clip.sent for clip in clips if clip.sent is not None]) if clips[0].sent is not None else None
    rows = np.arange(len(clips), dtype=np.int32)
    activity, guard = VoiceActivity(len(clips), asked=len(clips)), EchoGuard(len(clips))
    opinion = SecondOpinion(len(clips), lambda: Prompt(model, len(clips)))  # type: ignore[arg-type]  # not without
    for slot in rows.tolist() if model is not None else ():
        opinion.begin(slot)
    for index in range(came.shape[1]):
        frame = np.ascontiguousarray(came[:, index])
        others = guard.heard(rows, frame) if sent is not None else []
        now = index * 0.02
        started, stopped = activity.process(rows, frame, now)
        began = [slot for slot in started if opinion.started(slot, now)] + opinion.hear(rows, frame, now)
        for slot in [*others, *(slot for slot in began if sent is None or not guard.suspects(slot))]:
            found[slot].append(index)
        for slot in stopped:
            opinion.stopped(slot)
            guard.forget(slot)
        if sent is not None:
            guard.sent(rows, np.ascontiguousarray(sent[:, index]))
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


def delays(lines: Sequence[Line], model: Model | None = None) -> list[int]:
    """Milliseconds from the first clear frame to the decision; `NEVER` for what was missed."""
    found = starts([line.pcm for line in lines], model)
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
@click.option("--count", default=100, show_default=True, help="Clips of 10 s of each class.")
@click.option("--spoken", "lines", default=320, show_default=True, help="Utterances.")
@click.option("--limit", default=200, show_default=True, help="Milliseconds; the later ones are named.")
@click.option("--silero", type=click.Path(exists=True), help="Ask this network too.")
@click.option(
    "--files", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Of what is no speech."
)
@click.option(
    "--people",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Files that begin with speech.",
)
def main(
    seed: int, count: int, lines: int, limit: int, silero: str | None, files: Path | None, people: Path | None
) -> None:
    classes: dict[str, Callable[[int, int], list[Clip]]] = labelled.UNSPOKEN
    if files is not None:
        classes = {files.name: lambda seed, count: labelled.from_files(files, seed, count)}
    model = None if silero is None else Model(silero)
    table = Table(title=f"seed {seed}", title_justify="left")
    for heading in ("class", "clips", "taken for speech", "of which"):
        table.add_column(heading)
    for name, make in classes.items():
        clips = make(seed, count)
        false = Counter(clip.name for clip, times in zip(clips, heard(clips, model), strict=True) if times)
        named = ", ".join(f"{kind} {n}" for kind, n in false.most_common())
        table.add_row(name, f"{len(clips)} of 10 s", f"{false.total() / len(clips):.1%}", named)
    said = labelled.speech(seed, lines) if people is None else recorded.speech(people, seed)[:lines]
    late = np.array(delays([line for _, line in said], model))
    percentiles = ", ".join(f"p{p} {np.percentile(late, p):.0f}" for p in (50, 90, 95))
    missed = np.mean(late == NEVER)
    table.add_row("speech", f"{len(late)} utterances", f"{1 - missed:.1%}", f"{missed:.1%} missed")
    console = Console(width=120)
    console.print(table)
    console.print(
        f"speech: {np.mean(late <= limit):.1%} within {limit} ms of its first clear frame; {percentiles} ms"
    )
    for (name, _), delay in zip(said, late.tolist(), strict=True):
        if delay > limit:
            console.print(f"  {'never' if delay == NEVER else delay} {name}", markup=False)


if __name__ == "__main__":
    main()
