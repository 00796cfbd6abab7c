"""Brings a database file to the schema that this version knows, before anything is served.

`alembic` takes 0.6 s of CPU to import, so it is only imported when there is something to do.
"""

import sqlite3
from pathlib import Path
from typing import Final

from controlplane.store.error import StoreError

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")
"Every migration, oldest first."

SCRIPTS: Final = Path(__file__).with_name("migration")


def revision_of(database: Path) -> str | None:
    """The schema version of the file, None for a new one.

    Raises `StoreError` when the file is not a database of ours or cannot be read.
    """
    if not database.exists():
        return None
    try:
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        try:
            tables = {name for (name,) in connection.execute("select name from sqlite_master")}
            if "alembic_version" in tables:
                row = connection.execute("select version_num from alembic_version").fetchone()
                return None if row is None else str(row[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"database {database}: {error}; restore it from a copy or move it away") from None
    if tables:
        raise StoreError(f"database {database}: made by something else; move it away")
    return None


def migrate(database: Path) -> None:
    """Apply what is missing. Blocks; raises `StoreError`, also for a database newer than this code."""
    revision = revision_of(database)
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"database {database}: written by a newer version (schema {revision}, this one knows "
            f"{REVISIONS[-1]}); upgrade, or choose another folder with --data"
        )
    # Heavy, and not needed when the schema is up to date.
    import sqlalchemy as sa  # noqa: PLC0415
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    engine = sa.create_engine(f"sqlite:///{database}")
    try:
        with engine.begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except sa.exc.DBAPIError as error:
        raise StoreError(f"database {database}: cannot be migrated: {error.orig}") from None
    finally:
        engine.dispose()
