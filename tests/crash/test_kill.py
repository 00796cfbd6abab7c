"""`kill -9` at every boundary between a write and its answer: 270 seeded runs, each at one of them.

What was promised is there, what was begun is whole or absent, and no call is without its CDR, or has two.
"""

import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from controlplane.store import trace
from controlplane.store.table import CDR, OPEN_CALL, TRACE_CHUNK, VOICEMAIL
from tests.support.database import Database

ROOT = Path(__file__).parents[2]
RUNS = {"sqlite": 240, "postgresql": 30}
STEP = 15
"Runs of one test: few enough that processes share them out."

SEEDS = [(kind, range(first, first + STEP)) for kind, runs in RUNS.items() for first in range(0, runs, STEP)]


@pytest.mark.timeout(540)
@pytest.mark.parametrize(("kind", "seeds"), SEEDS, ids=[f"{kind}-{seeds.start}" for kind, seeds in SEEDS])
async def test_nothing_is_lost_wherever_the_kill_falls(tmp_path: Path, kind: str, seeds: range) -> None:
    forge = _forge()
    assert forge.stdin is not None and forge.stdout is not None
    promised = 0
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        database = Database.new(kind, folder)
        forge.stdin.write(f"{folder} {seed} {database.url}\n")
        forge.stdin.flush()
        assert int(forge.stdout.readline()) == signal.SIGKILL, f"seed {seed} was not cut"
        promised += await judge(database)
        shutil.rmtree(folder)
    forge.stdin.close()
    assert forge.wait(60) == 0
    forge.stdout.close()
    assert promised > len(seeds), "hardly anything was promised before the cut: the test shows nothing"


def _forge() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.guillotine"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)


async def judge(database: Database) -> int:
    """How many promises were kept, all of them after the cut too."""
    said = [line.split() for line in (database.folder / "said").read_text().splitlines()]
    left_open = {str(id) for (id,) in database.rows("SELECT id FROM open_call")}
    closed = {str(id) for (id,) in database.rows("SELECT id FROM cdr")}
    assert not left_open & closed, "a call is up or was, not both"
    flushed = max((int(line[1]) for line in said if line[0] == "flushed"), default=0)
    assert {f"call_{n}" for n in range(1, flushed + 1)} <= left_open | closed, "no call was lost"

    store = await database.store(lambda: 2_000)
    assert store.interrupted == len(left_open)
    assert _agree(said, {binding.aor: binding.cseq for binding in store.take_bindings()})
    async with store.engine.connect() as connection:
        ended = Counter((await connection.execute(sa.select(CDR.c.id))).scalars())
        assert set(ended) == left_open | closed and set(ended.values()) <= {1}
        assert (await connection.execute(sa.select(sa.func.count()).select_from(OPEN_CALL))).scalar() == 0
        for call in (await connection.execute(sa.select(TRACE_CHUNK.c.call_id).distinct())).scalars():
            assert await trace.of_call(connection, call), "what is kept of a trace can be read"
            assert call in ended, "a trace has its call"
        messages = set((await connection.execute(sa.select(VOICEMAIL.c.call_id))).scalars())
        assert messages <= set(ended)
    await store.close()
    if database.url == "sqlite":
        assert database.rows("PRAGMA integrity_check") == [("ok",)]
    return sum(line[0] == "kept" for line in said)


def _agree(said: list[list[str]], held: dict[str, int]) -> bool:
    """Whether each address has what it was promised last, or what was asked for after that."""
    for aor in {line[1] for line in said if line[0] == "asked"}:
        possible = [0]
        for what, of, cseq in (line for line in said if line[0] != "flushed"):
            if of == aor:
                possible = [int(cseq)] if what == "kept" else [*possible, int(cseq)]
        # Asked for before the last answer, and answered after it: its own line is missing alone.
        later = [int(line[2]) for line in said if line[0] == "asked" and line[1] == aor]
        answered = [int(line[2]) for line in said if line[0] == "kept" and line[1] == aor]
        allowed = set(possible) | set(later[len(answered) :])
        if held.get(aor, 0) not in allowed:
            return False
    return True
