"""Kamailio in front of us and as a carrier; what it does is in `tests/interop/kamailio/kamailio.cfg`."""

import re
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.address import SIP_PORT
from tests.support.process import ROOT, Child, wait_until

ROUTES = ROOT / "tests" / "interop" / "kamailio" / "kamailio.cfg"
MODULES = "/usr/lib/*/kamailio/modules"


class Kamailio:
    """Ready when the block is entered."""

    def __init__(self, folder: Path, *, front: str, carrier: str, edge: str, pstn: str) -> None:
        """Args: front, carrier: its addresses; edge: ours; pstn: where the carrier's calls end and begin."""
        program = shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        modules = next(Path("/").glob(MODULES.removeprefix("/")), None)
        if program is None or modules is None:
            pytest.skip("kamailio is not installed (apt install kamailio)")
        folder.mkdir(parents=True)
        names = {"FRONT": front, "CARRIER": carrier, "EDGE": edge, "PSTN": pstn, "PORT": str(SIP_PORT)}
        routes = ROUTES.read_text()
        for name, value in names.items():
            routes = re.sub(rf"\b{name}\b", value, routes)
        file = folder / "kamailio.cfg"
        file.write_text(f'#!KAMAILIO\nmpath="{modules}/"\n{routes}')
        self._command = [program, "-DD", "-E", "-f", str(file), "-Y", str(folder), "-m", "32", "-M", "4"]
        self._front = (front, SIP_PORT)
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
