"""A PostgreSQL server of the test run's own: on loopback, without a password, gone with the run."""

import os
import shutil
import signal
import tempfile
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest

from controlplane.store.migrate import migrate
from tests.support.address import loopback
from tests.support.process import Child, wait_until

PORT = 5432
TEMPLATE = "tandem_template"


def programs() -> Path:
    """Where initdb is, or a skip that says what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb") or (str(found[-1]) if found else None)
    if path is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    return Path(path).parent


class Server:
    """Databases of `new_database` have the tables already."""

    def __init__(self) -> None:
        self._programs = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="tandem-postgresql-"))
        self._count = 0
        self.address = loopback()
        # The server refuses to run as root; who installed it has a user of its own for it.
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self._folder, "postgres", "postgres")
        data = self._folder / "data"
        made = Child(
            [*self._as, self._programs / "initdb", "-D", data, "-U", "tandem", "-A", "trust", "-E", "UTF8"],
            name="initdb",
            cwd=Path("/"),
        )
        assert made.wait(60.0) == 0, made.report()
        made.stop()
        self._child: Child | None = None
        self.start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def url(self, name: str) -> str:
        return f"postgresql://tandem@{self.address}:{PORT}/{name}"

    def start(self) -> None:
        settings = {
            "listen_addresses": self.address,
            "port": PORT,
            "unix_socket_directories": self._folder,
            "fsync": "off",  # the machine does not lose power in a test
            "max_connections": 50,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self._as, self._programs / "postgres", "-D", self._folder / "data", *options]
        self._child = Child(command, name="postgres", cwd=Path("/"))
        wait_until(self._answers, 20.0, what="PostgreSQL")

    def stop(self) -> None:
        """At once, as a crash: clients lose their connections."""
        if self._child is not None:
            # Its postmaster, not the runuser before it, has the pid in this file.
            pid = int((self._folder / "data/postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGQUIT)  # immediate shutdown
            self._child.wait(20.0)
            self._child.stop()
            self._child = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """URL of a database with our tables and no rows."""
        self._count += 1
        name = f"test_{self._count}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def empty_database(self) -> str:
        self._count += 1
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE test_{self._count}")
        return self.url(f"test_{self._count}")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.Error:
            return False
        return True


@lru_cache(maxsize=1)
def server() -> Server:
    """The only one of this run; `close_server` ends it."""
    return Server()


def close_server() -> None:
    if server.cache_info().currsize:
        server().close()
        server.cache_clear()
