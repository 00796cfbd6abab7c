"""Seed 004 against the daemon as users run it: HTTP, the live monitor, the command line."""

import http.client
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.address import HTTP_PORT, loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon

DIDS = [{"number": "12025550123", "target": {"user": "1002"}, "max_channels": 1}]


def post(daemon: Daemon, path: str, method: str = "POST", **fields: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*daemon.http, timeout=5.0)
    try:
        connection.request(method, path, json.dumps(fields), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def counters(daemon: Daemon) -> dict[str, int]:
    found: dict[str, int] = json.loads(daemon.get("/cac?accountId=acc_demo")[1])["counters"]
    return found


def test_an_outside_edge_and_our_own_share_one_did(tmp_path: Path) -> None:  # S004-28 S004-57 S004-60
    with Daemon(tmp_path, account={"dids": DIDS}) as daemon:
        register = {
            "type": "register",
            "accountId": "acc_demo",
            "userId": "1002",
            "contact": "sip:1002@192.0.2.7",
        }
        assert post(daemon, "/presence/event", **register)[0] == 200
        asked = {"callId": "c1", "from": "14155550100", "fromDomain": "x.example", "to": "12025550123"}
        assert post(daemon, "/route", **asked)[1]["rtjson"]["action"] == "proxy"
        assert counters(daemon)["in"] == 1
        assert post(daemon, "/route", **asked | {"callId": "c2"})[1]["rtjson"]["code"] == 486
        event = {"type": "dialog", "accountId": "acc_demo", "callId": "c1"}
        for _ in range(2):
            assert post(daemon, "/presence/event", **event, event="end")[0] == 200
        assert counters(daemon)["in"] == 0
        assert [row["layer"] for row in daemon.trace("c1")][-1] == "presence"
        assert daemon.metrics()["tandem_did_busy_refused_total"] == 1.0


def test_the_monitor_shows_a_call_as_it_happens(tmp_path: Path) -> None:  # S004-64
    with Daemon(tmp_path) as daemon:
        url = f"ws://{daemon.address}:{HTTP_PORT}/debug?accountId=acc_demo"
        with connect(url) as monitor, Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone:
            phone.register()
            call = phone.dial("*43")
            call.hang_up()
            rows: list[dict[str, Any]] = []
            while not {"opened", "closed", "INVITE", "BYE"} <= {row["event"] for row in rows}:
                rows.append(json.loads(monitor.recv(timeout=10.0)))
            assert rows[0]["event"] == "opened" and rows[0]["data"]["to"] == "*43"
        status, text = daemon.tandem("cac", "show", "acc_demo")
        assert status == 0 and "calls in" in text


def test_a_recording_comes_back_as_it_was_sent(tmp_path: Path) -> None:  # S004-76 S004-77
    with Daemon(tmp_path) as daemon:
        connection = http.client.HTTPConnection(*daemon.http, timeout=5.0)
        connection.request("PUT", "/media/acc_demo/moh/a.wav", b"sound")
        assert connection.getresponse().status == 201
        connection.close()
        assert daemon.get("/media/acc_demo/moh/a.wav") == (200, b"sound")
        assert daemon.get("/media/..%2f..%2fetc%2fpasswd")[0] == 400
        assert daemon.get("/media/../tandem.db")[0] in (400, 404)


def test_a_new_user_registers_after_a_reload_and_a_drain_ends_the_daemon(tmp_path: Path) -> None:
    with Daemon(tmp_path, program=True) as daemon:
        document = yaml.safe_load(daemon.config.read_text())
        device = {"username": "1009", "password": "late-arrival"}
        document["accounts"][0]["users"].append({"number": "1009", "devices": [device]})
        daemon.config.write_text(yaml.safe_dump(document))
        status, text = daemon.tandem("reload")
        assert status == 0 and "accounts" in text
        with Phone(loopback(), daemon.sip, "1009", "late-arrival") as phone:
            phone.register()
        daemon.config.write_text("accounts: [")
        status, text = daemon.tandem("reload")
        assert status == 1 and "tandem.yaml" in text
        status, text = daemon.tandem("drain")
        assert status == 0 and "draining: 0 live calls" in text
        deadline = time.monotonic() + 15.0
        while daemon.child.running and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not daemon.child.running


def test_a_watcher_does_not_hold_up_the_end_of_the_daemon(tmp_path: Path) -> None:  # S004-64
    with Daemon(tmp_path) as daemon, connect(f"ws://{daemon.address}:{HTTP_PORT}/debug") as monitor:
        began = time.monotonic()
        assert daemon.terminate().wait(10.0) == 0
        assert time.monotonic() - began < 5.0
        with pytest.raises(ConnectionClosed):
            monitor.recv(timeout=5.0)
