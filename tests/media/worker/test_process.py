"""The inside of a worker, without its process (`tests/media/worker/test_supervisor.py` has the process)."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.schema import MediaLimits
from media.agent.plane import Means
from media.engine import Engine
from media.port import AgentMessage, Allocate, Allocated, Detach, LegId, Released, Stats
from media.worker import process
from media.worker.message import Beat, Hello, Logged, Setup, Stop
from tests.support.address import loopback

LEG = LegId("call_1/1")


class Ends:
    """Stands in for the channel."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.is_full = False

    def send(self, value: object) -> None:
        self.told.append(value)

    def close(self) -> None:
        self.told.append("closed")

    def kinds(self) -> list[type]:
        return [type(value) for value in self.told]


@asynccontextmanager
async def worker(
    monkeypatch: pytest.MonkeyPatch, voice_model: str = ""
) -> AsyncIterator[tuple[process.Worker, Ends]]:
    monkeypatch.setattr(process, "BEAT", 0.02)
    monkeypatch.setattr(process, "_hurry", lambda: False)
    monkeypatch.setattr(process.Collector, "begin", lambda self: None)
    made, ends = process.Worker(), Ends()
    made.channel = ends  # type: ignore[assignment]  # it does what is used of one
    task = asyncio.create_task(made.run())
    await asyncio.sleep(0)
    made.received(Setup(MediaLimits(legs=4).model_dump(), (21_000, 21_019), voice_model=voice_model))
    try:
        yield made, ends
    finally:
        made.received(Stop())
        await task
        logging.getLogger().removeHandler(made._lines)


async def until(ends: Ends, kind: type) -> None:
    async with asyncio.timeout(5):
        while kind not in ends.kinds():
            await asyncio.sleep(0.005)


async def test_it_greets_obeys_beats_and_releases_what_is_left_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worker(monkeypatch) as (made, ends):
        assert ends.told == [Hello(False)]
        made.received(Allocate(LEG, loopback()))
        assert isinstance(ends.told[1], Allocated)
        await until(ends, Beat)
        beat = next(value for value in ends.told if isinstance(value, Beat))
        assert beat.gauges.engine.legs == 1 and beat.gauges.memory > 0
    assert Released in ends.kinds() and ends.told[-1] == "closed"


async def test_a_worker_asks_the_same_voice_model_as_the_daemon_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Means] = []

    def engine(*given: object, means: Means, **others: object) -> Engine:
        seen.append(means)
        return Engine(*given, means=means, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "Engine", engine)
    async with worker(monkeypatch, voice_model="/models/silero_vad.onnx"):
        assert [means.voice_model for means in seen] == ["/models/silero_vad.onnx"]


async def test_a_command_that_cannot_be_carried_out_costs_itself_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with worker(monkeypatch) as (made, ends):
        made.received(object())
        assert [value.level for value in ends.told if isinstance(value, Logged)] == [logging.ERROR]
        made.received(Allocate(LEG, loopback()))
        made.received(Detach(LEG))
        assert Allocated in ends.kinds()


async def test_what_can_be_left_out_is_when_the_daemon_lags(monkeypatch: pytest.MonkeyPatch) -> None:
    async with worker(monkeypatch) as (made, ends):
        ends.is_full = True
        made._emit(AgentMessage(LEG, True, "media"))
        made._emit(Allocated(LEG, 5))
        assert Stats not in ends.kinds() and AgentMessage not in ends.kinds() and Allocated in ends.kinds()
        await until(ends, Beat)
        assert [value.gauges.dropped for value in ends.told if isinstance(value, Beat)][-1] == 1


async def test_log_lines_are_told_only_so_many_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async with worker(monkeypatch) as (_, ends):
        for number in range(process.LINES + 10):
            logging.getLogger("noise").warning("%d %s", number, "x" * 10_000)
        lines = [value for value in ends.told if isinstance(value, Logged)]
        assert len(lines) == process.LINES and len(lines[0].text) == process.CHARACTERS
        ends.told.clear()
        await until(ends, Logged)
        last = next(value for value in ends.told if isinstance(value, Logged))
        assert last.text == "10 more lines were not told"


def test_the_collector_of_this_process_was_let_be() -> None:
    assert gc.isenabled()
