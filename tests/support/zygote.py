"""Daemons and commands started by fork from a process that has imported everything already.

Four fifths of a start are imports, and few tests are about those. What is forked is a process of its
own, with the arguments, environment and files that it would have had, and dies as any other.

::

    test ── request, stdin, stdout, status ─▶ zygote ─ fork ─▶ keeper ─ fork ─▶ tandem serve
         ◀──────────────────── pid, then exit status ──────────┘
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

REQUEST = 1_048_576
"Longest request [bytes]."
IMPORTS = ("controlplane.cli", "controlplane.cli.serve", "controlplane.observe.log", "psycopg")


class Forked:
    """What is used of `subprocess.Popen`."""

    def __init__(self, stdin: int, stdout: int, status: int) -> None:
        self.stdin: BinaryIO = os.fdopen(stdin, "wb", buffering=0)
        self.stdout: BinaryIO = os.fdopen(stdout, "rb")
        self._status = os.fdopen(status, "rb", buffering=0)
        self.pid = int(self._status.readline())
        self._code: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("forked", timeout or 0.0)
            self._code = os.waitstatus_to_exitcode(int(self._status.readline()))
            self._status.close()
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Zygote:
    """Ready to fork once it is entered; ends with the block."""

    def __enter__(self) -> Self:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()  # at which it ends
        self._process.wait(60.0)

    def start(self, words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Forked:
        """`tandem` with these arguments."""
        stdin, stdout, status = os.pipe(), os.pipe(), os.pipe()
        theirs = [stdin[0], stdout[1], status[1]]
        asked = {"words": list(words), "cwd": str(cwd), "env": dict(env)}
        try:
            socket.send_fds(self._socket, [json.dumps(asked).encode()], theirs)
        finally:
            for end in theirs:
                os.close(end)
        return Forked(stdin[1], stdout[0], status[0])


_OPEN: list[Zygote] = []


def zygote() -> Zygote:
    """The one of this run of tests."""
    if not _OPEN:
        _OPEN.append(Zygote().__enter__())
    return _OPEN[0]


def close_zygote() -> None:
    while _OPEN:
        _OPEN.pop().__exit__(None, None, None)


def _serve(requests: socket.socket) -> list[str]:
    """Returns in each daemon, with its arguments; in the zygote when nobody asks any more, with none."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's to wait for
    while True:
        data, ends, _, _ = socket.recv_fds(requests, REQUEST, 3)
        if not data:
            return []
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            _keep(*ends)
            asked = json.loads(data)
            os.chdir(asked["cwd"])
            os.environ.clear()
            os.environ.update(asked["env"])
            return list(asked["words"])
        for end in ends:
            os.close(end)


def _keep(stdin: int, stdout: int, status: int) -> None:
    """Returns in the daemon alone; its parent tells how it ended."""
    daemon = os.fork()
    if daemon:
        for end in (stdin, stdout):
            os.close(end)
        os.write(status, f"{daemon}\n".encode())
        _, code = os.waitpid(daemon, 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(status, f"{code}\n".encode())
        os._exit(0)
    os.setsid()
    for number, end in enumerate((stdin, stdout, stdout)):
        os.dup2(end, number)
    for end in (stdin, stdout, status):
        os.close(end)


if __name__ == "__main__":
    for module in IMPORTS:
        importlib.import_module(module)
    wanted = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted:
        from controlplane.cli import main

        main(wanted, prog_name="tandem")
