"""What the caller hears while an agent is dialled, dialled again, or thinks."""

import pytest

from edge.directory import Agent, Target
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


def called(filler: str = "thinking") -> tuple[Bench, port.LegId]:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.prompts["thinking"] = "/prompts/thinking.wav"
    demo = Agent(ACC, "demo", "tandem", "ws://h", (), 8_000, True, 5.0, filler=filler, filler_after=2.0)
    directory.agents["demo"] = demo
    directory.extensions["9000"] = Target("agent", "demo")
    bench = Bench(directory)
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (call,) = bench.switch.calls.values()
    return bench, call.leg.id


def heard(bench: Bench) -> tuple[int, int]:
    """Begun and stopped."""
    plays = [p for p in bench.commanded(port.Play) if isinstance(p, port.Play) and p.loop]
    return len(plays) + len(bench.commanded(port.Tone)), len(bench.commanded(port.StopPlay))


def test_a_slow_agent_is_filled_until_it_speaks() -> None:
    bench, leg = called()
    bench.advance(1.9)
    assert heard(bench) == (0, 0)
    bench.advance(0.2)
    assert heard(bench) == (1, 0)
    bench.media(port.AgentSpoke(leg, None))
    assert heard(bench) == (1, 1)


def test_a_fast_agent_needs_none() -> None:
    bench, leg = called()
    bench.media(port.AgentSpoke(leg, None))
    bench.advance(10.0)
    assert heard(bench) == (0, 0)


def test_thinking_is_filled_from_the_end_of_the_callers_words() -> None:
    bench, leg = called()
    bench.media(port.AgentSpoke(leg, None))
    bench.media(port.SpeechStarted(leg, bench.now))
    bench.media(port.SpeechStopped(leg, bench.now))
    bench.advance(2.1)
    assert heard(bench) == (1, 0)
    bench.media(port.SpeechStarted(leg, bench.now))
    assert heard(bench) == (1, 1)


def test_a_socket_that_broke_is_filled_at_once() -> None:
    bench, leg = called()
    bench.media(port.AgentSpoke(leg, None))
    bench.media(port.AgentReconnecting(leg, "closed", ""))
    assert heard(bench) == (1, 0)
    bench.media(port.AgentConnected(leg, 5))
    assert heard(bench) == (1, 1)


@pytest.mark.parametrize(("filler", "begun"), [("", 0), ("missing", 1)])
def test_silence_where_none_is_asked_for_and_a_soft_tone_where_the_prompt_is_missing(
    filler: str, begun: int
) -> None:
    bench, _ = called(filler)
    bench.advance(5.0)
    assert heard(bench) == (begun, 0)
