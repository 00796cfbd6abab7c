"""A migrated database, made once and copied: a file of SQLite, or one of the run's PostgreSQL server."""

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from config.schema import StoreLimits
from controlplane.store.folder import DATABASE, DataFolder
from controlplane.store.migrate import engine_url, migrate
from controlplane.store.postgresql import PostgresWriter
from controlplane.store.sqlite import SqliteWriter
from controlplane.store.store import Store
from controlplane.store.writer import Connection
from tests.support import postgres


@lru_cache(maxsize=1)
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, DATABASE)
        migrate(path)
        return path.read_bytes()


def new_database(folder: Path) -> Path:
    path = folder / DATABASE
    path.write_bytes(_template())
    return path


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@dataclass
class Database:
    """One of either kind, with the same doors."""

    folder: Path
    url: str = "sqlite"

    @classmethod
    def new(cls, kind: str, folder: Path) -> "Database":
        """Args: kind: `sqlite` or `postgresql`, which skips where it is not installed."""
        if kind == "postgresql":
            return cls(folder, postgres.server().new_database())
        new_database(folder)
        return cls(folder)

    @property
    def path(self) -> Path:
        return self.folder / DATABASE

    def writer(self, wall_ms: int = 0) -> Connection:
        if self.url == "sqlite":
            return SqliteWriter(self.path, lambda: wall_ms)
        return PostgresWriter(self.url, lambda: wall_ms)

    def engine(self) -> AsyncEngine:
        """For whoever reads; give it up by `dispose`."""
        return create_async_engine(
            f"sqlite+aiosqlite:///{self.path}" if self.url == "sqlite" else engine_url(self.url)
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        if self.url == "sqlite":
            return rows(self.path, query)
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    async def store(self, wall_ms: Callable[[], int] = lambda: 0) -> Store:
        return await Store.open(DataFolder.open(self.folder), StoreLimits(), wall_ms, self.url)
