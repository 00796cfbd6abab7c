"""Workers as processes: started, watched, replaced, ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from config.schema import MediaLimits
from media.gauges import VoiceGauges
from media.port import Allocate, Allocated, Event, LegId, Lost, Refused, Release, Released
from media.worker.supervisor import REASON, WorkerError, Workers, WorkerState, shares
from tests.support.address import loopback

A, B = LegId("a/1"), LegId("b/1")
LIMITS = MediaLimits(legs=8, worker_silence=2.0)


@asynccontextmanager
async def fleet(count: int = 1) -> AsyncIterator[tuple[Workers, list[Event]]]:
    events: list[Event] = []
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: object) -> object:
        tasks.append(asyncio.create_task(work))  # type: ignore[arg-type]  # a coroutine
        return tasks[-1]

    made = Workers(
        count,
        LIMITS,
        (22_000, 22_099),
        events.append,
        spawn,
        lambda leg: leg.partition("/")[0],
        backoff=(0.01,),
    )
    try:
        await made.start()
        yield made, events
    finally:
        await made.release_all()
        made.close()
        await asyncio.gather(*tasks)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def allocated(events: list[Event]) -> dict[LegId, int]:
    return {event.leg: event.port for event in events if isinstance(event, Allocated)}


def pid_of(made: Workers, worker: int) -> int:
    child = made._processes[worker]._child
    assert child is not None
    return child.pid


def up(made: Workers) -> list[WorkerState]:
    return [state for state in made.states() if state.up]


async def test_a_worker_that_dies_or_hangs_costs_its_legs_and_is_replaced() -> None:
    async with fleet(2) as (made, events):
        address = loopback()
        for leg in (A, B):
            made.execute(Allocate(leg, address))
        await until(lambda: len(allocated(events)) == 2)
        ports = allocated(events)
        assert ports[A] < 22_050 <= ports[B], "each has its own share"
        await until(lambda: made.gauges().legs == 2)
        assert made.gauges().voices == VoiceGauges()
        assert made.share(1.0) < 0.4, "how busy our own loop is says nothing of theirs"
        os.kill(pid_of(made, 0), signal.SIGKILL)
        await until(lambda: Lost(A, REASON) in events)
        assert not any(isinstance(event, Lost) and event.leg == B for event in events)
        await until(lambda: len(up(made)) == 2)
        assert [state.starts for state in made.states()] == [2, 1]
        os.kill(pid_of(made, 1), signal.SIGSTOP)
        await until(lambda: Lost(B, REASON) in events)
        await until(lambda: len(up(made)) == 2)
        made.execute(Allocate(A, address))
        await until(lambda: len(allocated(events)) == 2 and events[-1] == Allocated(A, allocated(events)[A]))
        made.execute(Release(A))
        await until(lambda: isinstance(events[-1], Released))
        pids = [pid_of(made, worker) for worker in (0, 1)]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_workers_that_never_come_up_refuse_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    monkeypatch.setattr("media.worker.supervisor.START_SECONDS", 0.5)
    made = Workers(
        1,
        LIMITS,
        (22_000, 22_099),
        events.append,
        asyncio.create_task,
        lambda leg: leg,
        command=(sys.executable, "-c", "raise SystemExit(3)"),
        backoff=(0.1,),
    )
    with pytest.raises(WorkerError, match="worker 0"):
        await made.start()
    made.execute(Allocate(A, loopback()))
    assert isinstance(events[0], Refused)
    await made.release_all()
    made.close()


def test_the_ports_are_dealt_out_in_whole_pairs() -> None:
    assert shares((20_000, 29_999), 2) == [(20_000, 24_999), (25_000, 29_999)]
    assert shares((20_001, 20_014), 3) == [(20_002, 20_005), (20_006, 20_009), (20_010, 20_014)]
    with pytest.raises(WorkerError):
        shares((20_000, 20_003), 3)
