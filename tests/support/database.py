"""A migrated database in a temporary folder, made once and copied."""

import sqlite3
import tempfile
from functools import lru_cache
from pathlib import Path

from controlplane.store.folder import DATABASE
from controlplane.store.migrate import migrate


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
