"""Silero's voice detector in a thread of its own: the extra `silero`, and a file that the operator brings.

The graph is that of `silero_vad.onnx`, versions 5 and 6, with both rates in one file::

    input f32[n, 32 + 256] · state f32[2, n, 128] · sr i64 ─▶ output f32[n, 1] · stateN f32[2, n, 128]

onnxruntime lets go of the interpreter while it computes, on one thread. The state of every slot lives here.
"""

import logging
import queue
import threading
from collections import deque
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from media.agent.second_opinion import CONTEXT, WINDOW, Answer, Batch

INSTALL: Final = "the voice detector silero needs the extra silero: pip install -e '.[silero]'"
RATE: Final = 8000
UNITS: Final = 128
"Of the network's memory, twice."

log = logging.getLogger(__name__)


class ModelError(Exception):
    """There is no such detector; the message says why."""


class Model:
    """The network itself; raises `ModelError` for a file that holds another one."""

    def __init__(self, path: str) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - optional extra
        except ImportError:
            raise ModelError(INSTALL) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # it warns of weights that its own export left unused
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            windows = np.linspace(-1, 1, 2 * (CONTEXT + WINDOW), dtype=np.float32).reshape(2, -1)
            nothing = np.zeros((2, 2, UNITS), np.float32)
            found, state = self.judge(windows, nothing)
            # A file for 16 kHz alone does not look at the rate.
            alone = np.array_equal(found, self._ask(windows, nothing, 16_000)[0])
        except Exception as error:  # its exceptions have no base of their own
            why = str(error).partition("\n")[0][:200]
            raise ModelError(f"{path} is not Silero's silero_vad.onnx: {why}") from None
        if found.shape != (2,) or state.shape != (2, 2, UNITS):
            raise ModelError(f"{path} is not Silero's silero_vad.onnx: its answers have other shapes")
        if alone:
            raise ModelError(f"{path} knows one rate alone: take silero_vad.onnx, which knows 8 kHz too")

    def judge(
        self, windows: NDArray[np.float32], state: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probability of a voice (k,) in windows (k, 288), and the state after them, both (2, k, 128)."""
        return self._ask(windows, state, RATE)

    def _ask(
        self, windows: NDArray[np.float32], state: NDArray[np.float32], rate: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        given = {"input": windows, "state": state, "sr": np.array(rate, np.int64)}
        output, after = self._session.run(["output", "stateN"], given)
        return output[:, 0], after


class Silero:
    """A `media.agent.second_opinion.Judges`.

    Args:
        batches: so many may wait; what comes then is not taken.
        model: makes the network, in the thread.
    """

    def __init__(self, path: str, slots: int, batches: int, model: Any = Model) -> None:
        self._path = path
        self._model = model
        self._state = np.zeros((2, slots, UNITS), np.float32)
        self._asked: queue.Queue[Batch | None] = queue.Queue(batches)
        self._answers: deque[Answer] = deque(maxlen=2 * batches)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="silero", daemon=True)
        self._thread.start()

    def ask(self, batch: Batch) -> bool:
        try:
            self._asked.put_nowait(batch)
        except queue.Full:
            return False
        return True

    def answers(self) -> list[Answer]:
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def close(self) -> None:
        self._closed = True
        # A full queue wakes the thread as well.
        if not self._asked.full():
            self._asked.put_nowait(None)

    def _run(self) -> None:
        try:
            model = self._model(self._path)
        except ModelError as error:
            log.error("%s; voice detection goes on without it", error)
            return
        while (batch := self._asked.get()) is not None and not self._closed:
            try:
                self._judge(model, batch)
            except Exception:
                log.exception("the voice detector has failed; voice detection goes on without it")
                return

    def _judge(self, model: Model, batch: Batch) -> None:
        state = self._state[:, batch.slots]
        state[:, batch.fresh] = 0.0
        probability, after = model.judge(batch.windows, state)
        self._state[:, batch.slots] = after
        self._answers.append(Answer(batch, probability))
