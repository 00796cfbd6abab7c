"""Migrations lead to exactly the tables; other databases are refused."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from controlplane.store.error import StoreError
from controlplane.store.migrate import REVISIONS, SCRIPTS, engine_url, migrate, revision_of
from controlplane.store.table import METADATA
from tests.support import postgres
from tests.support.database import new_database


def test_migrations_applied_are_the_tables(tmp_path: Path) -> None:
    database = tmp_path / "t.db"
    migrate(database)
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        ddl = {name: sql for name, sql in connection.exec_driver_sql("select name, sql from sqlite_master")}
    engine.dispose()
    fresh = sa.create_engine("sqlite://")
    METADATA.create_all(fresh)
    with fresh.connect() as connection:
        for name, sql in connection.exec_driver_sql("select name, sql from sqlite_master where sql <> ''"):
            assert _words(ddl[name]) == _words(sql), "WITHOUT ROWID and constraint names too"
    fresh.dispose()


def _words(sql: str) -> list[str]:
    return sorted(sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split())


def test_migrations_applied_to_postgresql_are_the_tables() -> None:
    url = postgres.server().empty_database()
    assert revision_of(url) is None
    migrate(url)
    migrate(url)
    assert revision_of(url) == REVISIONS[-1]
    engine = sa.create_engine(engine_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_a_server_with_tables_of_somebody_else_is_left_alone() -> None:
    url = postgres.server().empty_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE songs (x int)")
    with pytest.raises(StoreError, match="made by something else"):
        migrate(url)


def test_the_list_of_revisions_is_the_scripts() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(configuration)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_a_second_start_does_nothing(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    before = database.read_bytes()
    migrate(database)
    assert revision_of(database) == REVISIONS[-1] and database.read_bytes() == before


def test_a_newer_database_is_refused_in_one_line(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version \\(schema 9999") as caught:
        migrate(database)
    assert "\n" not in str(caught.value)


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_bytes(b"not a database at all, but long enough to look at")
    with pytest.raises(StoreError, match="not a database"):
        migrate(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE songs (x)")
    connection.close()
    with pytest.raises(StoreError, match="made by something else"):
        migrate(foreign)


def test_a_new_file_has_no_revision(tmp_path: Path) -> None:
    assert revision_of(tmp_path / "none.db") is None
