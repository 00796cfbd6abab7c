"""What was promised is there after `kill -9`, wherever it cuts (design §3, durability)."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.schema import StoreLimits
from controlplane.store import call
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from tests.support.database import new_database, rows

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", range(6))
async def test_every_promise_survives_kill_9(tmp_path: Path, seed: int) -> None:
    database = new_database(tmp_path)
    promised = _cut_off(tmp_path, random.Random(seed).uniform(0.05, 0.25))
    assert promised
    left_open = {str(name) for (name,) in rows(database, "SELECT id FROM open_call")}

    store = await Store.open(DataFolder.open(tmp_path), StoreLimits(), lambda: 1)
    held = {binding.aor: binding.cseq for binding in store.take_bindings()}
    assert all(held.get(aor, 0) >= cseq for aor, cseq in promised.items())
    assert store.interrupted == len(left_open)
    async with store.engine.connect() as connection:
        found = {row.id: row.disposition for row in await call.latest(connection, limit=100_000)}
    assert {name for name, how in found.items() if how == "interrupted"} == left_open
    await store.close()
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


def _cut_off(folder: Path, seconds: float) -> dict[str, int]:
    """Kill a process that writes after `seconds`; the last CSeq that it was promised for each AOR."""
    command = [sys.executable, "-m", "tests.support.committer", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdout is not None and child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.kill()
    promised: dict[str, int] = {}
    for line in child.stdout.read().decode().splitlines():
        aor, cseq = line.split()
        promised[aor] = max(promised.get(aor, 0), int(cseq))
    child.stdout.close()
    child.wait()
    return promised
