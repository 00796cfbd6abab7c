"""sipp, run with one of our scenarios until its calls are made; its exit status and log are the verdict."""

import re
import shutil
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support import sip
from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child, wait_until
from tests.support.scenario import Scenario
from tests.support.sip import Message

SCENARIOS = Path(__file__).parents[1] / "interop" / "sipp"


def sipp(
    folder: Path,
    scenario: str,
    server: tuple[str, int],
    *,
    user: str,
    password: str,
    number: str = "",
    calls: int = 1,
    rate: int = 10,
    hold_ms: int = 200,
    transport: str = "u1",
    timeout: float = 60.0,
    media: tuple[str, int] | None = None,
) -> None:
    """Fails with sipp's own account of what it did not expect. `media` is where the SDP says audio goes."""
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("sipp is not installed (apt install sip-tester)")
    folder.mkdir(parents=True, exist_ok=True)
    address = loopback()
    errors = folder / f"{scenario}-errors.log"
    media_address, media_port = media or (address, 6000)
    command = [program, f"{server[0]}:{server[1]}", "-sf", str(SCENARIOS / f"{scenario}.xml")]
    command += [
        "-i",
        address,
        "-p",
        str(SIP_PORT),
        "-t",
        transport,
        "-s",
        number or user,
        "-au",
        user,
        "-ap",
        password,
    ]
    command += ["-m", str(calls), "-r", str(rate), "-l", str(max(rate, 10)), "-d", str(hold_ms)]
    command += [
        "-key",
        "user",
        user,
        "-key",
        "media_address",
        media_address,
        "-key",
        "media_port",
        str(media_port),
    ]
    command += ["-timeout", f"{int(timeout)}s", "-timeout_error", "-trace_err", "-error_file", str(errors)]
    command += ["-nostdin", "-cid_str", f"%u-%p@{address}"]
    with Child(command, name=f"sipp {scenario}", cwd=folder, env={"TERM": "dumb"}) as child:
        status = child.wait(timeout + 10)
        said = errors.read_text(errors="replace")[-4000:] if errors.exists() else ""
        assert status == 0, f"sipp {scenario}: exit status {status}\n{said}\n{child.report(40)}"


_ANYBODY = "00000000:0000"
"Remote address of a socket that is connected to nobody."
_LOGGED = re.compile(
    rb"-{20,} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\n[A-Z]+ message (sent|received)[^\n]*\n\n"
)


def _whole(logged: bytes) -> bytes:
    """The message alone, without what sipp writes after it."""
    head, gap, body = logged.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: *(\d+)", head)
    return head + gap + body[: int(length[1]) if length else 0]


@dataclass(frozen=True, slots=True)
class Passed:
    """A message that passed sipp's socket, `message.at` by the wall clock [s]."""

    received: bool
    message: Message


class Sipp:
    """One peer with one `Scenario`: caller when it is given a server, else callee."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        server: tuple[str, int] | None = None,
        *,
        address: str = "",
        number: str = "",
        user: str = "sipp",
        password: str = "",
        transport: str = "u1",
        calls: int = 1,
        timeout: int = 20,
    ) -> None:
        program = shutil.which("sipp")
        if program is None:
            pytest.skip("sipp is not installed (apt install sip-tester)")
        folder.mkdir(parents=True, exist_ok=True)
        self.address = address or loopback()
        self.name = f"sipp {folder.name}"
        self._timeout = timeout
        self._log, self._errors = folder / "messages.log", folder / "errors.log"
        file = folder / "scenario.xml"
        file.write_text(scenario.xml())
        command = [program, *([f"{server[0]}:{server[1]}"] if server else []), "-sf", str(file)]
        command += ["-i", self.address, "-p", str(SIP_PORT), "-t", transport, "-m", str(calls), "-nostdin"]
        command += ["-s", number or user, "-au", user, "-ap", password, "-key", "user", user, "-r", "50"]
        command += [
            "-trace_msg",
            "-message_file",
            str(self._log),
            "-trace_err",
            "-error_file",
            str(self._errors),
        ]
        command += ["-timeout", f"{timeout}s", "-timeout_error", "-cid_str", f"%u-%p@{self.address}"]
        self._command, self._folder = command, folder
        self._called = server is None
        self._table = Path("/proc/net/tcp" if transport.startswith("t") else "/proc/net/udp")
        self.child: Child

    def __enter__(self) -> Self:
        self.child = Child(self._command, name=self.name, cwd=self._folder, env={"TERM": "dumb"})
        if self._called:
            try:
                wait_until(self._listens, 10.0, what=f"{self.name} listens")
            except BaseException:
                self.child.stop()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self._said())
        self.child.stop()

    def _listens(self) -> bool:
        """Who calls it sooner is told that nobody is there; connections of an earlier one do not count."""
        place = f"{socket.inet_aton(self.address)[::-1].hex().upper()}:{SIP_PORT:04X}"
        return f"{place} {_ANYBODY}" in self._table.read_text()

    def done(self) -> None:
        """Wait until its calls are made; fails with what it did not expect."""
        status = self.child.wait(self._timeout + 10)
        assert status == 0, f"{self.name}: exit status {status}\n{self._said()}"

    def wire(self, what: str | int | None = None, *, received: bool | None = True) -> list[Message]:
        """What passed, in order: requests of a method, responses of a status, or all."""
        found = [p.message for p in self._passed() if received is None or p.received is received]
        if what is None:
            return found
        return [
            m
            for m in found
            if (m.status == what if isinstance(what, int) else not m.status and m.method == what)
        ]

    def one(self, what: str | int, *, received: bool = True) -> Message:
        """The first such message; there must be one."""
        found = self.wire(what, received=received)
        assert found, f"{self.name} saw no {what}\n{self._said()}"
        return found[0]

    def wait_for(self, what: str | int, timeout: float = 10.0) -> Message:
        wait_until(lambda: bool(self.wire(what)), timeout, what=f"{self.name} sees {what}")
        return self.one(what)

    def _passed(self) -> list[Passed]:
        data = self._log.read_bytes() if self._log.exists() else b""
        marks = list(_LOGGED.finditer(data))
        passed = []
        for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(data)], strict=False):
            at = datetime.strptime(mark[1].decode(), "%Y-%m-%d %H:%M:%S.%f").astimezone().timestamp()
            raw = _whole(data[mark.end() : end])
            try:
                passed.append(Passed(mark[2] == b"received", sip.parse(raw, at)))
            except ValueError:
                assert mark[2] == b"sent", raw  # what we send may be odd, what comes may not
        return passed

    def _said(self) -> str:
        said = self._errors.read_text(errors="replace")[-3000:] if self._errors.exists() else ""
        return f"{said}\n{self.child.report(30)}"
