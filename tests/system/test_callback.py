"""A callback over real sockets: promised, killed twice, and kept all the same (F-S2)."""

import contextlib
import http.client
import json
import queue
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.address import loopback
from tests.support.caller import Call, Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.sip import Message

PATIENCE = 60.0
"For whatever must come on a machine that is busy [s]."
FLOW = """
nodes:
  offer: {kind: callback, queue: support, ask: "One?", thanks: "Thank you.", next: {done: bye, default: bye}}
  bye: {kind: hangup}
"""


def account(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flow.yaml").write_text(FLOW)
    back = {"whisper": "", "ring_timeout": "60s", "retry": "10s"}
    support = {
        "members": [{"user": "1001"}],
        "auto_ready": True,
        "agent_ring_timeout": "60s",
        "callback": back,
    }
    return {
        "queues": {"support": support},
        "flows": {"later": str(folder / "flow.yaml")},
        "extensions": [{"number": "9003", "target": {"flow": "later"}}],
    }


def callbacks(daemon: Daemon) -> list[dict[str, Any]]:
    status, body = daemon.get("/callbacks?accountId=acc_demo", timeout=PATIENCE)
    assert status == 200
    found: list[dict[str, Any]] = json.loads(body)["callbacks"]
    return found


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def cdrs(daemon: Daemon) -> list[dict[str, Any]]:
    """Oldest first."""
    status, text = daemon.tandem("calls", "--json")
    assert status == 0, text
    found: list[dict[str, Any]] = json.loads(text)["ended"]
    return found[::-1]


def promised(daemon: Daemon, customer: Phone) -> None:
    """1002 asks to be called back, and hangs up once that is promised."""
    call = customer.dial("9003")
    call.press("1")
    until(lambda: callbacks(daemon), "no promise")
    if not call.ended.is_set():
        call.hang_up()


def taken(phone: Phone) -> Call:
    return phone.answer(timeout=PATIENCE)


def rung(phone: Phone) -> Message:
    return phone.incoming.get(timeout=PATIENCE)


def told(daemon: Daemon, id: str) -> list[str]:
    """By its trace; the last second before a kill may be missing."""
    status, body = daemon.get(f"/calls/{id}/trace", timeout=PATIENCE)
    rows = json.loads(body) if status == 200 else []
    return [row["outcome"] for row in (rows if isinstance(rows, list) else rows["events"])]


def on_disk(daemon: Daemon) -> str:
    """What a crash leaves of callbacks."""
    with contextlib.closing(sqlite3.connect(daemon.folder / "data/tandem.db")) as database:
        rows = database.execute("SELECT data FROM keepsake WHERE kind = 'callback'").fetchall()
    return str(rows)


def phones(daemon: Daemon) -> tuple[Phone, Phone]:
    return tuple(Phone(loopback(), daemon.sip, user, PASSWORDS[user]) for user in ("1001", "1002"))  # type: ignore[return-value]


def test_a_promise_survives_two_kills_and_brings_the_two_together_once(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=account(tmp_path)) as daemon:
        agent, customer = phones(daemon)
        with agent, customer:
            assert customer.register().status == 200
            promised(daemon, customer)
            (first,) = cdrs(daemon)
            assert (first["disposition"], first["callee"]) == ("callback", "9003")
            daemon.restart(kill=True)
            (kept,) = callbacks(daemon)
            assert (kept["number"], kept["tries"], kept["promised_in"]) == ("1002", 0, first["id"])
            assert agent.register().status == 200 and customer.register().status == 200
            rung(agent)
            until(lambda: "live" in daemon.tandem("calls", "--json")[1], "the ringing call is in no book")
            daemon.restart(kill=True)
            while not agent.incoming.empty():
                agent.incoming.get_nowait()
            assert agent.register().status == 200 and customer.register().status == 200
            until(lambda: callbacks(daemon)[0]["state"] == "calling", "nobody is rung again")
            answered = taken(agent)
            called = taken(customer)
            until(lambda: callbacks(daemon)[0]["state"] == "reached", "it is not noted that he was reached")
            answered.hang_up()
            called.wait_ended(PATIENCE)
        until(lambda: len(cdrs(daemon)) == 3, "a CDR is missing")
        _, broken, last = cdrs(daemon)
        assert broken["disposition"] == "interrupted"
        assert (last["disposition"], last["queue"], last["direction"]) == ("answered", "support", "internal")
        assert callbacks(daemon)[0]["calls"][-1] == last["id"]
        until(lambda: told(daemon, kept["id"])[-3:] == ["call", "agent", "reached"], "it has no trace")


def test_who_was_reached_is_left_alone_after_a_kill(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=account(tmp_path)) as daemon:
        agent, customer = phones(daemon)
        with agent, customer:
            assert agent.register().status == 200 and customer.register().status == 200
            promised(daemon, customer)
            taken(agent)
            taken(customer)
            until(lambda: callbacks(daemon)[0]["state"] == "reached", "it is not noted that he was reached")
            until(lambda: "reached" in on_disk(daemon), "it is not on disk that he was reached")
            daemon.restart(kill=True)
            assert callbacks(daemon)[0]["state"] == "reached"
            assert agent.register().status == 200
            try:
                agent.incoming.get(timeout=7.0)
            except queue.Empty:
                return
            raise AssertionError("an agent is rung for somebody who was reached")


def stepped(daemon: Daemon, **body: object) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*daemon.http, timeout=PATIENCE)
    try:
        connection.request("POST", "/flow", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status == 200, found
        return found
    finally:
        connection.close()


def test_an_outside_edge_is_given_the_same_commands_and_the_same_promise(tmp_path: Path) -> None:
    """S004-32: a gather, a noop while it is written down, and what is said then."""
    with Daemon(tmp_path / "daemon", account=account(tmp_path)) as daemon:
        given = {"caller": "1002", "direction": "internal"}
        first = stepped(daemon, callId="c1", accountId="acc_demo", flowId="later", vars=given)
        assert (first["command"], first["params"]["text"]) == ("gather", "One?")
        stepped(daemon, callId="c1", outcome="digit:1", seq=first["seq"])
        until(lambda: stepped(daemon, callId="c1", outcome="default")["command"] == "play", "no promise")
        (about,) = callbacks(daemon)
        assert (about["number"], about["promised_in"], about["state"]) == ("1002", "c1", "waiting")
        assert "waiting" in on_disk(daemon)
