"""An agent's process is killed in the middle of a hundred calls: every caller ends up where the flow says."""

import json
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.address import free_tcp_port, loopback
from tests.support.caller import Call, Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.leftover import assert_quiet, open_sockets
from tests.support.process import Child, wait_until

EACH = 25
"Callers of each way out."
PATIENCE = 90.0
"[s]"
ESTABLISHED = "01"
ONCE = 12
"Sockets; 125 agents were dialled, and as many RTP ports taken."

PATIENT = {"limits": {"media": {"silence_timeout": "10m"}}}
"Four of five phones send nothing."

WAYS: dict[str, dict[str, Any]] = {
    "9101": {"kind": "hangup"},
    "9102": {"kind": "enqueue", "queue": "people", "next": {"default": "bye"}},
    "9103": {"kind": "say", "text": "Goodbye.", "next": "bye"},
    "9104": {"kind": "agent", "agent": "spare", "next": {"default": "bye"}},
}
"Where `failed` leads, by the number that was called."


@contextmanager
def echo_agent() -> Iterator[tuple[str, Child]]:
    """Light: it returns what it hears."""
    address = loopback()
    port = free_tcp_port(address)
    with Child([sys.executable, "-m", "tests.bench.agent", address, str(port)], name="agent") as child:
        child.wait_for("ready", PATIENCE)
        yield f"ws://{address}:{port}/", child


def account(folder: Path, doomed: str, spare: str) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    flows = {}
    for number, way in WAYS.items():
        # By `failed` alone: no agent takes its leave, and one that was not reached yet has failed too.
        talk = {"kind": "agent", "agent": "doomed", "next": {"failed": "after", "default": "never"}}
        nodes = {"talk": talk, "after": way, "bye": {"kind": "hangup"}, "never": {"kind": "hangup"}}
        nodes["never"]["cause"] = "congestion"
        file = folder / f"{number}.yaml"
        file.write_text(yaml.safe_dump({"entry": "talk", "nodes": nodes}))
        flows[f"flow-{number}"] = str(file)
    return {
        "limits": {"max_in": 200, "max_out": 200},
        "extensions": [{"number": number, "target": {"flow": f"flow-{number}"}} for number in WAYS],
        "flows": flows,
        "queues": {"people": {"max_wait": "10m", "when_empty": "wait"}},
        "agents": {
            name: {"dialect": "tandem", "url": url, "sample_rate": 8000, "connect_timeout": "60s"}
            for name, url in (("doomed", doomed), ("spare", spare))
        },
    }


def ended(daemon: Daemon) -> list[dict[str, Any]]:
    status, text = daemon.tandem("calls", "--json", "--limit", "500")
    assert status == 0, text
    found: list[dict[str, Any]] = json.loads(text)["ended"]
    return found


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_every_one_of_a_hundred_callers_goes_where_the_flow_says(tmp_path: Path) -> None:
    """Issue 5, Must be shown: one CDR each, admission back to zero, no socket left."""
    with (
        echo_agent() as (doomed, process),
        echo_agent() as (spare, _),
        Daemon(
            tmp_path / "daemon", account=account(tmp_path / "flows", doomed, spare), settings=PATIENT
        ) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        before, sockets = daemon.metrics(), open_sockets(daemon)
        calls: dict[str, list[Call]] = {number: [] for number in WAYS}
        for nth in range(EACH):
            for number in WAYS:
                calls[number].append(call := phone.dial(number, timeout=PATIENCE))
                if nth % 5:  # most phones suppress silence: cores are slow
                    call.next_frame_at += 3600.0
        wait_until(lambda: connected(doomed) == 4 * EACH, PATIENCE, what="every agent is connected")

        process.kill()

        for number in ("9101", "9103"):
            for call in calls[number]:
                call.wait_ended(PATIENCE)
                assert call.ended_by_peer
        waiting = 'tandem_queue_waiting{account="acc_demo",queue="people"}'
        wait_until(lambda: daemon.metrics()[waiting] == EACH, PATIENCE, what="the queue has its callers")
        wait_until(lambda: connected(spare) == EACH, PATIENCE, what=f"the fallback has {EACH} callers")
        assert daemon.metrics()["tandem_calls"] == 2 * EACH
        for number in ("9102", "9104"):
            for call in calls[number]:
                assert not call.ended.is_set() and call.hang_up(PATIENCE).status == 200

        assert_quiet(daemon, before, timeout=PATIENCE)
        # What the daemon opens once, such as the pipes to its speaking child, is none of a call.
        wait_until(lambda: open_sockets(daemon) < sockets + ONCE, PATIENCE, what="every socket is closed")
        wait_until(lambda: len(ended(daemon)) >= 4 * EACH, PATIENCE, every=1.0, what="every CDR is written")
        rows = ended(daemon)
        assert Counter(row["callee"] for row in rows) == dict.fromkeys(WAYS, EACH), "one CDR each"
        used = json.loads(daemon.tandem("cac", "show", "acc_demo", "--json")[1])
        assert not used["calls"] and not any(used["counters"].values()), used
        held = [one["count"] for kind in ("users", "dids", "trunks") for one in used[kind].values()]
        assert not any(held), used
        for row in rows[:: 4 * EACH // 8]:
            left = {event["node_id"]: event for event in daemon.trace(row["id"]) if event["layer"] == "flow"}
            assert left["talk"]["outcome"] in ("failed", "no_answer") and "never" not in left


def connected(agent: str) -> int:
    """TCP connections to the agent of this URL, by the kernel's account (proc_pid_net(5))."""
    address, port = agent.removeprefix("ws://").rstrip("/").split(":")
    peer = f"{socket.inet_aton(address)[::-1].hex().upper()}:{int(port):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2] == peer and row[3] == ESTABLISHED for row in rows)
