"""sipp phones as agents of queues: signed in over HTTP, rung, taking calls, missing them (S004-44…56).

A step is over when what it leads to is seen, never after a while. The log of transitions (`/agent/moves`)
tells what was passed too quickly to be looked at.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.address import loopback
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.process import wait_until
from tests.support.scenario import AUDIO, Scenario, called, calling
from tests.support.sipp import Sipp

PASSWORDS_ALL = {**PASSWORDS, "1003": "gardener-3"}
WAIT = 60.0
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


class House:
    """A daemon with one queue, sipp agents and a caller."""

    def __init__(self, folder: Path, stack: ExitStack, queue: dict[str, Any]) -> None:
        self.folder = folder
        self._stack = stack
        members = [{"user": "1001"}, {"user": "1003"}]
        account = {
            "users": [
                {"number": number, "devices": [{"username": number, "password": password}]}
                for number, password in PASSWORDS_ALL.items()
            ],
            "queues": {"support": {"members": members, **queue}},
            "extensions": [{"number": "9002", "target": {"queue": "support"}}],
        }
        self.daemon = stack.enter_context(Daemon(folder / "daemon", account=account))
        self.caller = stack.enter_context(Phone(loopback(), self.daemon.sip, "1002", PASSWORDS["1002"]))

    def agent(self, number: str, scenario: Scenario, calls: int = 1) -> Sipp:
        """Registered, signed in, available, and listening where it registered."""
        address = loopback()
        with Sipp(
            self.folder / f"{number}-register",
            calling().register(),
            self.daemon.sip,
            address=address,
            user=number,
            password=PASSWORDS_ALL[number],
            timeout=int(WAIT),
        ) as registering:
            registering.done()
        phone = Sipp(
            self.folder / number, scenario, address=address, user=number, calls=calls, timeout=2 * int(WAIT)
        )
        self._stack.enter_context(phone)
        assert self.says(number, "login")["state"] == "waiting"
        assert self.sees(number) == ("on_break", "waiting", "paused"), "to sign in makes nobody available"
        assert self.says(number, "available")["status"] == "available"
        assert self.sees(number) == ("available", "waiting", "ready")
        return phone

    def says(self, number: str, event: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(*self.daemon.http, timeout=WAIT)
        body = {"accountId": "acc_demo", "userId": number, "event": event}
        connection.request("POST", "/agent", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        found: dict[str, Any] = json.loads(response.read())
        connection.close()
        assert response.status == 200, found
        return found

    def asks(self, path: str) -> dict[str, Any]:
        status, body = self.daemon.get(path, timeout=WAIT)
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def sees(self, number: str) -> tuple[str, str, str]:
        """Status, state and tile; `/agent`, the roster and its tiles agree."""
        roster = self.asks("/presence/users?accountId=acc_demo")
        (row,) = [one for one in roster["users"] if one["number"] == number]
        assert sum(roster["tiles"].values()) == len(PASSWORDS_ALL) and roster["tiles"][row["tile"]] >= 1
        found = self.asks(f"/agent?accountId=acc_demo&userId={number}")
        now, then = ([one[key] for key in ("status", "state", "tile")] for one in (found, row))
        if now != then:  # it has moved on between the two questions
            return self.sees(number)
        return found["status"], found["state"], found["tile"]

    def wait_for(self, number: str, *expected: str) -> None:
        wait_until(lambda: self.sees(number) == expected, WAIT, what=f"{number} is {expected}")

    def queue(self) -> dict[str, Any]:
        (found,) = self.asks("/queues?accountId=acc_demo")["queues"]
        assert isinstance(found, dict)
        return found

    def moves(self, number: str) -> list[tuple[str, str]]:
        rows = self.asks(f"/agent/moves?accountId=acc_demo&userId={number}")["moves"]
        return [(row["state"], row["cause"]) for row in rows if row["state"] != "waiting" or row["call_id"]]

    def cdr(self) -> dict[str, Any]:
        """Of the only call; it has ended."""

        def ended() -> list[dict[str, Any]]:
            status, text = self.daemon.tandem("calls", "--json")
            assert status == 0, text
            return list(json.loads(text)["ended"])

        wait_until(lambda: bool(ended()), WAIT, what="the CDR is there")
        (row,) = ended()
        return dict(row)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    with ExitStack() as stack:
        yield lambda **queue: House(tmp_path, stack, queue)


def ringing() -> Scenario:
    """Never answers, and is told to stop."""
    return called().incoming().answer(180).comes("CANCEL").respond(200).answer(487).comes("ACK")


def answering() -> Scenario:
    return called().incoming().answer(180).pause(500).answer(200, AUDIO).ack_comes().comes("BYE").respond(200)


def test_an_agent_is_offered_a_call_talks_and_is_left_alone_until_ready(
    house: Callable[..., House],
) -> None:  # S004-44 S004-46 S004-47 S004-48 S004-49
    at = house(wrap_up="1h")
    phone = at.agent("1001", answering())
    call = at.caller.dial("9002", timeout=WAIT)
    at.wait_for("1001", "available", "in_call", "incall")
    assert phone.one("INVITE") and at.queue()["talking"][0]["agent_id"]
    call.hang_up(timeout=WAIT)
    at.wait_for("1001", "available", "wrap_up", "wrapup")
    phone.done()
    at.says("1001", "available")
    assert at.sees("1001") == ("available", "waiting", "ready")
    assert [state for state, _ in at.moves("1001")][:3] == ["offering", "in_call", "wrap_up"]
    cdr = at.cdr()
    assert cdr["disposition"] == "answered" and cdr["target"] == "queue:support"
    assert at.queue()["answered"] == 1 and at.asks("/agent?accountId=acc_demo&userId=1001")["calls"] == 1


def test_an_agent_who_misses_offers_in_a_row_is_paused_and_the_caller_keeps_his_place(
    house: Callable[..., House],
) -> None:  # S004-56
    at = house(agent_ring_timeout="1s", max_no_answer=2, retry_delay="1s", when_empty="wait")
    phone = at.agent("1001", ringing(), calls=2)
    call = at.caller.dial("9002", timeout=WAIT)
    at.wait_for("1001", "on_break", "waiting", "paused")
    phone.done()
    missed = [message.header("Reason") for message in phone.wire("CANCEL")]
    assert missed == ['SIP;cause=408;text="No answer"'] * 2
    found = at.asks("/agent?accountId=acc_demo&userId=1001")
    assert (found["reason"], found["missed"]) == ("missed_offers", 0), "the pause ends the row"
    assert [caller["position"] for caller in at.queue()["waiting"]] == [1]
    assert at.queue()["missed_offers"] == 2
    call.hang_up(timeout=WAIT)
    assert at.cdr()["cause"] == "caller_hangup" and at.queue()["abandoned"] == 1


def test_of_two_phones_that_ring_one_has_the_caller_and_the_other_is_told_so(
    house: Callable[..., House],
) -> None:  # S004-53 S004-54
    at = house(strategy="ring_all", wrap_up="0s")
    winner, other = at.agent("1001", answering()), at.agent("1003", ringing())
    call = at.caller.dial("9002", timeout=WAIT)
    at.wait_for("1001", "available", "in_call", "incall")
    at.wait_for("1003", "available", "waiting", "ready")
    other.done()
    assert other.one("CANCEL").header("Reason") == ELSEWHERE
    assert not winner.wire("CANCEL") and at.queue()["waiting"] == []
    call.hang_up(timeout=WAIT)
    winner.done()
    at.wait_for("1001", "available", "waiting", "ready")
    assert at.cdr()["disposition"] == "answered"
    assert at.asks("/agent?accountId=acc_demo&userId=1003")["missed"] == 0


def test_a_caller_who_hangs_up_while_it_rings_leaves_nobody_stuck(
    house: Callable[..., House],
) -> None:  # S004-48 S004-60
    at = house(agent_ring_timeout="5m")
    phone = at.agent("1001", ringing())
    call = at.caller.dial("9002", timeout=WAIT)
    at.wait_for("1001", "available", "offering", "ringing")
    phone.wait_for("INVITE", WAIT)
    call.hang_up(timeout=WAIT)
    at.wait_for("1001", "available", "waiting", "ready")
    phone.done()
    assert at.asks("/agent?accountId=acc_demo&userId=1001")["missed"] == 0, "it was not the agent's fault"
    assert at.cdr()["cause"] == "caller_hangup" and at.queue()["abandoned"] == 1
    assert at.asks("/cac?accountId=acc_demo")["calls"] == []
