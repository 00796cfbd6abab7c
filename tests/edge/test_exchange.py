"""What transactions and sessions say, on its way to whom it concerns; test_switch.py has whole calls."""

from typing import Any

import pytest

from edge.exchange import Exchange
from edge.faults import Faults
from edge.sip.effect import EndReason, Failed, Send, Unacknowledged
from edge.sip.message import Response
from edge.sip.session_event import Info
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone

DID = "sip:12025550123@demo.local"
NOTHING: Any = None
EVENT = Info("application/dtmf-relay", b"")


class Parts:
    """In place of transactions, sessions, calls, and who asks outside of dialogs: notes all it hears."""

    def __init__(self, *batches: list[Any]) -> None:
        self.batches = list(batches)
        self.said: list[tuple[str, Any]] = []
        self.wire: list[Any] = []
        self.ours = False
        self.faults = Faults()
        parts: Any = self
        self.exchange = Exchange(parts, parts, parts, self.faults, {}, self.wire.append)
        self.exchange.open(parts, parts)

    def take_effects(self) -> list[Any]:
        return self.batches.pop(0) if self.batches else []

    def retire(self) -> list[Any]:
        return []

    def sent(self, effect: Any, now: float) -> None:
        self.said.append(("sent", effect))

    def failed(self, client: Any, *how: Any) -> bool:
        self.said.append(("failed", how[0] if len(how) == 2 else "asked"))
        if client == "broken":
            raise KeyError("ours")
        return self.ours

    def call_of(self, session: Any) -> Any:
        return None if session == "nobody's" else self

    def receive_session(self, session: Any, event: Any, now: float) -> None:
        self.said.append(("event", session))
        if session == "echoing":
            self.exchange.session_event("echoed", event, now)  # type: ignore[arg-type]


def test_what_goes_to_the_wire_is_noted_first() -> None:
    send = Send(b"x", NOTHING, None)
    parts = Parts([send, Unacknowledged(NOTHING)])
    parts.exchange.carry(0.0)
    assert parts.said == [("sent", send)] and parts.wire == [send]


def test_events_go_to_their_calls_before_the_next_effect_and_until_there_are_none() -> None:
    parts = Parts([Failed("c", EndReason.TIMEOUT)])  # type: ignore[arg-type]
    for session in ("echoing", "nobody's", "plain"):
        parts.exchange.session_event(session, EVENT, 0.0)  # type: ignore[arg-type]
    parts.exchange.carry(0.0)
    events = [("event", name) for name in ("echoing", "plain", "echoed")]
    assert parts.said == [*events, ("failed", "asked"), ("failed", True)]


def test_who_asked_outside_of_a_dialog_is_asked_first() -> None:
    parts = Parts([Failed("c", EndReason.TIMEOUT)])  # type: ignore[arg-type]
    parts.ours = True
    parts.exchange.carry(0.0)
    assert parts.said == [("failed", "asked")]


def test_an_error_of_ours_costs_one_effect() -> None:
    send = Send(b"x", NOTHING, None)
    parts = Parts([Failed("broken", EndReason.TIMEOUT), send])  # type: ignore[arg-type]
    parts.exchange.carry(0.0)
    assert parts.wire == [send]
    with pytest.raises(KeyError, match="ours"):
        parts.faults.tell()


def test_a_request_of_another_fork_is_of_no_dialog() -> None:
    """RFC 3261 §12.2.2: its From tag is not the dialog's."""
    directory = FakeDirectory()
    directory.add_did("12025550123", "answer")
    bench = Bench(directory)
    eve = Phone(bench, "eve@away.example", 20)
    eve.say("INVITE", DID, body=eve.sdp())
    bench.drain()
    (answer,) = [one for one in eve.got() if isinstance(one, Response) and one.status == 200]
    to = answer.headers.get("To") or ""
    eve.say("ACK", DID, to=to, cseq=1)
    eve.tag = "another"
    eve.say("BYE", DID, to=to)
    assert eve.statuses()[-1] == 481 and len(bench.switch.calls) == 1
    eve.tag = "phone20"
    eve.say("BYE", DID, to=to)
    bench.drain()
    assert not bench.switch.calls
