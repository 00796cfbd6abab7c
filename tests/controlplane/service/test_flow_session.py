"""Calls of outside edges, step by step (S004-29…37)."""

import asyncio
from typing import Any

import pytest

from config.identity import stable_id
from config.schema import FlowLimits
from controlplane.service.flow_session import FlowSessions
from edge.directory import AccountId
from edge.error import Refusal
from edge.flow.command import Issued, Pledge
from edge.flow.scene import Outcome
from edge.journal import CallId
from edge.question import Look, Question, Reply
from tests.support.edge import FakeJournal
from tests.support.flow import program

ACC, CALL = AccountId("acc"), CallId("c1")
FLOW = """
nodes:
  menu: {kind: menu, prompt: "Hello {{ caller_cid }}", next: {"digit:1": ask, default: bye}}
  ask: {kind: webhook, url: "https://crm.example/", variable: who, next: {done: told, failed: bye}}
  told: {kind: say, text: "Hello {{ who }}", next: bye}
  bye: {kind: hangup}
"""


LATER = "nodes: {it: {kind: callback, queue: q, next: bye}, bye: {kind: hangup}}"


class Desk:
    def __init__(self, **limits: Any) -> None:
        self.now = 100.0
        self.journal = FakeJournal()
        self.asked: list[Question] = []
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.tasks: list[asyncio.Task[None]] = []
        made = program(FLOW, later=LATER)
        self.sessions = FlowSessions(
            lambda account: made if account == ACC else None,
            self.journal,
            FlowLimits(**limits),
            lambda: self.now,
            lambda now: int(now * 1000),
            self.reply,
            lambda work: self.tasks.append(asyncio.ensure_future(work)),
        )

    async def reply(self, question: Question) -> Reply:
        self.asked.append(question)
        return await self.answer

    def start(self, call: CallId = CALL, account: AccountId = ACC, flow: str = "main") -> Issued | Refusal:
        return self.sessions.start(call, account, flow, {"caller_cid": "4930123", "caller": "4930123"})

    def step(self, outcome: str, seq: int | None = None, call: CallId = CALL) -> tuple[str, int]:
        issued = self.sessions.step(call, Outcome(outcome), seq)
        assert isinstance(issued, Issued), issued
        return issued.node_id, issued.seq


async def test_a_start_is_idempotent_and_a_step_goes_on() -> None:
    """S004-36."""
    desk = Desk()
    first = desk.start()
    assert isinstance(first, Issued) and first == desk.start() and len(desk.sessions) == 1
    assert first.wire()["params"]["text"] == "Hello 4930123"  # type: ignore[index]
    assert desk.step("digit:9") == ("menu", 2)
    again = desk.start()
    assert isinstance(again, Issued) and again.seq == 2, "the current command, not the first one"


async def test_a_late_step_is_answered_with_the_current_command() -> None:
    desk = Desk()
    desk.start()
    assert desk.step("timeout", 1) == ("menu", 2)
    assert desk.step("timeout", 1) == ("menu", 2)
    assert desk.step("digit:5", 7) == ("menu", 2)


async def test_while_we_fetch_the_edge_hears_noop_and_then_what_came_of_it() -> None:
    desk = Desk()
    desk.start()
    assert desk.step("digit:1") == ("ask", 2)
    assert desk.step("default") == ("ask", 2), "nothing new, ask again"
    desk.answer.set_result({"status": 200, "body": "Ada"})
    await asyncio.gather(*desk.tasks)
    assert desk.step("default") == ("told", 3), "the poll is no outcome of what was not heard yet"
    assert desk.step("done") == ("bye", 4)
    assert len(desk.asked) == 1


async def test_a_promise_is_written_down_while_the_edge_hears_noop() -> None:
    desk = Desk()
    assert isinstance(desk.start(flow="later"), Issued)
    assert desk.step("digit:1") == ("it", 2)
    await asyncio.sleep(0)
    (look,) = desk.asked
    assert isinstance(look, Look) and look.fetch == Pledge("q", "4930123", call="c1", since=100_000)
    desk.answer.set_result({"status": 200, "id": "cb_1"})
    await asyncio.gather(*desk.tasks)
    assert desk.step("default") == ("it", 3), "thanks"


async def test_a_caller_who_hangs_up_while_we_fetch_is_gone() -> None:
    desk = Desk()
    desk.start()
    desk.step("digit:1")
    ended = desk.step("hangup")
    desk.answer.set_result({"status": 200})
    await asyncio.gather(*desk.tasks)
    assert desk.step("default") == ended


async def test_a_fault_of_ours_in_a_fetch_is_a_failure_of_the_webhook() -> None:
    desk = Desk()
    desk.start()
    desk.step("digit:1")
    desk.answer.set_exception(RuntimeError("broken"))
    await asyncio.gather(*desk.tasks, return_exceptions=True)
    assert desk.step("default") == ("bye", 3)


@pytest.mark.parametrize(
    ("account", "flow", "code"), [("no", "main", "no_such_account"), ("acc", "no", "no_such_flow")]
)
async def test_a_wrong_account_or_flow_is_404(account: str, flow: str, code: str) -> None:
    """S004-36."""
    refused = Desk().start(account=AccountId(account), flow=flow)
    assert isinstance(refused, Refusal) and (refused.status, refused.code) == (404, code)


async def test_an_unknown_call_is_404() -> None:
    """S004-36."""
    refused = Desk().sessions.step(CALL, Outcome("done"), None)
    assert isinstance(refused, Refusal) and (refused.status, refused.code) == (404, "no_such_call")


async def test_a_step_after_hangup_is_hangup() -> None:
    """S004-36."""
    desk = Desk()
    desk.start()
    ended = desk.step("failed")
    assert desk.step("digit:1") == ended == ("bye", 2)


async def test_calls_are_bounded_and_idle_ones_forgotten() -> None:
    desk = Desk(sessions=2, session_idle=60.0)
    desk.start(CallId("a"))
    desk.now += 30.0
    desk.start(CallId("b"))
    refused = desk.start(CallId("c"))
    assert isinstance(refused, Refusal) and refused.status == 503
    desk.now += 31.0
    assert isinstance(desk.start(CallId("c")), Issued) and len(desk.sessions) == 2
    assert isinstance(desk.sessions.step(CallId("a"), Outcome("done"), None), Refusal)


async def test_the_steps_are_traced_by_call() -> None:
    """S004-62, S004-63."""
    desk = Desk()
    desk.start()
    desk.step("failed")
    rows = [(row.event, row.outcome, row.node_id) for row in desk.journal.traces[CALL]]
    assert rows == [
        ("begin", "main", ""),
        ("command", "gather", "menu"),
        ("menu", "failed", "menu"),
        ("hangup", "normal", "bye"),
        ("command", "hangup", "bye"),
    ]


async def test_a_call_that_was_routed_is_traced_under_our_id_and_its_flow_may_be_named_by_id() -> None:
    """S004-20, S004-62."""
    desk = Desk()
    desk.sessions._id_of = lambda call: CallId("call_ours")
    assert isinstance(desk.start(flow=stable_id(ACC, "flow", "main")), Issued)
    assert list(desk.journal.traces) == ["call_ours"]
    refusal = desk.start(CallId("other"), flow="flow_unknown")
    assert isinstance(refusal, Refusal) and refusal.code == "no_such_flow"
