"""Calls of an outside media engine in a queue, over `POST /flow` and answer hooks (S004-35, S004-51…54)."""

from dataclasses import replace
from typing import Any

import pytest

from config.schema import FlowLimits
from controlplane.service.flow_queue import FlowQueue, reap
from controlplane.service.flow_session import FlowSessions
from edge.acd.state import State
from edge.acd.terms import Member, QueueTerms, ai_agent
from edge.directory import Agent
from edge.flow.command import Issued
from edge.flow.scene import Outcome
from edge.journal import CallId
from tests.support.acd import Desk, member
from tests.support.directory import ACC
from tests.support.edge import FakeJournal
from tests.support.flow import program

CALL = CallId("c1")
QUEUE = QueueTerms("support", members=(member("1001"), member("1002")), auto_ready=True)
FLOW = """
nodes:
  wait: {kind: enqueue, queue: support, next: {answered: bye, timeout: late, no_agents: late, failed: late}}
  late: {kind: say, text: Nobody is free, next: bye}
  bye: {kind: hangup}
"""


class Engine:
    """A media engine that asks what to do."""

    def __init__(self, terms: QueueTerms = QUEUE) -> None:
        self.desk = Desk(terms)
        made = program(FLOW)
        self.sessions = FlowSessions(
            lambda account: made,
            FakeJournal(),
            FlowLimits(),
            lambda: self.desk.now,
            lambda now: int(now * 1000),
            None,  # type: ignore[arg-type]
            lambda work: None,
            queue=lambda call, account, left: FlowQueue(
                self.desk.acd,
                self.desk.directory,
                lambda user, now: [f"sip:{user.number}@h"],
                call,
                account,
                left,
            ),
        )
        issued = self.sessions.start(CALL, ACC, "main", {})
        assert isinstance(issued, Issued)
        self.issued = issued

    def step(self, outcome: str, **data: Any) -> str:
        issued = self.sessions.step(CALL, Outcome(outcome, data), None)
        assert isinstance(issued, Issued)
        self.issued = issued
        return issued.node_id

    @property
    def told(self) -> dict[str, Any]:
        return self.sessions.told(CALL)


def test_the_engine_is_told_the_place_and_whom_to_ring() -> None:
    engine = Engine()
    assert engine.issued.wire()["command"] == "enqueue"
    assert (engine.told["position"], engine.told["poll_ms"]) == (1, 500)
    (offer,) = engine.told["offers"]
    assert (offer["number"], offer["contacts"], offer["epoch"]) == ("1001", ["sip:1001@h"], 1)
    assert engine.step("waiting") == "wait"
    call = engine.desk.acd.confirm(ACC, offer["leaseId"], offer["epoch"], engine.desk.now)
    assert call == CALL and engine.told["offers"] == []
    assert engine.step("answered") == "bye"
    assert engine.desk.agent("1001").state is State.WRAP_UP and engine.told == {}


def test_an_agent_who_declines_makes_room() -> None:
    engine = Engine()
    (offer,) = engine.told["offers"]
    assert engine.step("declined", leaseId=offer["leaseId"]) == "wait"
    assert [one["number"] for one in engine.told["offers"]] == ["1002"]


def test_time_and_an_empty_queue_lead_on_without_the_engine() -> None:
    engine = Engine(replace(QUEUE, max_wait=30.0))
    engine.desk.advance(30.0)
    assert engine.step("waiting") == "late"
    assert Engine(replace(QUEUE, auto_ready=False)).issued.node_id == "late"
    assert Engine(replace(QUEUE, name="other")).issued.node_id == "late"


@pytest.mark.parametrize("outcome", ["hangup", "answered"])
def test_a_caller_who_is_gone_sets_his_agent_free(outcome: str) -> None:
    engine = Engine()
    assert engine.desk.agent("1001").state is State.OFFERING
    engine.step(outcome)
    assert engine.desk.agent("1001").state is State.WAITING


def test_an_engine_that_is_heard_no_more_holds_nobody() -> None:
    engine = Engine(replace(QUEUE, max_wait=86_400.0))
    engine.desk.now += FlowLimits().session_idle + 1.0
    engine.sessions.start(CallId("c2"), ACC, "main", {})
    assert not [one for one in engine.desk.acd.tickets(ACC) if one.call == CALL]
    assert CALL not in engine.sessions and CallId("c2") in engine.sessions


def test_an_ai_agent_is_named() -> None:
    terms = replace(QUEUE, members=(Member(ai_agent("demo")),))
    engine = Engine(terms)
    engine.desk.directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://x", (), 8_000, True, 5.0)
    engine.sessions.start(CallId("c2"), ACC, "main", {})
    (offer,) = engine.sessions.told(CallId("c2"))["offers"]
    assert offer["agent"] == "demo" and "contacts" not in offer


def test_calls_that_are_gone_are_reaped() -> None:
    engine = Engine()
    acd = engine.desk.acd
    reap(acd, ({}, engine.sessions), engine.desk.now)
    assert [one.call for one in acd.tickets(ACC)] == [CALL]
    reap(acd, ({},), engine.desk.now)
    assert not list(acd.tickets(ACC)) and engine.desk.agent("1001").state is State.WAITING
