"""What operators and callers make, in a process that is killed at a chosen boundary (`guillotine`).

Keys, objects one by one and by import, promised callbacks, uploads: each is `asked` before, and `kept` once
it was answered, in `FOLDER/said`. Files have boundaries too: before and after each rename and each fsync.
"""

import os
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from config.schema import StoreLimits
from controlplane.auth.principal import CLI
from controlplane.service.media import MediaService
from controlplane.store.folder import DataFolder
from controlplane.store.store import Store
from edge.acd.callback import Callback
from edge.error import Refusal
from edge.journal import CallId, KeepsakeChange
from tests.support.administration import Office
from tests.support.guillotine import Blade, cut, serve
from tests.support.journal import ACCOUNT

BOUNDARIES = 150
MEDIA_BYTES = 600_000
MEDIA = "media"


class Scaffold:
    def __init__(self, folder: Path, store: Store, chance: random.Random, blade: Blade) -> None:
        self._said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._blade = blade
        self._chance = chance
        self._store = store
        self._office = office = Office(store, 10_000)
        self._keys: list[str] = []
        self._media = MediaService(
            folder / MEDIA, store, office.directory, _no_call, lambda: office.now, 1 << 30
        )

    async def step(self, number: int) -> None:
        make = (self.key, self.user, self.flow, self.take_in, self.promise, self.upload)
        acts = (*make, self.revoke, self.remove)
        await self._chance.choice(acts)(f"n{number}")

    async def key(self, mark: str) -> None:
        made = await self._office.keys.create(CLI, mark, ["reports.read"])
        row = _good(made)
        self._keys.append(str(row["id"]))
        self._kept("key", str(row["key"]), str(row["id"]))

    async def revoke(self, mark: str) -> None:
        if self._keys:
            id = self._chance.choice(self._keys)
            self._asked("revoked", id, mark)
            _good(await self._office.keys.revoke(CLI, id))
            self._kept("revoked", id, mark)

    async def user(self, mark: str) -> None:
        await self._put("users", f"200{self._chance.randrange(3)}", mark, {"name": mark})

    async def flow(self, mark: str) -> None:
        bye = {"kind": "say", "text": mark, "next": "end"}
        await self._put("flows", "menu", mark, {"nodes": {"bye": bye, "end": {"kind": "hangup"}}})

    async def remove(self, mark: str) -> None:
        name = f"200{self._chance.randrange(3)}"
        self._asked("users", name, "-")
        found = await self._office.objects.remove(CLI, ACCOUNT, "users", name)
        if not isinstance(found, Refusal):
            self._kept("users", name, "-")

    async def take_in(self, mark: str) -> None:
        user = {"number": "3000", "name": mark}
        tool = {"description": mark, "url": "https://93.184.216.34/"}
        part = {"id": ACCOUNT, "users": [user], "tools": {"pair": tool}}
        self._asked("users", "3000", mark)
        _good(await self._office.objects.take_in(CLI, [part]))
        self._kept("users", "3000", mark)

    async def promise(self, mark: str) -> None:
        about = Callback(CallId(f"cb_{mark}"), ACCOUNT, "support", "14155550100", CallId("c"), 1, 1, 1 << 50)
        change = KeepsakeChange("callback", about.id, about.keepsake(0.0))
        assert await self._committed(change)
        self._kept("callback", about.id, mark)

    async def upload(self, mark: str) -> None:
        key = f"{ACCOUNT}/vm/{mark}.wav"
        _good(await self._media.put(key, _chunks()))
        self._kept("media", key, mark)

    # Inside.

    async def _put(self, kind: str, name: str, mark: str, value: dict[str, Any]) -> None:
        self._asked(kind, name, mark)
        _good(await self._office.objects.put(CLI, ACCOUNT, kind, name, value))
        self._kept(kind, name, mark)

    async def _committed(self, change: KeepsakeChange) -> bool:
        found: list[bool] = []
        self._store.journal.promise([change], found.append)
        await self._store.flush()
        return found == [True]

    def _asked(self, kind: str, name: str, mark: str) -> None:
        self._say(f"asked {kind} {name} {mark}")

    def _kept(self, kind: str, name: str, mark: str) -> None:
        self._blade.pass_()
        self._say(f"kept {kind} {name} {mark}")
        self._blade.pass_()

    def _say(self, text: str) -> None:
        os.write(self._said, f"{text}\n".encode())


async def work(folder: Path, seed: int, url: str) -> None:
    chance = random.Random(seed)
    blade = Blade(chance.randrange(BOUNDARIES))
    store = await Store.open(DataFolder.open(folder), StoreLimits(), lambda: 1_000_000, url)
    cut(store._writer._connection, blade)
    scaffold = Scaffold(folder, store, chance, blade)
    os.replace, os.fsync = _between(os.replace, blade), _between(os.fsync, blade)
    for number in range(1, 400):
        await scaffold.step(number)
    os._exit(3)  # the blade never fell: the caller sees it


def _between(act: Callable[..., Any], blade: Blade) -> Any:
    def cut_around(*given: Any, **more: Any) -> Any:
        blade.pass_()
        done = act(*given, **more)
        blade.pass_()
        return done

    return cut_around


def _good(found: Any) -> Any:
    assert not isinstance(found, Refusal), found
    return found


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"x" * (MEDIA_BYTES // 3)


async def _no_call(id: str) -> None:
    return None


if __name__ == "__main__":
    serve(work)
