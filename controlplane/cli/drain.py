"""`tandem drain`: no new calls, then the end of the daemon, as after SIGTERM."""

from collections.abc import Mapping
from pathlib import Path

from config.error import ConfigError
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask, data_folder


def run(config: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool) -> int:
    try:
        status, answer = ask(data_folder(config, data, environ), "/drain", "POST")
    except (NotRunning, ConfigError) as error:
        return say.refuse(str(error), json=json, code="not_running")
    if status != 200:
        return say.refuse(str(answer.get("detail", status)), json=json, code=str(answer.get("error")))
    if json:
        say.as_json(answer)
    else:
        print(f"draining: {answer['calls']} live calls have {answer['seconds']:g} s, then the daemon ends")
    return 0
