"""A store whose process is killed at a chosen boundary between a write and its answer.

`python -m tests.support.guillotine` reads lines `FOLDER SEED STORE` and forks a process for each. It works on
a store of its own (`sqlite` in the folder, or a URL) and sends itself SIGKILL at the boundary of its number.
What it was promised before, and what it had begun, stands in `FOLDER/said`, one line by one system call, so
that a kill loses none.
"""

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from config.schema import StoreLimits
from controlplane.store.batch import Batch, Written
from controlplane.store.folder import DataFolder
from controlplane.store.postgresql import PostgresWriter
from controlplane.store.sqlite import SqliteWriter
from controlplane.store.store import Store
from controlplane.store.voicemail import Voicemail
from controlplane.store.writing import statements
from edge.journal import CallId
from tests.support.journal import ACCOUNT, cdr, event, kept, open_call, removed

BOUNDARIES = 120
"Of one run, at least; a seed's kill is at one of them."


class Blade:
    """Counts boundaries, and falls at one."""

    def __init__(self, at: int) -> None:
        self._left = at

    def pass_(self) -> None:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Cut:
    """A connection with a boundary before and after each statement."""

    def __init__(self, connection: sqlite3.Connection, blade: Blade) -> None:
        self._connection = connection
        self._blade = blade

    def execute(self, *given: Any) -> object:
        return self._between(self._connection.execute, *given)

    def executemany(self, *given: Any) -> object:
        return self._between(self._connection.executemany, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _between(self, act: Any, *given: Any) -> object:
        self._blade.pass_()
        done = act(*given)
        self._blade.pass_()
        return done


def cut(writer: Any, blade: Blade) -> None:
    """Boundaries before and after each statement of the writer, its BEGIN and COMMIT included."""
    if isinstance(writer, SqliteWriter):
        writer._connection = Cut(writer._connection, blade)  # type: ignore[assignment]
        return
    assert isinstance(writer, PostgresWriter)
    write = writer.write

    def execute(batch: Batch) -> None:
        blade.pass_()
        with writer._connection.cursor() as cursor:
            for sql, rows in statements(batch, 1_000):
                cursor.executemany(sql.postgresql, rows)
                blade.pass_()

    def between(batch: Batch) -> Written:
        blade.pass_()
        written = write(batch)
        blade.pass_()
        return written

    writer._execute = execute  # type: ignore[method-assign]
    writer.write = between  # type: ignore[method-assign]


async def work(folder: Path, seed: int, url: str) -> None:
    chance = random.Random(seed)
    blade = Blade(chance.randrange(BOUNDARIES))
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000, url)
    cut(store._writer._connection, blade)
    journal = store.journal

    def say(text: str) -> None:
        os.write(said, f"{text}\n".encode())

    number = 0
    while True:
        number += 1
        aor = str(chance.randrange(5))
        gone = chance.random() < 0.2
        change = removed(aor) if gone else kept(aor, cseq=number, expires_at=1 << 50)
        say(f"asked {aor} {0 if gone else number}")

        def committed(good: bool, line: str = f"kept {aor} {0 if gone else number}") -> None:
            assert good, journal.last_error
            blade.pass_()
            say(line)
            blade.pass_()

        journal.promise([change], committed)
        call = open_call(f"call_{number}")
        journal.opened(call)
        journal.traced(call.id, [event("INVITE", message=b"x" * chance.randrange(2_000))])
        if chance.random() < 0.7:
            journal.closed(cdr(call.id))
        if chance.random() < 0.3:
            key = f"{ACCOUNT}/vm/{call.id}.wav"
            journal.message(Voicemail(key, ACCOUNT, "1001", CallId(call.id), "1002", number, 4_000))
        if chance.random() < 0.5:
            await store.flush()
            blade.pass_()
            say(f"flushed {number}")
        if number > 1_000:
            os._exit(3)  # the blade never fell: the caller sees it


def serve(work: Callable[[Path, int, str], Coroutine[Any, Any, None]]) -> None:
    for line in sys.stdin:
        folder, seed, url = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(work(Path(folder), int(seed), url))
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    serve(work)
