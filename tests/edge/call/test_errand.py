"""What an agent asks of its call."""

from dataclasses import replace

import pytest

from edge.call.errand import VARIABLES_TEXT
from edge.directory import Agent, Target
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    demo = Agent(ACC, "demo", "tandem", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    directory.agents |= {"demo": demo, "sales": replace(demo, name="sales")}
    directory.extensions["9000"] = Target("agent", "demo")
    return Bench(directory)


@pytest.fixture
def leg(bench: Bench) -> port.LegId:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (call,) = bench.switch.calls.values()
    return call.leg.id


def ask(bench: Bench, leg: port.LegId, verb: str, value: str = "") -> list[str]:
    """Errors of the answers so far; empty: it was done."""
    bench.media(port.AgentAsked(leg, 1, verb, value))
    told = [command for command in bench.commanded(port.TellAgent) if isinstance(command, port.TellAgent)]
    return [command.news.error for command in told if isinstance(command.news, port.Answer)]


def test_hold_plays_to_the_caller_until_resume(bench: Bench, leg: port.LegId) -> None:
    bench.directory.prompts["hold"] = "/prompts/hold.wav"
    assert ask(bench, leg, "hold") == [""]
    (play,) = bench.commanded(port.Play)
    assert isinstance(play, port.Play) and play.loop
    ask(bench, leg, "resume")
    (stop,) = bench.commanded(port.StopPlay)
    assert isinstance(stop, port.StopPlay) and stop.play == play.play


def test_hold_without_a_prompt_is_a_tone(bench: Bench, leg: port.LegId) -> None:
    ask(bench, leg, "hold")
    assert len(bench.commanded(port.Tone)) == 1


def test_a_prompt_is_played_by_its_name(bench: Bench, leg: port.LegId) -> None:
    bench.directory.prompts["welcome"] = "/prompts/welcome.wav"
    assert ask(bench, leg, "play", "welcome") == [""]
    assert len(bench.commanded(port.Play)) == 1


@pytest.mark.parametrize(
    ("verb", "value"),
    [
        ("play", "none"),
        ("transfer", "user:nobody"),
        ("transfer", "queue:x"),
        ("transfer", "agent:nobody"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    bench: Bench, leg: port.LegId, verb: str, value: str
) -> None:
    [error] = ask(bench, leg, verb, value)
    assert error


def test_a_transfer_puts_another_agent_in_the_same_call(bench: Bench, leg: port.LegId) -> None:
    ask(bench, leg, "hold")
    assert ask(bench, leg, "transfer", "agent:sales") == [""], "the one who left is told nothing more"
    attach = bench.commanded(port.AttachAgent)[-1]
    assert isinstance(attach, port.AttachAgent) and attach.agent.name == "sales" and attach.leg == leg
    assert ("transferred", "yes") in attach.parameters


def traced(bench: Bench) -> list[object]:
    """Variables that the trace of the only call shows."""
    (call,) = bench.switch.calls.values()
    return [row.data["variables"] for row in call.trace.waiting() if row.event == "variables"]


def test_variables_are_in_the_trace(bench: Bench, leg: port.LegId) -> None:
    assert ask(bench, leg, "set", '{"plan":"gold"}') == [""]
    *_, refused = ask(bench, leg, "set", '{"plan":"' + "x" * VARIABLES_TEXT + '"}')
    assert "longer than" in refused
    assert traced(bench) == ['{"plan":"gold"}']


def test_variables_that_are_called_like_secrets_are_masked_in_the_trace(
    bench: Bench, leg: port.LegId
) -> None:
    """`text` is no kind of message here, but a name as any other."""
    assert ask(bench, leg, "set", '{"text":"hi","type":"text","token":"hush","api_key":"hush"}') == [""]
    assert traced(bench) == ['{"text":"hi","type":"text","token":"***","api_key":"***"}']


def test_a_prompt_is_paused_sought_and_gone_on_with(bench: Bench, leg: port.LegId) -> None:
    bench.directory.prompts["welcome"] = "/prompts/welcome.wav"
    bench.media(port.AgentAsked(leg, 1, "play", "welcome", (("loop", "true"),)))
    (play,) = bench.commanded(port.Play)
    assert isinstance(play, port.Play) and play.loop
    for verb, value in (
        ("pause_play", ""),
        ("seek_play", "9000"),
        ("seek_play", "-500"),
        ("resume_play", ""),
    ):
        assert ask(bench, leg, verb, value)[-1] == ""
    name = play.play
    paused, gone_on = port.PausePlay(leg, True, name), port.PausePlay(leg, False, name)
    assert bench.commanded(port.PausePlay) == [paused, gone_on]
    sought = [port.SeekPlay(leg, 9_000, False, name), port.SeekPlay(leg, -500, True, name)]
    assert bench.commanded(port.SeekPlay) == sought
