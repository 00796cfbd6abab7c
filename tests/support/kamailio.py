"""Kamailio, by the routes of one file in `tests/interop/kamailio`."""

import re
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.address import SIP_PORT
from tests.support.process import ROOT, Child, wait_until

ROUTES = ROOT / "tests" / "interop" / "kamailio"
MODULES = "usr/lib/*/kamailio/modules"
TABLES = Path("/usr/share/kamailio/dbtext/kamailio")
"Empty ones, of its package."


class Kamailio:
    """Ready when the block is entered."""

    def __init__(self, folder: Path, routes: str = "kamailio.cfg", **names: str) -> None:
        """Args: names: stand in capitals in the routes; at the first address it listens by TCP, too."""
        program = shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        modules = next(Path("/").glob(MODULES), None)
        if program is None or modules is None:
            pytest.skip("kamailio is not installed (apt install kamailio)")
        text = (ROUTES / routes).read_text()
        if "presence" in text and not (modules / "presence.so").exists():
            pytest.skip("kamailio's event server is not installed (apt install kamailio-presence-modules)")
        folder.mkdir(parents=True)
        shutil.copytree(TABLES, folder / "tables")
        for name, value in {**names, "port": str(SIP_PORT), "tables": str(folder / "tables")}.items():
            text = re.sub(rf"\b{name.upper()}\b", value, text)
        file = folder / "kamailio.cfg"
        file.write_text(f'#!KAMAILIO\nmpath="{modules}/"\n{text}')
        self._command = [program, "-DD", "-E", "-f", str(file), "-Y", str(folder), "-m", "32", "-M", "4"]
        self._front = (next(iter(names.values())), SIP_PORT)
        self.child: Child

    def __enter__(self) -> Self:
        self.child = Child(self._command, name="kamailio")
        try:
            wait_until(self._listens, 30.0, what="kamailio listens")
        except BaseException:
            self.child.stop()
            raise
        return self

    def _listens(self) -> bool:
        """By TCP, which it does last."""
        try:
            socket.create_connection(self._front, 1.0).close()
        except OSError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.stop()
        if error is not None:
            error.add_note(self.child.report())
