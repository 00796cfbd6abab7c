"""A copy of the database while a daemon writes to it, and whether a database is whole.

SQLite's own online backup: pages are copied in steps, and what is written meanwhile is copied again.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from controlplane.store.error import StoreError

PAGES: Final = 1_000
"Copied in one step; between two the writer gets its turn."
PAUSE: Final = 0.005
"Between two steps [s]."
MAGIC: Final = b"SQLite format 3\0"
"What every database begins with."


def back_up(database: Path, to: Path) -> int:
    """Copy `database` to `to`, which is whole or not there, and private; its size [bytes].

    An older copy is replaced. Raises `StoreError` when there is nothing to copy, the place cannot be written
    or holds what is no copy, or the copy is damaged.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        if to.exists() and (no_copy := _no_copy(database, to)):
            raise StoreError(f"backup {to}: {no_copy}; choose another file")
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with _reading(database) as source, contextlib.closing(sqlite3.connect(part)) as copy:
            source.backup(copy, pages=PAGES, sleep=PAUSE)
            # The copy is one file, without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        if (found := trouble(part)) != "":
            raise StoreError(f"database {database}: the copy is damaged: {found}; run tandem doctor")
        part.replace(to)
        return to.stat().st_size
    except sqlite3.Error as error:
        raise StoreError(f"database {database}: {error}") from None
    except OSError as error:
        raise StoreError(f"backup {to}: {error.strerror}; choose another file") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _no_copy(database: Path, to: Path) -> str:
    """Why what is there must not be replaced; empty when it is an older copy."""
    if database.exists() and to.samefile(database):
        return "this is the database itself"
    with to.open("rb") as file:
        return "" if file.read(len(MAGIC)) in (MAGIC, b"") else "it exists and is no copy of a database"


def trouble(
    database: Path, seconds: float = float("inf"), clock: Callable[[], float] = time.perf_counter
) -> str | None:
    """The first thing that is wrong with a database, empty when it is whole; None: not known."""
    until = clock() + seconds
    with _reading(database) as connection:
        connection.set_progress_handler(lambda: int(clock() > until), 10_000)
        try:
            (first, *_) = [text for (text,) in connection.execute("PRAGMA quick_check(1)")]
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                return None
            return str(error)
        except sqlite3.Error as error:
            return str(error)
    return "" if first == "ok" else str(first).splitlines()[0]


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()
