"""`tandem backup FILE`: a copy of the database, whether a daemon runs on it or not."""

from collections.abc import Mapping
from pathlib import Path

from config.error import ConfigError
from config.load import load
from controlplane.cli import say
from controlplane.store.backup import back_up
from controlplane.store.error import StoreError
from controlplane.store.folder import DATABASE


def run(config: Path | None, data: Path | None, environ: Mapping[str, str], file: Path, *, json: bool) -> int:
    try:
        settings = load(config, data, environ)
        if settings.store != "sqlite":
            text = "the database is PostgreSQL: pg_dump --format=custom copies it while it is in use"
            return say.refuse(text, json=json, code="not_sqlite")
        size = back_up(settings.node.data / DATABASE, file)
    except (ConfigError, StoreError) as error:
        return say.refuse(str(error), json=json, code="no_backup")
    if json:
        say.as_json({"file": str(file), "bytes": size})
    else:
        folder = settings.node.data
        print(
            f"{file}: {size:,} bytes\n"
            f"Copy passwords.json, secret.key and media of {folder} too: they are not in the database."
        )
    return 0
