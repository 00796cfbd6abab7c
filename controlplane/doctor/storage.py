"""The data folder and the database in it."""

import os
import shutil
from pathlib import Path
from typing import Final

from controlplane.auth.seal import FILE, KEY
from controlplane.doctor.finding import Finding, fail, ok, warn
from controlplane.store.backup import trouble
from controlplane.store.error import StoreError
from controlplane.store.folder import DATABASE
from controlplane.store.migrate import REVISIONS, revision_of

SPACE_WARN: Final = 1 << 30
SPACE_FAIL: Final = 100 << 20
INTEGRITY_SECONDS: Final = 5.0
"For reading through the database [s]."


def data_folder(path: Path) -> Finding:
    name = "data folder"
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return fail(name, f"{there} is not a folder", "choose another with --data or node.data")
    if not os.access(there, os.W_OK | os.X_OK):
        return fail(name, f"{there} is not writable", "change its rights, or choose another with --data")
    free = shutil.disk_usage(there).free
    found = f"{path}, {free / (1 << 30):.1f} GiB free" + (
        "" if there == path else ", made at the first start"
    )
    fix = "free some space, or choose another folder with --data"
    if free < SPACE_FAIL:
        return fail(name, found, fix)
    if free < SPACE_WARN:
        return warn(name, found, fix)
    if there == path and path.stat().st_mode & 0o077:
        return warn(name, f"{found}; others may read it", f"chmod 700 {path}")
    return ok(name, found)


def database(folder: Path, url: str = "sqlite") -> Finding:
    """Args: url: `sqlite`, or of a PostgreSQL server."""
    path = folder / DATABASE
    try:
        revision = revision_of(path if url == "sqlite" else url)
    except StoreError as error:
        what, _, fix = str(error).partition("; ")
        return fail("database", what, fix)
    if revision is None:
        return ok("database", "new, made at the first start")
    if revision not in REVISIONS:
        found = f"schema {revision}, this version knows {REVISIONS[-1]}"
        return fail("database", found, "upgrade, or choose another folder with --data")
    if url == "sqlite" and not os.access(path, os.W_OK):
        return fail("database", f"{path} is not writable", "change its rights")
    state = "current" if revision == REVISIONS[-1] else "migrated at the next start"
    return ok("database", f"schema {revision}, {state}")


def secret_key(folder: Path) -> Finding:
    """What passwords and keys in the database are sealed with."""
    name, path = "secret key", folder / FILE
    try:
        size, mode = len(path.read_bytes()), path.stat().st_mode
    except FileNotFoundError:
        return ok(name, "none: made with the first thing that is sealed")
    except OSError as error:
        return fail(
            name, f"{path} cannot be read: {error.strerror}", "give it to the user that Tandem runs as"
        )
    if size != KEY:
        return fail(name, f"{path} is not the file that was written here", "restore it from a copy")
    if mode & 0o077:
        return warn(name, f"others may read {path}", f"chmod 600 {path}")
    return ok(name, f"{path}, to be kept apart from copies of the database")


def integrity(folder: Path, url: str = "sqlite") -> Finding:
    """Whether every page of the database is as it should be; a server's are its own business."""
    name, path = "integrity", folder / DATABASE
    if url != "sqlite":
        return ok(name, "looked after by the PostgreSQL server; amcheck and pg_dump go deeper")
    if not path.exists():
        return ok(name, "no database yet")
    found = trouble(path, INTEGRITY_SECONDS)
    if found is None:
        return warn(
            name, f"not looked through within {INTEGRITY_SECONDS:g} s", "sqlite3 FILE 'PRAGMA quick_check'"
        )
    if found:
        return fail(name, f"{path}: {found}", "stop the daemon, and restore the latest copy of tandem backup")
    return ok(name, "every page is whole")
