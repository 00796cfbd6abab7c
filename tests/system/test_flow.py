"""The reception flow on real sockets: a menu by keys, an AI agent, voicemail after hours."""

import contextlib
import json
import signal
import sqlite3
import time
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import PASSWORDS, Daemon, tandem

ROOT = Path(__file__).parents[2]
RECEPTION = ROOT / "config/flows/reception.yaml"


def account(force: str, flow: Path = RECEPTION) -> dict[str, Any]:
    return {
        "extensions": [{"number": "9001", "target": {"flow": "reception"}}],
        "flows": {"reception": str(flow)},
        "queues": {"people": {"members": [{"user": "1001"}], "auto_ready": True}},
        "agents": {"demo": {"dialect": "twilio", "url": "builtin:demo"}},
        "schedules": {"office": {"force": force}},
    }


def call(daemon: Daemon, *options: str) -> tuple[int, str]:
    words = [
        "call",
        daemon.uri("9001"),
        "--user",
        "1001",
        "--password",
        PASSWORDS["1001"],
        "--json",
        *options,
    ]
    return daemon.tandem(*words)


def trace(daemon: Daemon) -> list[dict[str, Any]]:
    """Of the only call."""
    status, text = daemon.tandem("calls", "--json")
    assert status == 0, text
    (row,) = json.loads(text)["ended"]
    return daemon.trace(row["id"])


def went(rows: list[dict[str, Any]]) -> list[str]:
    names = ("begin", "command", "party", "fault")
    return [
        f"{row['node_id']} {row['outcome']}"
        for row in rows
        if row["layer"] == "flow" and row["event"] not in names
    ]


def test_a_key_in_the_menu_leads_to_the_agent(tmp_path: Path) -> None:
    with Daemon(tmp_path, account=account("open")) as daemon:
        status, said = call(daemon, "--digits", "1", "--seconds", "6")
        assert status == 0, said
        rows = trace(daemon)
    assert went(rows)[:2] == ["hours in_hours", "menu digit:1"]
    events = [row["event"] for row in rows if row["layer"] == "agent"]
    assert "AgentConnected" in events and "AgentSpoke" in events, "real audio of the agent"


def test_after_hours_the_caller_leaves_a_message(tmp_path: Path) -> None:
    with Daemon(tmp_path, account=account("closed")) as daemon:
        status, said = call(daemon, "--seconds", "14")
        assert status == 0, said
        rows = trace(daemon)
        (file,) = (tmp_path / "data/media/acc_demo/vm").iterdir()
    assert went(rows)[:2] == ["hours out_of_hours", "closed done"]
    assert file.suffix == ".wav", "no half-written file is left"
    with wave.open(str(file)) as message:
        assert message.getframerate() == 8_000 and message.getnframes() > 8_000


def test_a_reload_serves_the_new_flow_and_a_bad_file_keeps_the_old_one(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text("nodes: {a: {kind: hangup, cause: busy}}")
    with Daemon(tmp_path, account=account("open", flow)) as daemon:
        assert hangs_up_with(daemon) == 486
        flow.write_text("nodes: {a: {kind: hangup, cause: unavailable}}")
        status, said = daemon.tandem("reload")
        assert status == 0 and "flows" in said
        assert hangs_up_with(daemon) == 480
        flow.write_text("nodes: {a: {kind: hangup, cause: wrong}}")
        status, said = daemon.tandem("reload")
        assert status == 1 and "flow.yaml" in said and "nodes.a.cause" in said
        assert hangs_up_with(daemon) == 480
        flow.write_text("nodes: {a: {kind: hangup, cause: not_found}}")
        daemon.child.send(signal.SIGHUP)
        deadline = time.monotonic() + 5.0
        while hangs_up_with(daemon) != 404:
            assert time.monotonic() < deadline


def hangs_up_with(daemon: Daemon) -> int:
    """SIP status of a call to the flow."""
    call(daemon)
    status, text = daemon.tandem("calls", "--json")
    assert status == 0
    return int(json.loads(text)["ended"][0]["sip_status"])


@pytest.mark.parametrize(
    ("kept_in", "node"), [("rec", "kind: record"), ("vm", 'kind: voicemail, mailbox: "1001", greeting: Hi')]
)
def test_a_daemon_that_is_killed_leaves_no_half_message(tmp_path: Path, kept_in: str, node: str) -> None:
    """The CDR is there, the folder is clean after the next start, and no message waits."""
    flow = tmp_path / "flow.yaml"
    flow.write_text(f"nodes: {{a: {{{node}, beep: false, silence: 0, next: b}}, b: {{kind: hangup}}}}")
    folder = tmp_path / f"data/media/acc_demo/{kept_in}"
    with Daemon(tmp_path, account=account("open", flow)) as daemon:
        words = [
            "call",
            daemon.uri("9001"),
            "--user",
            "1001",
            "--password",
            PASSWORDS["1001"],
            "--seconds",
            "20",
        ]
        caller = tandem(*words)
        deadline = time.monotonic() + 60.0
        while not list(folder.glob("*.part")):
            assert time.monotonic() < deadline, "nothing is recorded"
            time.sleep(0.1)
        daemon.restart(kill=True)
        caller.stop()
        assert list(folder.iterdir()) == []
        _, text = daemon.tandem("calls", "--json")
        assert [row["disposition"] for row in json.loads(text)["ended"]] == ["interrupted"]
        with contextlib.closing(sqlite3.connect(tmp_path / "data/tandem.db")) as database:
            assert database.execute("SELECT count(*) FROM voicemail").fetchone() == (0,)
