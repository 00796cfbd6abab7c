"""`tandem agent check` against the demo agent, both as they are run (issue 5: the conformance kit)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.address import free_tcp_port, loopback

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.alone
@pytest.mark.timeout(150)
def test_the_demo_agent_fails_no_case() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "media.agent.demo"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stdout is not None
        url = json.loads(demo.stdout.readline())["url"]
        command = [
            sys.executable,
            "-m",
            "controlplane",
            "agent",
            "check",
            url,
            "--dialect",
            "twilio",
            "--json",
        ]
        done = subprocess.run(
            [*command, "--jobs", "12"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        told = json.loads(done.stdout)
        failed = [case for case in told["cases"] if case["verdict"] == "fail"]
        assert not failed and done.returncode == 0, done.stderr
        assert told["totals"]["pass"] >= 30
    finally:
        demo.kill()
        demo.communicate()


def test_where_nobody_listens_every_case_fails_and_says_why() -> None:
    address = loopback()
    url = f"ws://{address}:{free_tcp_port(address)}/"
    command = [sys.executable, "-m", "controlplane", "agent", "check", url, "--json", "--only", "connect"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    [case] = json.loads(done.stdout)["cases"]
    assert done.returncode == 1 and "nothing listens" in case["detail"]
