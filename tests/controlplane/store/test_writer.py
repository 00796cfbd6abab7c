"""The thread that commits."""

import asyncio

from controlplane.store.batch import Batch, Written
from controlplane.store.writer import WriterThread
from tests.support.journal import kept


class Recorder:
    def __init__(self, broken: bool = False) -> None:
        self.written: list[Batch] = []
        self.closed = False
        self._broken = broken

    def write(self, batch: Batch) -> Written:
        if self._broken:
            raise RuntimeError("a bug")
        self.written.append(batch)
        return Written((True,) * len(batch.promises), committed=True)

    def close(self) -> None:
        self.closed = True


async def test_batches_are_written_in_order_and_answered_on_the_loop() -> None:
    connection = Recorder()
    loop = asyncio.get_running_loop()
    writer = WriterThread(connection, loop.call_soon_threadsafe)
    batches = [Batch(promises=[(kept(str(number)),)]) for number in range(10)]
    answers: list[asyncio.Future[Written]] = []
    for batch in batches:
        answer: asyncio.Future[Written] = loop.create_future()
        writer.submit(batch, answer.set_result)
        answers.append(answer)
    assert all(written.kept == (True,) for written in await asyncio.gather(*answers))
    assert connection.written == batches
    await asyncio.to_thread(writer.close)
    assert connection.closed


async def test_a_bug_below_fails_the_batch_and_not_the_thread() -> None:
    loop = asyncio.get_running_loop()
    writer = WriterThread(Recorder(broken=True), loop.call_soon_threadsafe)
    for _ in range(2):
        answer: asyncio.Future[Written] = loop.create_future()
        writer.submit(Batch(promises=[(kept(),)]), answer.set_result)
        written = await answer
        assert written.kept == (False,) and not written.committed and "a bug" in written.error
    await asyncio.to_thread(writer.close)
