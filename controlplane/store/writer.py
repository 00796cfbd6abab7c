"""One thread that commits batches, in the order in which they come."""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from controlplane.store.batch import Batch, Written


class Connection(Protocol):
    def write(self, batch: Batch) -> Written: ...
    def close(self) -> None: ...


class Writer(Protocol):
    """What the journal needs: `finished` comes on the loop, later, never from inside `submit`."""

    def submit(self, batch: Batch, finished: Callable[[Written], None]) -> None: ...


class WriterThread:
    """A `Writer`; the connection is used in the thread alone.

    A plain queue and one wake-up of the loop cost a third of what an executor and its two futures do.
    """

    def __init__(
        self, connection: Connection, call_soon_threadsafe: Callable[..., object], name: str = "store"
    ) -> None:
        self._connection = connection
        self._wake = call_soon_threadsafe
        # The journal hands over one batch at a time, so this never grows.
        self._inbox: queue.SimpleQueue[tuple[Batch, Callable[[Written], None]] | None] = queue.SimpleQueue()
        # A daemon thread: a broken start must not hang the interpreter's exit. `close` joins it.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, batch: Batch, finished: Callable[[Written], None]) -> None:
        self._inbox.put((batch, finished))

    def close(self) -> None:
        """Blocks until what was submitted is written and the connection is closed."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._inbox.get()) is not None:
            batch, finished = item
            try:
                written = self._connection.write(batch)
            except Exception as error:  # ours to fix; but without this thread nothing is ever kept again
                written = Written((False,) * len(batch.promises), committed=False, error=repr(error))
            try:
                self._wake(finished, written)
            except RuntimeError:  # the loop has gone; nobody waits any more
                break
        self._connection.close()
