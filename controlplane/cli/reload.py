"""`tandem reload`."""

from collections.abc import Mapping
from pathlib import Path

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder


def run(config: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool) -> int:
    try:
        status, answer = ask(data_folder(config, data, environ), "/reload", "POST")
    except (NotRunning, ConfigError) as error:
        return say.refuse(str(error), json=json, code="not_running")
    if status >= 300:
        return say.refuse(
            str(answer.get("detail", status)), json=json, code=str(answer.get("error", "refused"))
        )
    if json:
        say.as_json(answer)
    else:
        print(f"read again: {', '.join(answer['reloaded'])}")
        for note in answer.get("notes", ()):
            print(f"note: {note}")
    return 0
