"""`kill -9` at every boundary of what operators and callers make: keys, objects, imports, callbacks, uploads.

`pytest tests/crash/test_administration.py --kills 200` makes so many runs on each database; CI makes fewer.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from controlplane.store import audit
from controlplane.store.table import VOICEMAIL
from edge.acd.callback import callback_of
from tests.support.administration import Office
from tests.support.database import Database
from tests.support.scaffold import MEDIA, MEDIA_BYTES

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(540)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_was_answered_is_there_and_the_rest_is_whole_or_absent(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    runs = request.config.getoption("--kills")
    forge = _forge()
    assert forge.stdin is not None and forge.stdout is not None
    kept = 0
    for seed in range(runs):
        folder = tmp_path / str(seed)
        folder.mkdir()
        database = Database.new(kind, folder)
        forge.stdin.write(f"{folder} {seed} {database.url}\n")
        forge.stdin.flush()
        assert int(forge.stdout.readline()) == signal.SIGKILL, f"seed {seed} was not cut"
        kept += await judge(database)
        shutil.rmtree(folder)
    forge.stdin.close()
    assert forge.wait(60) == 0
    forge.stdout.close()
    assert kept > runs, "hardly anything was answered before the cut: the test shows nothing"


def _forge() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.scaffold"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)


async def judge(database: Database) -> int:
    """How many answers were given, all of them true after the cut too."""
    said = [line.split() for line in (database.folder / "said").read_text().splitlines()]
    kept = [line[1:] for line in said if line[0] == "kept"]
    store = await database.store(lambda: 1_000_000)
    callbacks = [callback_of(one) for one in store.take_keepsakes()]
    office = Office(store)

    held = {
        (key[1], key[2]): _mark(key[1], document)
        for key, document in office.shelf.documents.items()
        if key[1] != "tools"
    }
    assert not office.shelf.left_out, "what is there is served"
    pair = office.shelf.documents.get(("acc_demo", "tools", "pair"))
    assert (None if pair is None else pair["description"]) == held.get(("users", "3000")), "all or nothing"
    for kind, name in {(line[1], line[2]) for line in said if line[1] in ("users", "flows")}:
        of = [(line[0], line[3]) for line in said if line[1:3] == [kind, name]]
        last = max((place for place, (word, _) in enumerate(of) if word == "kept"), default=-1)
        allowed = {mark for _, mark in of[max(last, 0) :]} | ({"-"} if last < 0 else set())
        assert held.get((kind, name), "-") in allowed, (kind, name, of)

    revoked = {line[2] for line in said if line[1] == "revoked"}
    certain = {name for kind, name, _ in kept if kind == "revoked"}
    for kind, name, id in kept:
        if kind == "key":
            key = office.ring.of(name)
            assert id in revoked if key is None else id not in certain
        elif kind == "callback":
            assert any(about is not None and about.id == name for about in callbacks)

    async with store.engine.connect() as reader:
        deeds = {(deed.kind, deed.name) for deed in await audit.latest(reader, 10_000)}
        rows = set((await reader.execute(sa.select(VOICEMAIL.c.key))).scalars())
    assert held.keys() <= deeds, "who made it is known"
    files = {path: path.stat().st_size for path in (database.folder / MEDIA).rglob("*.wav")}
    assert set(files.values()) <= {MEDIA_BYTES}, "a file under its name is whole"
    there = {str(path.relative_to(database.folder / MEDIA)) for path in files}
    assert {name for kind, name, _ in kept if kind == "media"} <= rows <= there
    await store.close()
    return len(kept)


def _mark(kind: str, document: Mapping[str, object]) -> object:
    if kind == "users":
        return document["name"]
    nodes = document["nodes"]
    assert isinstance(nodes, dict)
    return nodes["bye"]["text"]
