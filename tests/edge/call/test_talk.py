"""What a CDR says of the talk with AI agents."""

from edge.call.talk import LATENCIES, Talk
from edge.directory import Agent, Target
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final

LEG = port.LegId("c/1")


def test_turns_latencies_and_starvation_are_summed() -> None:
    talk = Talk()
    assert talk.summary() == {}
    for after in (None, 300, 500, 900):
        talk.note(port.AgentSpoke(LEG, after))
    talk.note(port.AgentInterrupted(LEG, 1, 2, 3.0))
    talk.note(port.AgentPaused(LEG, True, 5))
    talk.note(port.AgentToolCall(LEG, "t", "n", "{}"))
    for _ in range(2):
        talk.note(port.AgentStarved(LEG, 1, 2, 3, 4))
    assert talk.summary() == {
        "turns": 4,
        "interrupted": 1,
        "interruptions_taken_back": 1,
        "tool_calls": 1,
        "gaps": 2,
        "trimmed": 4,
        "refused_ms": 6,
        "skipped": 8,
        "latency_ms": {"median": 500, "max": 900},
    }


def test_latencies_are_bounded() -> None:
    talk = Talk()
    for _ in range(LATENCIES + 5):
        talk.note(port.AgentSpoke(LEG, 1))
    assert len(talk._latencies) == LATENCIES


def test_the_cdr_and_the_trace_tell_of_turns_on_the_calls_clock() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.agents["demo"] = Agent(ACC, "demo", "tandem", "ws://h", (), 8_000, True, 5.0)
    directory.extensions["9000"] = Target("agent", "demo")
    bench = Bench(directory)
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (call,) = bench.switch.calls.values()
    bench.advance(2.0)
    bench.media(port.AgentSpoke(call.leg.id, None))
    bench.media(port.AgentTurn(call.leg.id, "agent", "Hello.", bench.now - 1.0, bench.now, 400, "Hel"))
    alice.bye()
    bench.advance(5.0)
    (cdr,) = bench.journal.cdrs
    assert cdr.media["agents"] == [
        {"turns": 1, "interrupted": 0, "interruptions_taken_back": 0, "tool_calls": 0}
    ]
    bench.advance(40.0)
    rows = [row for rows in bench.journal.traces.values() for row in rows if row.event == "AgentTurn"]
    assert (rows[0].data["began_ms"], rows[0].data["ended_ms"]) == (1_000, 2_000)
