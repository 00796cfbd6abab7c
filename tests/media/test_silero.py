"""The thread and the file: a network of five nodes stands for Silero's, which has a test of its own."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media.agent.second_opinion import CONTEXT, WINDOW, Answer, Batch
from media.silero import UNITS, Model, ModelError, Silero
from tests.support.onnx import loudness

Floats = NDArray[np.float32]


def batch(slots: list[int], *, fresh: bool = False, level: float = 0.0) -> Batch:
    windows = np.full((len(slots), CONTEXT + WINDOW), level, np.float32)
    rows = np.array(slots, np.int32)
    return Batch(rows, np.ones(len(slots), np.int64), np.full(len(slots), fresh), windows, 1.0)


def wait(silero: Silero, count: int) -> list[Answer]:
    found: list[Answer] = []
    deadline = time.monotonic() + 60
    while len(found) < count and time.monotonic() < deadline:
        found += silero.answers()
        time.sleep(0.001)
    return found


class Counting:
    """Probability is how many windows of the slot came before."""

    def __init__(self, path: str) -> None:
        pass

    def judge(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
        return state[0, :, 0].copy(), state + 1


def test_a_file_is_asked_in_the_terms_of_silero(tmp_path: Path) -> None:
    file = tmp_path / "loudness.onnx"
    file.write_bytes(loudness())
    silero = Silero(str(file), 8, 4)
    assert silero.ask(batch([5, 1], fresh=True, level=-0.75))
    (answer,) = wait(silero, 1)
    assert answer.probability.tolist() == [6_000, 6_000]
    silero.close()
    _, state = Model(str(file)).judge(
        np.zeros((3, CONTEXT + WINDOW), np.float32), np.zeros((2, 3, UNITS), np.float32)
    )
    assert state.shape == (2, 3, UNITS) and (state == 1).all()


def test_a_file_with_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.onnx"
    file.write_bytes(b"not a model")
    for path in (file, tmp_path / "missing.onnx"):
        with pytest.raises(ModelError, match=r"\.onnx is not Silero's silero_vad\.onnx"):
            Model(str(path))
    file.write_bytes(loudness(axis=0))
    with pytest.raises(ModelError, match="other shapes"):
        Model(str(file))
    file.write_bytes(loudness(rates=False))
    with pytest.raises(ModelError, match="one rate alone"):
        Model(str(file))


def test_without_onnxruntime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install -e '\.\[silero\]'"):
        Model("silero_vad.onnx")


def test_each_slot_has_its_own_memory_and_a_new_user_begins_without() -> None:
    silero = Silero("", 8, 8, Counting)
    assert silero.ask(batch([3, 5], fresh=True))
    assert silero.ask(batch([5]))
    assert silero.ask(batch([5, 3]))
    assert silero.ask(batch([3], fresh=True))
    assert silero.ask(batch([3, 5]))
    assert [answer.probability.tolist() for answer in wait(silero, 5)] == [[0, 0], [1], [2, 1], [0], [1, 3]]
    silero.close()


def test_what_is_too_much_is_not_taken_and_nobody_waits() -> None:
    go, begun = threading.Event(), threading.Event()

    class Slow(Counting):
        def judge(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
            begun.set()
            go.wait(60)
            return super().judge(windows, state)

    silero = Silero("", 8, 2, Slow)
    assert silero.ask(batch([0]))
    assert begun.wait(60)
    assert [silero.ask(batch([0])) for _ in range(3)] == [True, True, False]
    silero.close()
    go.set()
    silero._thread.join(60)
    assert not silero._thread.is_alive()


def test_a_network_that_fails_is_told_of_once_and_costs_nobody_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Counting):
        def judge(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
            raise RuntimeError("out of memory")

    for silero in (Silero("", 8, 1, Broken), Silero("missing.onnx", 8, 1)):
        silero.ask(batch([0]))
        silero._thread.join(60)
        assert not silero._thread.is_alive()
        assert silero.answers() == []
        silero.ask(batch([0]))
        assert not silero.ask(batch([0]))
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
