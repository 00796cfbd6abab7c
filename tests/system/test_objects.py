"""What the API and the command line make, on a whole daemon: live at once, there after kill -9."""

import http.client
import json
import re
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.daemon import PASSWORDS, Daemon, tandem
from tests.support.process import Child, wait_until


def test_a_user_made_while_the_daemon_runs_calls_at_once_and_after_kill_9(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        status, text = daemon.tandem("users", "create", "acc_demo", "1003", "--username", "carol")
        made = re.search(r"username carol, password (\S+)", text)
        assert status == 0 and made is not None, text
        words = ("--user", "carol", "--password", made[1], "--seconds", "0.5")
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        status, key = daemon.tandem("keys", "create", "metrics", "--scope", "reports.read", "--json")
        assert status == 0, key
        daemon.restart(kill=True)
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        assert "metrics" in daemon.tandem("keys", "list")[1]
        assert daemon.tandem("users", "remove", "acc_demo", "1003")[0] == 0
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 1
        wait_until(lambda: daemon.metrics()["tandem_calls"] == 0, 60.0)


def test_a_trunk_made_while_the_daemon_runs_registers_at_once_until_it_is_removed(tmp_path: Path) -> None:
    export = tmp_path / "export.yaml"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier,
        Daemon(tmp_path, settings={"security": {"reach": "any"}}) as daemon,
    ):
        carrier.bind(("127.0.0.1", 0))
        carrier.settimeout(60.0)
        made = {
            "name": "carrier",
            "proxy": f"sip:127.0.0.1:{carrier.getsockname()[1]}",
            "register": {"username": "us", "password": "hush-hush"},
            "health": {"interval": "1s"},
        }
        export.write_text(yaml.safe_dump({"accounts": [{"id": "acc_demo", "trunks": [made]}]}))
        assert daemon.tandem("import", str(export))[0] == 0
        methods: set[bytes] = set()
        while methods < {b"OPTIONS", b"REGISTER"}:
            methods.add(carrier.recv(4_096).partition(b" ")[0])
        assert "hush" not in daemon.tandem("export")[1]
        assert any(name.startswith("tandem_trunk") and "carrier" in name for name in daemon.metrics())
        export.write_text("accounts: [{id: acc_demo}]")
        assert daemon.tandem("import", str(export), "--prune")[0] == 0
        assert not any(name.startswith("tandem_trunk") and "carrier" in name for name in daemon.metrics())


TOKEN = "open-sesame"
TALK = {
    "entry": "hello",
    "nodes": {
        "hello": {"kind": "say", "text": "Hello.", "next": "talk"},
        "talk": {"kind": "agent", "agent": "desk", "next": {"default": "bye"}},
        "bye": {"kind": "hangup"},
    },
}
GONE = {"nodes": {"bye": {"kind": "hangup"}}}


def change(daemon: Daemon, method: str, path: str, value: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*daemon.http, timeout=60.0)
    try:
        headers = {"X-Admin-Token": TOKEN, "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value)
        connection.request(method, f"/accounts/acc_demo/{path}", body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def calling(daemon: Daemon, number: str) -> Child:
    words = ("--user", "1001", "--password", PASSWORDS["1001"], "--seconds", "60", "--json")
    return tandem("call", daemon.uri(number), *words)


def layers(daemon: Daemon) -> set[str]:
    """Of what has been traced of the call that is up."""
    calls = json.loads(daemon.get("/cac?accountId=acc_demo")[1])["calls"]
    return {row["layer"] for call in calls for row in daemon.trace(call["callId"])}


@pytest.mark.timeout(300)  # four processes, two of them calls: a busy machine takes its time
def test_a_call_through_what_the_api_has_made_goes_on_when_it_changes_and_goes(tmp_path: Path) -> None:
    settings = {"security": {"reach": "any"}, "gates": {"admin_token": TOKEN}}
    with (
        Child([sys.executable, "-m", "media.agent.demo"], name="demo agent") as bot,
        Daemon(tmp_path, settings=settings) as daemon,
    ):
        url = json.loads(bot.wait_for(r"^{.*url.*", 60.0)[0])["url"]
        for path, value in (
            ("agents/desk", {"dialect": "twilio", "url": url}),
            ("flows/front", TALK),
            ("extensions/78", {"target": {"flow": "front"}}),
        ):
            status, told = change(daemon, "PUT", path, value)
            assert status == 201, told
        with calling(daemon, "78") as phone:
            wait_until(lambda: "agent" in layers(daemon), 60.0)
            assert change(daemon, "DELETE", "agents/desk")[1]["error"] == "in_use"
            assert change(daemon, "PUT", "flows/front", GONE)[0] == 200
            assert change(daemon, "DELETE", "agents/desk")[0] == 200
            with calling(daemon, "78") as other:
                assert other.wait(60.0) == 1, "a new call has the new flow"
            assert change(daemon, "DELETE", "extensions/78")[0] == 200
            live = json.loads(daemon.get("/cac?accountId=acc_demo")[1])
            assert len(live["calls"]) == 1 and phone.running, "what began goes on"
        wait_until(lambda: daemon.metrics()["tandem_calls"] == 0, 60.0)
        left = json.loads(daemon.get("/cac?accountId=acc_demo")[1])
        assert not any(left["counters"].values()), "its channels are given back"
