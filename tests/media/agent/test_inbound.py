"""Bots that dialled us, placed into calls."""

import asyncio

from media.agent.contract import Buffer
from media.agent.inbound import Inbound, Visit
from media.agent.socket import Line
from media.port import AgentSpec

KEY = "acc/bot"


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.heard: list[object] = []

    def opened(self, line: Line) -> None:
        self.line = line

    def received_text(self, text: Buffer) -> None:
        self.heard.append(bytes(text).decode())

    def received_binary(self, data: Buffer) -> None:
        self.heard.append(bytes(data))

    def closed(self, reason: str) -> None:
        self.heard.append(("closed", reason))

    def failed(self, reason: str, detail: str) -> None:
        self.heard.append((reason, detail))


def spec(seconds: float = 5.0) -> AgentSpec:
    return AgentSpec("bot", "tandem", f"inbound:{KEY}", connect_timeout=seconds)


async def test_who_waits_longest_is_placed_first_and_serves_one_call() -> None:
    bots, first, second = Inbound(10), Visit(1000), Visit(1000)
    assert bots.announce(KEY, first) and bots.announce(KEY, second) and bots.waiting(KEY) == 2
    ear = Ear()
    call = bots(spec(), None, ear)
    await asyncio.sleep(0)
    assert ear.line is first and bots.waiting(KEY) == 1
    first.received_text(b"{}")
    first.received_binary(b"\1\2")
    assert ear.heard == ["{}", b"\1\2"]
    ear.line.text("hello")
    ear.line.binary(b"\0\0")
    call.abandon()
    assert [first.outgoing.get_nowait() for _ in range(3)] == ["hello", b"\0\0", None]


async def test_a_call_waits_for_a_bot_until_its_deadline() -> None:
    bots, ear, late = Inbound(10), Ear(), Ear()
    bots(spec(), None, ear)
    bots(spec(0.001), None, late)
    await asyncio.sleep(0.05)
    ((reason, detail),) = late.heard  # type: ignore[misc]
    assert reason == "timeout" and "no bot waits" in detail  # type: ignore[has-type]
    visit = Visit(1000)
    assert bots.announce(KEY, visit) and ear.line is visit and bots.waiting(KEY) == 0


async def test_a_call_that_is_over_takes_no_bot() -> None:
    bots, ear = Inbound(10), Ear()
    bots(spec(), None, ear).abandon()
    await asyncio.sleep(0)
    assert bots.announce(KEY, Visit(1000)) and bots.waiting(KEY) == 1 and ear.line is None


async def test_bots_that_wait_are_bounded_and_may_leave() -> None:
    bots, visit = Inbound(1), Visit(1000)
    assert bots.announce(KEY, visit) and not bots.announce(KEY, Visit(1000))
    bots.leave(KEY, visit)
    bots.leave(KEY, visit)
    assert bots.waiting(KEY) == 0


async def test_a_bot_that_is_gone_is_told_to_its_call() -> None:
    for code, told in ((1000, "closed"), (1006, "closed")):
        visit, ear = Visit(1000), Ear()
        visit.place(ear)
        visit.gone(code, "bye")
        visit.gone(1006, "")
        ((what, _),) = ear.heard  # type: ignore[misc]
        assert what == told  # type: ignore[has-type]
    visit.text("to nobody")
    assert visit.outgoing.empty()


async def test_a_bot_that_does_not_read_is_congested_and_then_given_up() -> None:
    visit, ear = Visit(100), Ear()
    visit.place(ear)
    visit.binary(bytes(101))
    assert visit.congested
    visit.sent(bytes(101))
    assert not visit.congested
    visit.binary(bytes(500))
    visit.text("{}")
    assert visit.closed and visit.code == 1008 and len(ear.heard) == 1
