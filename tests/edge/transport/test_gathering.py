"""What many connections bring in one round of the loop is handed up together."""

import asyncio
from collections.abc import Sequence

from edge.sip.flow import Flow, Received, Transport
from edge.transport.gathering import Gathering


class Upper:
    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    def receive(self, batch: Sequence[Received], now: float) -> None:
        self.batches.append([data for data, _ in batch])

    def unreachable(self, flow: Flow, now: float) -> None: ...
    def closed(self, flow: Flow) -> None: ...
    def needs(self, flow: Flow) -> bool:
        return False


def flow(number: int) -> Flow:
    return Flow(Transport.TCP, ("192.0.2.7", 5000 + number), 0, number)


async def test_a_round_of_the_loop_is_one_batch_in_order() -> None:
    upper = Upper()
    gathering = Gathering(upper, asyncio.get_running_loop())
    for number in range(5):
        gathering.put(b"%d" % number, flow(number))
    assert upper.batches == []
    await asyncio.sleep(0)
    assert upper.batches == [[b"0", b"1", b"2", b"3", b"4"]]
    await asyncio.sleep(0)
    assert len(upper.batches) == 1


async def test_it_does_not_grow_without_end() -> None:
    upper = Upper()
    gathering = Gathering(upper, asyncio.get_running_loop())
    for number in range(150):
        gathering.put(b"%d" % number, flow(number))
    assert [len(batch) for batch in upper.batches] == [64, 64]
    await asyncio.sleep(0)
    assert [len(batch) for batch in upper.batches] == [64, 64, 22]


async def test_what_there_is_goes_up_before_a_connection_is_gone() -> None:
    upper = Upper()
    gathering = Gathering(upper, asyncio.get_running_loop())
    gathering.flush()
    gathering.put(b"last words", flow(1))
    gathering.flush()
    assert upper.batches == [[b"last words"]]
