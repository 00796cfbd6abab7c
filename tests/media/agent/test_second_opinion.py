"""Who is asked, whose word counts, and what happens when the judge is late or the slot has another user."""

import itertools

import numpy as np

from media.agent.plane import Means
from media.agent.second_opinion import CONTEXT, WINDOW, Answer, Batch, SecondOpinion
from media.gauges import VoiceGauges
from media.port import AgentInterrupted, AgentOptions, Interruption
from tests.support.agent import TICK, Bench

NEURAL = AgentOptions(interruption=Interruption(neural=True, echo_guard=False))


class FakeJudge:
    """Answers when told to, with one probability for all."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.asked: list[Batch] = []
        self.ready: list[Answer] = []
        self.closed = False

    def ask(self, batch: Batch) -> bool:
        if len(self.asked) >= self.room:
            return False
        self.asked.append(batch)
        return True

    def answer(self, probability: float) -> None:
        for batch in self.asked:
            self.ready.append(Answer(batch, np.full(len(batch.slots), probability, np.float32)))
        self.asked = []

    def answers(self) -> list[Answer]:
        ready, self.ready = self.ready, []
        return ready

    def close(self) -> None:
        self.closed = True


class Desk:
    """A second opinion on slots 0 and 1 of four, with one judge and a hand clock."""

    def __init__(self, room: int = 100) -> None:
        self.judge = FakeJudge(room)
        self.opinion = SecondOpinion(4, lambda: self.judge)
        self.now = 100.0

    def hear(self, level: int = 0, *slots: int) -> list[int]:
        self.now += TICK
        rows = np.array(slots or (0,), np.int32)
        return self.opinion.hear(rows, np.full((len(rows), 160), level, np.int16), self.now)

    def listen(self, probability: float, frames: int = 8) -> None:
        for _ in range(frames):
            self.hear()
            self.judge.answer(probability)


def test_without_an_agent_that_asks_nobody_is_made_and_the_gate_decides() -> None:
    made: list[FakeJudge] = []

    def make() -> FakeJudge:
        made.append(FakeJudge())
        return made[-1]

    opinion = SecondOpinion(4, make)
    assert opinion.hear(np.array([0], np.int32), np.zeros((1, 160), np.int16), 1.0) == []
    assert opinion.started(0, 1.0) and opinion.stopped(0)
    opinion.close()
    assert not made


def test_windows_follow_one_another_with_what_was_before_them() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    for level in range(8):
        desk.hear(level * 1024)
    windows = [batch.windows[0] for batch in desk.judge.asked]
    heard = np.repeat(np.arange(8) / 32, 160).astype(np.float32)
    assert [len(window) for window in windows] == [CONTEXT + WINDOW] * 5
    assert np.array_equal(np.concatenate([window[CONTEXT:] for window in windows]), heard)
    assert not windows[0][:CONTEXT].any()
    for before, after in itertools.pairwise(windows):
        assert np.array_equal(after[:CONTEXT], before[-CONTEXT:])
    assert [bool(batch.fresh[0]) for batch in desk.judge.asked] == [True, False, False, False, False]


def test_all_that_are_full_go_as_one_batch_and_those_who_do_not_ask_never() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.opinion.begin(2)
    for _ in range(2):
        desk.hear(0, 2, 1, 0)
    assert [batch.slots.tolist() for batch in desk.judge.asked] == [[2, 0]]


def test_a_voice_that_was_heard_already_is_speech_at_once() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.listen(0.9)
    assert desk.opinion.started(0, desk.now)
    assert desk.opinion.stopped(0)
    assert (desk.opinion.vetoed, desk.opinion.late) == (0, 0)


def test_a_voice_that_is_heard_a_moment_later_is_speech_then() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.listen(0.1)
    assert not desk.opinion.started(0, desk.now)
    at = desk.now
    desk.hear()
    desk.hear()
    desk.judge.answer(0.9)
    assert desk.hear() == [0]
    assert desk.now - at < 0.061
    assert desk.hear() == []


def test_what_the_judge_takes_for_noise_is_none_till_it_hears_a_voice() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.listen(0.1)
    assert not desk.opinion.started(0, desk.now)
    for _ in range(100):
        assert desk.hear() == []
        desk.judge.answer(0.24)
    assert not desk.opinion.stopped(0)
    assert desk.opinion.stopped(0)
    assert (desk.opinion.vetoed, desk.opinion.late) == (1, 0)


def test_for_a_judge_who_is_late_the_gate_waits_40_ms() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.listen(0.1)
    for _ in range(10):
        desk.hear()
    assert not desk.opinion.started(0, desk.now)
    assert desk.hear() == []
    assert desk.hear() == [0]
    assert desk.opinion.late == 1
    assert desk.opinion.stopped(0)


def test_what_the_judge_does_not_take_is_counted_and_the_next_window_is_still_the_first() -> None:
    desk = Desk(room=0)
    desk.opinion.begin(0)
    for _ in range(8):
        desk.hear()
    assert desk.opinion.dropped == 5
    desk.judge.room = 100
    for _ in range(2):
        desk.hear()
    assert [bool(batch.fresh[0]) for batch in desk.judge.asked] == [True]


def test_an_answer_about_the_slots_last_user_says_nothing_about_the_next() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    for _ in range(3):
        desk.hear(20_000)
    desk.opinion.end(0)
    desk.opinion.begin(0)
    desk.judge.answer(0.9)
    desk.hear()
    assert not desk.opinion.started(0, desk.now)
    desk.hear()
    batch = desk.judge.asked[-1]
    assert batch.fresh[0] and not batch.windows.any()


def test_nobody_waits_for_a_slot_that_no_longer_asks() -> None:
    desk = Desk()
    desk.opinion.begin(0)
    desk.opinion.begin(1)
    assert not desk.opinion.started(0, desk.now)
    desk.opinion.end(0)
    assert [desk.hear(0, 0, 1) for _ in range(4)] == [[]] * 4


def test_an_agent_that_asks_is_interrupted_by_a_voice_and_by_nothing_else() -> None:
    judge = FakeJudge()
    bench = Bench(means=Means(voice_model="silero.onnx"), judge=lambda path, slots, batches: judge)
    line = bench.attach(options=NEURAL, barge_in=True)
    noise = np.zeros((1, 160), np.int16)

    def hear(probability: float, ticks: int = 8) -> None:
        for _ in range(ticks):
            bench.speak()
            bench.hear(noise)
            judge.answer(probability)

    line.listener.received_binary(memoryview(np.full(80_000, 9_000, np.int16).tobytes()))
    hear(0.1)
    bench.plane.speech([0], [], bench.now)
    hear(0.1)
    bench.plane.speech([], [0], bench.now)
    assert not [event for event in bench.events if isinstance(event, AgentInterrupted)]
    assert bench.plane.voices() == VoiceGauges(vetoed=1)
    bench.plane.speech([0], [], bench.now)
    hear(0.9, 3)
    assert [event for event in bench.events if isinstance(event, AgentInterrupted)]


def test_an_agent_that_does_not_ask_is_interrupted_at_once() -> None:
    bench = Bench(means=Means(voice_model="silero.onnx"))
    line = bench.attach(barge_in=True)
    line.listener.received_binary(memoryview(np.full(80_000, 9_000, np.int16).tobytes()))
    bench.speak()
    bench.plane.speech([0], [], bench.now)
    assert [event for event in bench.events if isinstance(event, AgentInterrupted)]
