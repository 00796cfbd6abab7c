"""The command that dials an AI agent."""

from edge.directory import Agent, Target
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


def attached(url: str) -> port.AttachAgent:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.agents["demo"] = Agent(ACC, "demo", "tandem", url, (), 8_000, True, 5.0)
    directory.extensions["9000"] = Target("agent", "demo")
    bench = Bench(directory)
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (attach,) = bench.commanded(port.AttachAgent)
    assert isinstance(attach, port.AttachAgent)
    return attach


def test_it_is_told_who_calls_whom() -> None:
    attach = attached("ws://h")
    assert dict(attach.parameters) == {"from": "1001", "to": "9000", "direction": "internal"}
    assert (attach.agent.url, attach.account_id) == ("ws://h", ACC)


def test_a_bot_that_dials_us_is_known_by_account_and_name() -> None:
    assert attached("inbound").agent.url == f"inbound:{ACC}/demo"
