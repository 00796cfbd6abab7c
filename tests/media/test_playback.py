"""Prompts of one leg: gap-free, counted as sent, without a click at the end."""

import numpy as np

from media.codec.g711 import LINEAR_TO_ALAW, LINEAR_TO_ULAW, ULAW_TO_LINEAR
from media.codec.table import ALAW, ULAW
from media.playback import Item, Playback
from media.port import LegId, Played

LEG = LegId("leg")


def prompt(item: Item | None, *values: int) -> Item:
    """Give `item` one frame of each sample value."""
    assert item is not None
    pcm = np.repeat(np.array(values, np.int16), 160).view(np.uint16)
    item.frames = (LINEAR_TO_ULAW[pcm].data.cast("B"), LINEAR_TO_ALAW[pcm].data.cast("B"))
    return item


def start(*, limit: int = 8) -> Playback:
    return Playback(LEG, limit)


def hear(playback: Playback, law: int = ULAW) -> tuple[np.ndarray, list[Played]]:
    out = np.zeros(160, np.uint8)
    played = playback.frame(law, out.data)
    return out, played


def test_prompts_follow_each_other_without_a_gap() -> None:
    playback = start()
    prompt(playback.queue("a", loop=False), 1000, 2000)
    prompt(playback.queue("b", loop=False), 3000)
    heard, told = [], []
    while playback.is_audible():
        frame, played = hear(playback)
        heard.append(int(ULAW_TO_LINEAR[frame[0]]))
        told += played
    assert [round(value, -3) for value in heard] == [1000, 2000, 3000]
    assert told == [Played(LEG, "a", 40, True), Played(LEG, "b", 20, True)]


def test_a_loop_goes_on_until_it_is_stopped() -> None:
    playback = start()
    prompt(playback.queue("a", loop=True), 1000, 2000)
    for _ in range(7):
        assert hear(playback)[1] == []
    assert playback.stop("a") == []
    assert hear(playback)[1] == [Played(LEG, "a", 160, False)]
    assert not playback.is_audible()


def test_a_stopped_prompt_fades_from_where_it_was_to_silence_within_10_ms() -> None:
    playback = start()
    prompt(playback.queue("a", loop=False), *[8000] * 50)
    hear(playback)
    playback.stop(None)
    pcm = ULAW_TO_LINEAR[hear(playback)[0]].astype(int)
    assert abs(pcm[0] - 8000) < 300 and (pcm[80:] == 0).all()
    assert np.abs(np.diff(pcm)).max() < 800


def test_each_leg_gets_its_own_codec() -> None:
    playback = start()
    prompt(playback.queue("a", loop=True), 4000)
    assert hear(playback, ULAW)[0][0] == LINEAR_TO_ULAW[4000]
    assert hear(playback, ALAW)[0][0] == LINEAR_TO_ALAW[4000]


def test_a_prompt_being_loaded_keeps_its_place() -> None:
    playback = start()
    slow = playback.queue("slow", loop=False)
    prompt(playback.queue("fast", loop=False), 3000)
    assert not playback.is_audible()
    prompt(slow, 1000)
    assert playback.is_audible()
    assert [hear(playback)[1][0].play for _ in range(2)] == ["slow", "fast"]


def test_stopping_what_was_not_heard_yet_is_told_at_once() -> None:
    playback = start()
    prompt(playback.queue("a", loop=False), 1000, 1000)
    prompt(playback.queue("b", loop=False), 1000)
    hear(playback)
    assert playback.stop("b") == [Played(LEG, "b", 0, False)]
    assert playback.stop("nobody") == []


def test_the_end_of_the_leg_tells_of_every_prompt_once() -> None:
    playback = start()
    prompt(playback.queue("a", loop=False), 1000, 1000)
    prompt(playback.queue("b", loop=False), 1000)
    hear(playback)
    assert [(p.play, p.milliseconds, p.finished) for p in playback.end()] == [
        ("a", 20, False),
        ("b", 0, False),
    ]
    assert not playback.is_audible() and playback.end() == []


def test_the_queue_is_bounded() -> None:
    playback = start(limit=2)
    assert playback.queue("a", loop=False) and playback.queue("b", loop=False)
    assert playback.queue("c", loop=False) is None


def test_a_prompt_that_cannot_be_loaded_makes_way() -> None:
    playback = start()
    bad = playback.queue("bad", loop=False)
    prompt(playback.queue("good", loop=False), 1000)
    assert bad is not None
    assert playback.drop(bad, "no such file") == [Played(LEG, "bad", 0, False, "no such file")]
    assert playback.drop(bad) == [] and playback.is_audible()


def test_a_prompt_without_audio_is_over_when_its_turn_comes() -> None:
    playback = start()
    prompt(playback.queue("a", loop=False), 1000)
    prompt(playback.queue("empty", loop=True))
    assert playback.pass_empty() == []
    assert [played.play for played in hear(playback)[1]] == ["a", "empty"]
    assert not playback.is_audible()
