"""The daemon as users run it: a child process with its own configuration, data folder and addresses."""

import copy
import http.client
import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.support.address import HTTP_PORT, SIP_PORT, loopback
from tests.support.process import Child
from tests.support.zygote import zygote

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
WORKERS = int(os.environ.get("TANDEM_TEST_WORKERS", "0"))
"`media.workers` of daemons whose test names none: with 2 the whole-daemon tests prove the workers too."
PROGRAM = [sys.executable, "-m", "controlplane"]
PASSWORDS = {"1001": "wonderland-1", "1002": "builder-2"}


def tandem(*words: str, env: Mapping[str, str] | None = None, cpu: int | None = None) -> Child:
    """The program with these arguments, forked from one that has imported it."""
    return Child(words, name=f"tandem {words[0]}", env=env, cpu=cpu, zygote=zygote())


class Daemon:
    """`python -m controlplane serve`, ready when the constructor of the block returns.

    Two users (1001, 1002), `*43`, and whatever `account` adds to the demo account's section.
    Leaving the block sends SIGTERM and asserts exit status 0 unless the test ended it itself.
    """

    def __init__(
        self,
        folder: Path,
        *,
        account: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        address: str | None = None,
        cpu: int | None = None,
        program: bool = False,
    ) -> None:
        """Args: program: started as users start it, not forked from what has imported everything."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.address = address or loopback()
        self.sip = (self.address, SIP_PORT)
        self.http = (self.address, HTTP_PORT)
        self._cpu = cpu
        self._program = program
        self._ended_by_test = False
        demo: dict[str, Any] = {
            "id": "acc_demo",
            "domain": "demo.local",
            "users": [
                {"number": number, "devices": [{"username": number, "password": password}]}
                for number, password in PASSWORDS.items()
            ],
        }
        demo.update(copy.deepcopy(dict(account or {})))
        document: dict[str, Any] = {
            "node": {"name": "test", "data": str(folder / "data")},
            "listen": {
                "sip": [
                    {"transport": kind, "address": self.address, "port": SIP_PORT} for kind in ("udp", "tcp")
                ],
                "http": {"address": self.address, "port": HTTP_PORT},
                "rtp": {"address": self.address, "ports": [20_000, 29_999]},
            },
            "accounts": [demo],
        }
        if WORKERS:
            document["media"] = {"workers": WORKERS}
        document.update(copy.deepcopy(dict(settings or {})))
        # What a noisy machine does to the cost of audio must not refuse the calls of a test.
        document.setdefault("limits", {}).setdefault("media", {}).setdefault("full", None)
        self.config = folder / "tandem.yaml"
        self.config.write_text(yaml.safe_dump(document, sort_keys=False))
        self.child = self._start()

    def _start(self) -> Child:
        words = ["serve", "--config", str(self.config), "--data", str(self.folder / "data")]
        if self._program:
            return Child([*PROGRAM, *words], name="tandem serve", cpu=self._cpu)
        return tandem(*words, cpu=self._cpu)

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.address}:{SIP_PORT}"

    def wait_ready(self, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        told: object = "nothing"
        while True:
            try:
                status, told = self.get("/readyz")
                if status == 200:
                    return
            except OSError as error:
                told = error
            assert self.child.running, f"the daemon did not start\n{self.child.report()}"
            assert time.monotonic() < deadline, (
                f"not ready within {timeout} s, /readyz: {told!r}\n{self.child.report()}"
            )
            time.sleep(0.05)

    def get(self, path: str, timeout: float = 5.0) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.http, timeout=timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Every sample by its name, with labels as they stand: `tandem_legs`, `tandem_calls_total{…}`."""
        status, body = self.get("/metrics")
        assert status == 200, body
        found = {}
        for line in body.decode().splitlines():
            if (match := _SAMPLE.match(line)) is not None:
                name, labels, value = match.groups()
                found[f"{name}{{{labels}}}" if labels else name] = float(value)
        return found

    def trace(self, call: str) -> list[dict[str, Any]]:
        """Rows of one call's trace, by our id or its SIP Call-ID."""
        status, body = self.get(f"/calls/{call}/trace")
        assert status == 200, body
        answer = json.loads(body)
        rows: list[dict[str, Any]] = answer["events"] if isinstance(answer, dict) else answer
        return rows

    def tandem(self, *words: str, timeout: float = 60.0) -> tuple[int, str]:
        """Run the command line against this daemon: (exit status, output)."""
        child = tandem(
            *words, env={"TANDEM_CONFIG": str(self.config), "TANDEM_DATA": str(self.folder / "data")}
        )
        try:
            return child.wait(timeout), "\n".join(child.lines)
        finally:
            child.stop()

    def restart(self, *, kill: bool = False) -> None:
        """End it, by `kill -9` or in good order, and start it again on the same data folder."""
        if kill:
            self.child.kill()
        elif self.child.running:
            self._stop()
        self.child = self._start()
        self.wait_ready()

    def terminate(self) -> Child:
        """Send SIGTERM and let the test watch how it drains."""
        self._ended_by_test = True
        self.child.send(signal.SIGTERM)
        return self.child

    def _stop(self) -> None:
        status = self.child.stop(20.0)
        assert status == 0, f"exit status {status} after SIGTERM\n{self.child.report()}"

    def __enter__(self) -> Self:
        try:
            self.wait_ready()
        except BaseException:
            self.child.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.child.stop()
            error.add_note(self.child.report())
        elif self._ended_by_test:
            self.child.stop()
        else:
            self._stop()
            complaint = next((line for line in self.child.lines if "Traceback" in line), None)
            assert complaint is None, self.child.report()
