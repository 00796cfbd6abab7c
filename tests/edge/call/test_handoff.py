"""From an agent to a person in the same call."""

import pytest

from edge.directory import Agent, Target
from edge.sip.message import Request
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.party import Party


class Scene:
    def __init__(self) -> None:
        directory = FakeDirectory()
        directory.add_user("1001")
        directory.add_user("1002")
        directory.agents["demo"] = Agent(ACC, "demo", "tandem", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
        directory.extensions["9000"] = Target("agent", "demo")
        self.bench = Bench(directory)
        self.bob = Phone(self.bench, "1002", n=3)
        self.bob.register()
        self.alice = Phone(self.bench, "1001")
        self.alice.ack(final(self.alice.dial("9000")))
        (call,) = self.bench.switch.calls.values()
        self.leg = call.leg.id

    def transfer(self, target: str = "user:1002") -> None:
        self.bench.media(port.AgentAsked(self.leg, 1, "transfer", target))

    def answers(self) -> list[str]:
        told = [c for c in self.bench.commanded(port.TellAgent) if isinstance(c, port.TellAgent)]
        return [command.news.error for command in told if isinstance(command.news, port.Answer)]

    def invited(self) -> Request:
        (invite,) = [m for m in self.bob.got() if isinstance(m, Request) and m.method == "INVITE"]
        return invite


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_caller_hears_ringback_and_then_the_person(scene: Scene) -> None:
    scene.transfer()
    invite = scene.invited()
    (tone,) = scene.bench.commanded(port.Tone)
    scene.bob.reply(invite, 200, scene.bob.sdp())
    (bridge,) = scene.bench.commanded(port.Bridge)
    assert isinstance(bridge, port.Bridge) and bridge.leg == scene.leg
    (stop,) = scene.bench.commanded(port.StopPlay)
    assert isinstance(stop, port.StopPlay) and isinstance(tone, port.Tone) and stop.play == tone.play
    assert scene.answers() == []


def test_an_agent_that_leaves_meanwhile_does_not_end_the_call(scene: Scene) -> None:
    scene.transfer()
    invite = scene.invited()
    scene.bench.media(port.AgentEnded(scene.leg, "closed"))
    scene.bob.reply(invite, 200, scene.bob.sdp())
    assert scene.bench.commanded(port.Bridge) and scene.bench.switch.calls


def test_a_refusal_is_told_to_the_agent_which_goes_on(scene: Scene) -> None:
    scene.transfer()
    scene.bob.reply(scene.invited(), 486)
    assert len(scene.answers()) == 1 and scene.answers()[0]
    assert not scene.bench.commanded(port.Detach) and scene.bench.switch.calls


def test_only_one_transfer_at_a_time(scene: Scene) -> None:
    scene.transfer()
    scene.transfer("1002")
    assert scene.answers() == ["a transfer is under way"]


def test_who_does_not_answer_is_given_up(scene: Scene) -> None:
    scene.transfer()
    scene.bob.reply(scene.invited(), 180)
    scene.bench.advance(200.0)
    assert "does not take the call" in scene.answers()[0]


def test_the_call_ends_with_the_person(scene: Scene) -> None:
    scene.transfer()
    scene.bob.reply(scene.invited(), 200, scene.bob.sdp())
    (ack,) = scene.bob.got()
    assert isinstance(ack, Request) and ack.method == "ACK"
    scene.alice.bye()
    (bye,) = [message for message in scene.bob.got() if isinstance(message, Request)]
    assert bye.method == "BYE"


def test_the_person_holds_and_the_caller_hears_music_until_it_is_back(scene: Scene) -> None:
    """RFC 3264 §8.4: in a conversation that an agent has brought about, as in any other."""
    scene.bench.directory.prompts["hold-music"] = "/music.wav"
    scene.transfer()
    invite = scene.invited()
    scene.bob.reply(invite, 200, scene.bob.sdp())
    (ack,) = scene.bob.got()
    assert isinstance(ack, Request)
    bob = Party.called(scene.bench, scene.bob.source, invite, scene.bob.tag)
    for more, music in (("a=sendonly\r\n", ["/music.wav"]), ("", [])):
        bob.say("INVITE", bob.sdp(more=more))
        bob.say("ACK", cseq=bob.cseq)
        stopped = {c.play for c in scene.bench.commanded(port.StopPlay) if isinstance(c, port.StopPlay)}
        plays = [c for c in scene.bench.commanded(port.Play) if isinstance(c, port.Play)]
        assert [c.path for c in plays if c.leg == scene.leg and c.play not in stopped] == music
