"""Fifty who answer at once, each over a socket of its own, and one caller (S004-53, S004-54).

A media engine rings them all (`POST /flow`, outcome `waiting`); their answers race.
"""

import json
import socket
import threading
from pathlib import Path
from typing import Any

from tests.support.daemon import Daemon

AGENTS = [str(2_000 + n) for n in range(50)]
FLOW = """
nodes:
  wait: {kind: enqueue, queue: support, next: {answered: bye, default: bye}}
  bye: {kind: hangup}
"""
CALL = "ring-all-1"


def account(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flow.yaml").write_text(FLOW)
    queue = {
        "strategy": "ring_all",
        "agent_ring_timeout": "5m",
        "wrap_up": "0s",
        "auto_ready": True,
        "members": [{"user": number} for number in AGENTS],
    }
    return {
        "users": [{"number": number} for number in AGENTS],
        "queues": {"support": queue},
        "flows": {"line": str(folder / "flow.yaml")},
    }


def ask(daemon: Daemon, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    with socket.create_connection(daemon.http, timeout=60.0) as connection:
        return _exchange(connection, daemon, method, path, body)


def _exchange(
    connection: socket.socket, daemon: Daemon, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {daemon.http[0]}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content)
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    head_, _, rest = received.partition(b"\r\n\r\n")
    assert head_.startswith(b"HTTP/1.1 200 "), received
    found: dict[str, Any] = json.loads(rest)
    return found


def step(daemon: Daemon, **more: Any) -> dict[str, Any]:
    found = ask(daemon, "POST", "/flow", {"callId": CALL, **more})
    return found


def claim_at_once(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """What each agent is answered; every socket is open before the first of them asks."""
    answers: dict[str, dict[str, Any]] = {}
    gate = threading.Barrier(len(AGENTS))

    def claim(number: str, connection: socket.socket) -> None:
        gate.wait(60.0)
        answers[number] = _exchange(connection, daemon, "GET", f"/agent/claim/acc_demo/{number}/{CALL}")

    connections = {number: socket.create_connection(daemon.http, timeout=60.0) for number in AGENTS}
    threads = [threading.Thread(target=claim, args=pair) for pair in connections.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120.0)
    for connection in connections.values():
        connection.close()
    return answers


def test_of_fifty_claims_at_once_one_wins_and_nothing_is_left(tmp_path: Path) -> None:  # S004-53 S004-54
    with Daemon(tmp_path / "daemon", account=account(tmp_path / "flows")) as daemon:
        for number in AGENTS:
            seen = {"type": "register", "accountId": "acc_demo", "userId": number, "registered": True}
            contact = f"sip:{number}@192.0.2.7"
            assert ask(daemon, "POST", "/presence/event", {**seen, "contact": contact})["reachable"]
        waiting = step(daemon, accountId="acc_demo", flowId="line")
        assert waiting["command"] == "enqueue"
        assert sorted(offer["number"] for offer in waiting["params"]["offers"]) == AGENTS
        ringing = ask(daemon, "GET", "/presence/users?accountId=acc_demo")
        assert ringing["tiles"]["ringing"] == 50

        answers = claim_at_once(daemon)

        assert len(answers) == 50, "each was answered"
        (winner,) = [number for number, found in answers.items() if found["ok"]]
        roster = {
            row["number"]: row for row in ask(daemon, "GET", "/presence/users?accountId=acc_demo")["users"]
        }
        told = {found["winner"] for number, found in answers.items() if number != winner}
        assert told == {roster[winner]["user_id"]}, "the others know whose he is"
        assert (roster[winner]["state"], roster[winner]["call_id"]) == ("in_call", CALL)
        assert [row["state"] for number, row in roster.items() if number != winner] == ["waiting"] * 49
        assert not any(row["offer"] for number, row in roster.items() if number != winner), "no lease is left"
        assert not any(row["missed"] for row in roster.values()), "to be slower is no fault"
        assert ask(daemon, "GET", f"/agent/claim/acc_demo/{winner}/{CALL}")["ok"], (
            "who asks again has him still"
        )
        assert step(daemon, outcome="waiting")["params"]["offers"] == []
        assert step(daemon, outcome="answered")["command"] == "hangup"
        (queue,) = ask(daemon, "GET", "/queues?accountId=acc_demo")["queues"]
        assert (queue["answered"], queue["waiting"], queue["talking"]) == (1, [], [])
        late = next(number for number in AGENTS if number != winner)
        after = ask(daemon, "GET", f"/agent/claim/acc_demo/{late}/{CALL}")
        assert after == {"ok": False, "winner": roster[winner]["user_id"]}
        tiles = ask(daemon, "GET", "/presence/users?accountId=acc_demo")["tiles"]
        assert tiles["ready"] == 50
        daemon.restart()
        (day,) = ask(daemon, "GET", "/queues/days?accountId=acc_demo")["days"]
        assert (day["name"], day["joined"], day["answered"], day["abandoned"]) == ("support", 1, 1, 0)
        assert ask(daemon, "GET", "/queues?accountId=acc_demo")["queues"][0]["answered"] == 0, (
            "since the start"
        )
