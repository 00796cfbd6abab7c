"""SIP.js under Node as a telephone over WebSocket: its signalling, and descriptions without any sound.

It comes from npm when a test first asks for it, into a folder of that run.
"""

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.support.daemon import PASSWORDS
from tests.support.process import Child

PACKAGES = ("sip.js@0.21.2", "ws@8.18.0")
SCRIPT = Path(__file__).with_suffix(".cjs")


def installed(folder: Path) -> Path:
    """The folder of the modules; skips where Node or npm is missing."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: apt install nodejs npm)")
    options = ("--no-audit", "--no-fund", "--silent", "--prefix", str(folder))
    subprocess.run(["npm", "install", *options, *PACKAGES], check=True, timeout=120, cwd=folder)
    return folder / "node_modules"


class SipJs:
    """One phone of `user`, registered once the constructor of the block returns."""

    def __init__(self, modules: Path, url: str, user: str, *, ca: Path) -> None:
        words: list[str | Path] = ["node", SCRIPT, modules, url, user, PASSWORDS[user]]
        self.child = Child(words, name=f"SIP.js {user}", env={"NODE_EXTRA_CA_CERTS": str(ca)})
        self._read: dict[str, int] = {}
        self.saw("registration", state="Registered")

    def do(self, *words: str) -> None:
        self.child.write(" ".join(words))

    def saw(self, event: str, **fields: Any) -> None:
        """Wait for this event, behind those of its kind that were waited for before."""
        pattern = json.dumps({"event": event, **fields}, separators=(",", ":"))[1:-1]
        escaped = "".join(f"\\{letter}" if letter in ".*+?()[]{}|^$\\" else letter for letter in pattern)
        found = self.child.wait_for(escaped, 20.0, after=self._read.get(event, 0))
        self._read[event] = self.child.lines.index(found.string, self._read.get(event, 0)) + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.stop()
        if error is not None:
            error.add_note(self.child.report())
