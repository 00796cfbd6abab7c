"""The store of one node: the data folder, the journal that writes, and an engine that reads.

SQLite in the folder, or PostgreSQL by its URL: the same tables, statements and promises. What is no row
(passwords, recordings, the control socket) stays in the folder.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from config.schema import StoreLimits
from controlplane.auth.key import ApiKey
from controlplane.store import (
    allowed,
    api_key,
    ban,
    binding,
    call,
    config_object,
    keepsake,
    queue_agent,
    token,
)
from controlplane.store.act import Act
from controlplane.store.error import StoreError
from controlplane.store.folder import DataFolder
from controlplane.store.journal import StoreJournal
from controlplane.store.migrate import engine_url, migrate, shown
from controlplane.store.postgresql import PostgresWriter
from controlplane.store.sqlite import SqliteWriter
from controlplane.store.writer import Connection, WriterThread
from edge.acd.record import Told
from edge.journal import Binding, Keepsake
from edge.security.ban import AllowRecord, BanRecord

READERS: Final = 4
"Connections to PostgreSQL that read, beside the one that writes."


class Store:
    def __init__(
        self, folder: DataFolder, engine: AsyncEngine, writer: WriterThread, journal: StoreJournal
    ) -> None:
        self.folder = folder
        self.engine = engine
        self.journal = journal
        self._writer = writer
        self._bindings: list[Binding] = []
        self._bans: list[ban.NodeBan] = []
        self._keepsakes: list[Keepsake] = []
        self._allowed: list[AllowRecord] = []
        self._agents: list[Told] = []
        self._api_keys: list[ApiKey] = []
        self._objects: list[config_object.Stored] = []
        self._tokens = token.Kept()
        self.interrupted = 0
        "Calls that the former run left open."

    @classmethod
    async def open(
        cls, folder: DataFolder, limits: StoreLimits, wall_ms: Callable[[], int], url: str = "sqlite"
    ) -> "Store":
        """Migrate, close what a crash left open, and load what the edge keeps in memory.

        Args:
            folder: held by this process; `close` gives it up.
            wall_ms: the wall clock [ms UTC].
            url: `sqlite` for the file in the folder, or `postgresql://…`.

        Raises:
            StoreError: with one line for the operator.
        """
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(migrate, folder.database if url == "sqlite" else url)
        connection: Connection
        try:
            if url == "sqlite":
                connection = await asyncio.to_thread(SqliteWriter, folder.database, wall_ms)
                engine = create_async_engine(
                    f"sqlite+aiosqlite:///{folder.database}", pool_size=2, max_overflow=0
                )
            else:
                connection = await asyncio.to_thread(PostgresWriter, url, wall_ms)
                # Seen dead only when used: a server that was restarted must not fail the next read.
                engine = create_async_engine(
                    engine_url(url), pool_size=READERS, max_overflow=0, pool_pre_ping=True
                )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"database {folder.database}: {error}") from None
        writer = WriterThread(connection, loop.call_soon_threadsafe)
        store = cls(folder, engine, writer, StoreJournal(writer, loop, wall_ms, limits))
        try:
            async with engine.begin() as reader:
                store.interrupted = await call.close_leftovers(reader)
                await binding.remove_expired(reader, wall_ms())
                store._bindings = await binding.live(reader, wall_ms())
                await keepsake.remove_expired(reader, wall_ms())
                store._keepsakes = await keepsake.live(reader, wall_ms())
                store._bans = await ban.active(reader, None, wall_ms())
                store._allowed = await allowed.all_of_them(reader)
                store._agents = await queue_agent.all_of_them(reader)
                store._api_keys = await api_key.all_of_them(reader)
                store._objects = await config_object.all_of_them(reader)
                store._tokens = await token.live(reader, wall_ms())
        except (sa.exc.DBAPIError, OSError) as error:
            await engine.dispose()
            await asyncio.to_thread(writer.close)
            raise StoreError(f"{shown(folder.database if url == 'sqlite' else url)}: {error}") from None
        return store

    def take_bindings(self) -> list[Binding]:
        """Registrations that were valid at the start; for the registrar, once."""
        bindings, self._bindings = self._bindings, []
        return bindings

    def take_keepsakes(self) -> list[Keepsake]:
        """Texts and subscriptions that held at the start; for the edge, once."""
        keepsakes, self._keepsakes = self._keepsakes, []
        return keepsakes

    def take_bans(self, node: str) -> list[BanRecord]:
        """Those of this node that held at the start; for the ban engine, once."""
        bans, self._bans = self._bans, []
        return [row.ban for row in bans if row.node == node]

    def take_allowed(self) -> list[AllowRecord]:
        """What had been allowed while running; for the ban engine, once."""
        allowed, self._allowed = self._allowed, []
        return allowed

    def take_agents(self) -> list[Told]:
        """What agents of queues had said before the start; for the queues, once."""
        agents, self._agents = self._agents, []
        return agents

    def take_api_keys(self) -> list[ApiKey]:
        """For the ring, once."""
        keys, self._api_keys = self._api_keys, []
        return keys

    def take_objects(self) -> list[config_object.Stored]:
        """What the API had made before the start; for the shelf, once."""
        objects, self._objects = self._objects, []
        return objects

    def take_tokens(self) -> token.Kept:
        """Keys of users' tokens, and whose were ended, for the service, once."""
        tokens, self._tokens = self._tokens, token.Kept()
        return tokens

    def trouble(self) -> list[str]:
        """Why nothing can be promised now; for `/readyz`."""
        found = [f"database: {self.journal.last_error}"] if self.journal.last_error else []
        return found + (["database: too many rows wait"] if self.journal.saturated else [])

    async def commit(self, *acts: Act) -> bool:
        """Whether all of them are on disk; else none is."""
        done = asyncio.get_running_loop().create_future()
        self.journal.promise(acts, lambda kept: None if done.done() else done.set_result(kept))
        kept: bool = await done
        return kept

    async def flush(self) -> None:
        """Returns when all that the journal holds is on disk."""
        done = asyncio.Event()
        self.journal.flush(done.set)
        await done.wait()

    async def close(self) -> None:
        await self.flush()
        await asyncio.to_thread(self._writer.close)
        await self.engine.dispose()
        self.folder.close()
