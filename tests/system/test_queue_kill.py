"""`kill -9` while an agent is rung leaves nobody stuck, and keeps what an agent was promised (S004-44…48)."""

import http.client
import json
import threading
from pathlib import Path
from typing import Any

from tests.support.address import loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon

ACCOUNT = {
    "queues": {"support": {"members": [{"user": "1001"}], "wrap_up": "0s"}, "sales": {}},
    "extensions": [{"number": "9002", "target": {"queue": "support"}}],
}


def say(daemon: Daemon, event: str, **more: Any) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*daemon.http, timeout=10.0)
    body = {"accountId": "acc_demo", "userId": "1001", "event": event, **more}
    connection.request("POST", "/agent", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    found: dict[str, Any] = json.loads(response.read())
    connection.close()
    assert response.status == 200, found
    return found


def shown(daemon: Daemon) -> dict[str, Any]:
    status, body = daemon.get("/agent?accountId=acc_demo&userId=1001")
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


def test_an_agent_who_was_rung_when_the_daemon_died_is_free_and_still_signed_in(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", account=ACCOUNT) as daemon:
        address = loopback()
        with (
            Phone(address, daemon.sip, "1001", PASSWORDS["1001"]) as agent,
            Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"]) as caller,
        ):
            assert agent.register().status == 200
            say(daemon, "login", queues=[{"queueId": "support", "level": 2}])
            assert say(daemon, "available")["status"] == "available"
            dialling = threading.Thread(target=caller.dial, args=("9002",))
            dialling.start()
            agent.incoming.get(timeout=10.0)
            dialling.join()
            assert shown(daemon)["state"] == "offering"
            say(daemon, "available")  # answered once all of the past is on disk, the open call too
            daemon.restart(kill=True)
            after = shown(daemon)
            assert (after["status"], after["state"], after["offer"]) == ("available", "waiting", None)
            assert [(one["name"], one["level"]) for one in after["queues"]] == [("support", 2)]
            with Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"]) as again:
                dialling = threading.Thread(target=again.dial, args=("9002",))
                dialling.start()
                call = agent.answer()  # it is rung again, and can take a call
                dialling.join()
                assert shown(daemon)["state"] == "in_call"
                call.hang_up()
        status, text = daemon.tandem("calls", "--json")
        assert status == 0, text
        ended = json.loads(text)["ended"]
        assert "interrupted" in [row["disposition"] for row in ended]
