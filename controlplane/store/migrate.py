"""Brings a database to the schema that this version knows, before anything is served.

`alembic` takes 0.6 s of CPU to import, so it is only imported when there is something to do.
"""

import sqlite3
from pathlib import Path
from typing import Final

import psycopg

from controlplane.store.error import StoreError
from controlplane.store.postgresql import CONNECT_TIMEOUT, one_line

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"Every migration, oldest first."

SCRIPTS: Final = Path(__file__).with_name("migration")

Database = Path | str
"A file of SQLite, or the URL of PostgreSQL."


def shown(database: Database) -> str:
    """Its name for people; a URL holds a password."""
    return f"database {database}" if isinstance(database, Path) else "database"


def engine_url(url: str) -> str:
    """What SQLAlchemy wants to hear."""
    return "postgresql+psycopg://" + url.partition("://")[2]


def revision_of(database: Database) -> str | None:
    """The schema version, None for a new database.

    Raises `StoreError` when it is none of ours or cannot be read.
    """
    if isinstance(database, str):
        tables, revision = _look_at_server(database)
    elif database.exists():
        tables, revision = _look_at_file(database)
    else:
        return None
    if revision is None and tables - {"alembic_version"}:
        raise StoreError(f"{shown(database)}: made by something else; choose another")
    return revision


def _look_at_file(database: Path) -> tuple[set[str], str | None]:
    try:
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        try:
            tables = {name for (name,) in connection.execute("select name from sqlite_master")}
            row = None
            if "alembic_version" in tables:
                row = connection.execute("select version_num from alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"database {database}: {error}; restore it from a copy or move it away") from None
    return tables, None if row is None else str(row[0])


def _look_at_server(url: str) -> tuple[set[str], str | None]:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT) as connection:
            query = "select table_name from information_schema.tables where table_schema = current_schema()"
            tables = {str(name) for (name,) in connection.execute(query)}
            row = None
            if "alembic_version" in tables:
                row = connection.execute("select version_num from alembic_version").fetchone()
    except psycopg.Error as error:
        raise StoreError(f"database: {one_line(error)}; check store: and the server") from None
    return tables, None if row is None else str(row[0])


def migrate(database: Database) -> None:
    """Apply what is missing. Blocks; raises `StoreError`, also for a database newer than this code."""
    revision = revision_of(database)
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"{shown(database)}: written by a newer version (schema {revision}, this one knows "
            f"{REVISIONS[-1]}); upgrade, or choose another"
        )
    # Heavy, and not needed when the schema is up to date.
    import sqlalchemy as sa  # noqa: PLC0415
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    engine = sa.create_engine(engine_url(database) if isinstance(database, str) else f"sqlite:///{database}")
    try:
        with engine.begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except sa.exc.DBAPIError as error:
        raise StoreError(f"{shown(database)}: cannot be migrated: {one_line(error.orig or error)}") from None
    finally:
        engine.dispose()
