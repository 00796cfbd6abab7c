"""sipvicious as a child process: `python -m tests.support.sipvicious '<json>' arguments…`.

Its tools bind to any address whatever they are told, and always say who they are: here they send from an
address of their own and, on request, under another name.
"""

import importlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import ROOT

HONEST = "friendly-scanner"


def sipvicious(
    folder: Path, tool: str, source: str, *arguments: str, user_agent: str = HONEST, timeout: float = 60.0
) -> str:
    """Run `svmap`, `svwar` or `svcrack` from `source`; what it said."""
    pytest.importorskip("sipvicious", reason="sipvicious is not installed (scripts/interop installs it)")
    settings = json.dumps({"tool": tool, "source": source, "user_agent": user_agent})
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sipvicious", settings, *arguments],
        cwd=ROOT,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.stdout + done.stderr


def main() -> None:
    settings = json.loads(sys.argv[1])
    bind = socket.socket.bind

    def bind_to_source(self: socket.socket, address: tuple[str, int]) -> None:
        bind(self, (settings["source"], address[1]))

    socket.socket.bind = bind_to_source  # type: ignore[assignment,method-assign]
    helper = importlib.import_module("sipvicious.libs.svhelper")
    make = helper.makeRequest
    names = make.__code__.co_varnames[: make.__code__.co_argcount]
    defaults = list(make.__defaults__)
    defaults[names.index("useragent") - len(names)] = settings["user_agent"]
    make.__defaults__ = tuple(defaults)
    sys.argv[:2] = [settings["tool"]]
    importlib.import_module(f"sipvicious.{settings['tool']}").main()


if __name__ == "__main__":
    main()
