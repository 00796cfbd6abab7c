"""Child processes that a test talks to: started, waited for by a line of their output, stopped by pid.

Everything a child prints is kept, and is part of the message when a wait fails, so that a
failing run in CI tells what the peer said.
"""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.zygote import Forked, Zygote

ROOT = Path(__file__).resolve().parents[2]
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0a-\x1f]")
KEPT = 20_000
"Lines of output kept of one child."


class Child:
    """One child process with its output, standard error included, as a list of lines."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        name: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        cpu: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        zygote: Zygote | None = None,
    ) -> None:
        """Args: zygote: forks it instead; `command` is then the arguments of `tandem`."""
        self.name = name or Path(command[0]).name
        self.lines: list[str] = []
        self._stop_signal = stop_signal
        self._changed = threading.Condition()
        self._ended = False
        self.started_at = time.monotonic()
        words, around = (
            [str(part) for part in command],
            {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        self._process: subprocess.Popen[bytes] | Forked
        if zygote is not None:
            self._process = zygote.start(words, cwd or ROOT, around)
        else:
            self._process = subprocess.Popen(
                words,
                cwd=cwd or ROOT,
                env=around,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is pytest's alone
            )
        if cpu is not None:
            os.sched_setaffinity(self._process.pid, {cpu})
        self._reader = threading.Thread(target=self._read, name=f"output of {self.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is not None:
            error.add_note(self.report())

    def wait_for(self, pattern: str, timeout: float = 10.0, *, after: int = 0) -> re.Match[str]:
        """The first line from number `after` on in which `pattern` is found; fails after `timeout` [s]."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                while seen < len(self.lines):
                    if (match := wanted.search(self.lines[seen])) is not None:
                        return match
                    seen += 1
                left = deadline - time.monotonic()
                if self._ended:
                    raise AssertionError(f"{self.name} ended without {pattern!r}\n{self.report()}")
                if left <= 0:
                    raise AssertionError(f"{self.name}: no {pattern!r} within {timeout} s\n{self.report()}")
                self._changed.wait(left)

    def count(self, pattern: str) -> int:
        wanted = re.compile(pattern)
        with self._changed:
            return sum(1 for line in self.lines if wanted.search(line))

    def write(self, line: str) -> None:
        """One line to its standard input."""
        assert self._process.stdin is not None, "standard input is always a pipe"
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def wait(self, timeout: float = 10.0) -> int:
        """Its exit status; fails when it is still running after `timeout` [s]."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout} s\n{self.report()}") from None
        self._reader.join(5.0)
        return status

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """`kill -9`, for tests of what survives it."""
        self._process.kill()
        self._process.wait()
        self._close()

    def stop(self, timeout: float = 10.0) -> int:
        """Ask it to end, kill it when it does not, and return the exit status."""
        if self.running:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.lines.append(f"[killed: still running {timeout} s after {self._stop_signal.name}]")
                self._process.kill()
        status = self._process.wait()
        self._close()
        return status

    def report(self, lines: int = 60) -> str:
        """The end of its output, for a failure message."""
        status = self._process.poll()
        state = "still running" if status is None else f"exit status {status}"
        tail = "\n".join(f"  | {line}" for line in self.lines[-lines:])
        return f"{self.name} (pid {self.pid}, {state}) said:\n{tail}"

    def _close(self) -> None:
        self._reader.join(5.0)
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        with contextlib.suppress(BrokenPipeError):  # what it did not read before it ended
            self._process.stdin.close()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None, "standard output is always a pipe"
        for raw in self._process.stdout:
            line = _CONTROL.sub("", raw.decode("utf-8", "replace"))
            with self._changed:
                if len(self.lines) < KEPT:
                    self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def wait_until(
    condition: Callable[[], object], timeout: float = 10.0, *, every: float = 0.05, what: str = ""
) -> None:
    """Poll `condition` until it is true; fails after `timeout` [s]."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        time.sleep(every)
