"""A process that promises and writes until it is killed: `python -m tests.support.committer FOLDER`.

Every promise that was kept is one line `aor cseq` on stdout, written by one system call.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from config.schema import StoreLimits
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.journal import cdr, event, kept, open_call

PHONES = 20


async def run(folder: Path) -> None:
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: time.time_ns() // 1_000_000)
    journal = store.journal
    os.write(1, b"ready\n")
    number = 0
    while True:
        for _ in range(7):
            number += 1
            aor = str(number % PHONES)

            def committed(good: bool, line: str = f"{aor} {number}\n") -> None:
                assert good, journal.last_error
                os.write(1, line.encode())

            journal.promise([kept(aor, cseq=number, expires_at=1 << 50)], committed)
        call = open_call(f"call_{number}")
        journal.opened(call)
        journal.traced(call.id, [event("INVITE", message=b"x" * 500)])
        if number % 3:
            journal.closed(cdr(call.id))
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
