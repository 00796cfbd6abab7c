"""Warm transfer: held, rung, told, taken by a key; else back as before."""

import pytest

from edge.acd.terms import QueueTerms
from edge.call.warm_transfer import transfer
from edge.command.table import running
from edge.directory import Target
from edge.error import Refusal
from edge.sip.message import Request
from media import port
from tests.support.acd import member
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.flow import program
from tests.support.flow_call import Spoken


class Scene:
    """Alice talks with Bob; Carol is to have the call."""

    def __init__(self, *, by_flow: bool = False, queue: QueueTerms | None = None) -> None:
        directory = FakeDirectory(prompts={"hold-music": "/music.wav"})
        for number in ("1001", "1002", "1003"):
            directory.add_user(number)
        directory.flows = program("nodes: {a: {kind: dial, to: '1002', next: b}, b: {kind: hangup}}")
        directory.extensions["9001"] = Target("flow", "main")
        directory.speech = Spoken()
        if queue is not None:
            directory.queue_terms[queue.name] = queue
        self.bench = Bench(directory)
        self.bob, self.carol = Phone(self.bench, "1002", 3), Phone(self.bench, "1003", 5)
        for phone in (self.bob, self.carol):
            phone.register()
        self.alice = Phone(self.bench, "1001")
        self.alice.dial("9001" if by_flow else "1002")
        self.to_bob = invited(self.bob)
        self.bob.reply(self.to_bob, 200, self.bob.sdp())
        answer = final(self.alice.got())
        self.alice.to, self.alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
        self.alice.ack(answer)
        (self.call,) = self.bench.switch.calls.values()
        self.bobs_leg = next(leg for leg in self.call.legs if leg != self.call.leg.id)
        self.bob.got()
        self.bench.commands.clear()

    def begin(self, to: str = "user:1003", *, confirm: bool = True) -> Refusal | None:
        now = self.bench.now
        refusal = transfer(self.call, running, to, "About the invoice.", now, confirm=confirm)
        self.bench.switch.handle_timer(now)
        self.bench.drain()
        return refusal

    def carol_answers(self) -> port.LegId:
        self.carol.reply(invited(self.carol), 200, self.carol.sdp())
        return list(self.call.legs)[-1]

    def press(self, leg: port.LegId, digit: str) -> None:
        self.bench.media(port.Digit(leg, digit, "rfc4733", 100))

    def heard(self, leg: port.LegId) -> list[port.Play]:
        found = [play for play in self.bench.commanded(port.Play) if isinstance(play, port.Play)]
        return [play for play in found if play.leg == leg]

    def bridged(self) -> list[set[port.LegId]]:
        found = self.bench.commanded(port.Bridge)
        return [{bridge.leg, bridge.peer} for bridge in found if isinstance(bridge, port.Bridge)]

    def bob_hangs_up(self) -> None:
        self.bob.call_id = self.to_bob.call_id
        self.bob.say("BYE", str(self.to_bob.contacts[0].uri), to=self.to_bob.headers.get("From") or "")

    def over(self) -> bool:
        self.bench.advance(120.0)
        return not self.bench.switch.calls and not self.bench.legs and not self.bench.switch.admissions


def invited(phone: Phone) -> Request:
    (found,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    return found


def methods(phone: Phone) -> list[str]:
    return [message.method for message in phone.got() if isinstance(message, Request)]


@pytest.mark.parametrize("by_flow", [False, True], ids=["bridge", "flow"])
def test_who_takes_the_call_has_the_caller_and_the_former_party_is_let_go(by_flow: bool) -> None:
    scene = Scene(by_flow=by_flow)
    assert scene.begin() is None
    assert scene.bench.commanded(port.Detach), "the caller is held"
    carols = scene.carol_answers()
    assert [play.path for play in scene.heard(scene.bobs_leg)] == ["/music.wav"]
    assert [play.path for play in scene.heard(carols)] == ["/spoken/About the invoice..wav"]
    assert not scene.bridged() and methods(scene.bob) == []
    scene.press(carols, "1")
    assert scene.bridged() == [{scene.call.leg.id, carols}]
    assert methods(scene.bob) == ["BYE"]
    if by_flow:  # else the call itself is his until its end
        assert scene.bench.switch.admissions.count("user", "us_1002") == 0
    scene.alice.bye()
    assert "BYE" in methods(scene.carol) and scene.over()
    assert len(scene.bench.journal.cdrs) == 1


@pytest.mark.parametrize("how", ["busy", "silent", "not taken"])
def test_when_nobody_takes_it_the_two_go_on_as_before(how: str) -> None:
    scene = Scene()
    scene.begin()
    if how == "busy":
        scene.carol.reply(invited(scene.carol), 486)
    elif how == "silent":
        scene.bench.advance(61.0)
        assert "CANCEL" not in methods(scene.bob)
    else:
        leg = scene.carol_answers()
        scene.bench.media(port.Played(leg, scene.heard(leg)[0].play, 500, True))
        scene.bench.advance(11.0)
        assert "BYE" in methods(scene.carol)
    assert scene.bridged()[-1] == {scene.call.leg.id, scene.bobs_leg}
    scene.carol.got()
    assert scene.begin() is None, "and may be tried again"
    scene.alice.bye()
    assert "BYE" in methods(scene.bob) and scene.over()


def test_without_a_key_the_briefing_is_enough() -> None:
    scene = Scene()
    scene.begin(confirm=False)
    leg = scene.carol_answers()
    scene.bench.media(port.Played(leg, scene.heard(leg)[0].play, 500, True))
    assert scene.bridged() == [{scene.call.leg.id, leg}]


def test_a_former_party_who_hangs_up_meanwhile_does_not_cost_the_transfer() -> None:
    scene = Scene()
    scene.begin()
    scene.bob_hangs_up()
    assert scene.bench.switch.calls
    scene.press(scene.carol_answers(), "1")
    assert len(scene.bridged()) == 1
    scene.alice.bye()
    assert scene.over()


def test_with_nobody_left_the_call_is_over() -> None:
    scene = Scene()
    scene.begin()
    scene.bob_hangs_up()
    scene.carol.reply(invited(scene.carol), 486)
    assert "BYE" in methods(scene.alice) and scene.over()


def test_a_caller_who_hangs_up_while_somebody_is_rung_ends_it_all() -> None:
    scene = Scene()
    scene.begin()
    request = invited(scene.carol)
    scene.carol.reply(request, 180)
    scene.alice.bye()
    assert "BYE" in methods(scene.bob) and "CANCEL" in methods(scene.carol)
    scene.carol.reply(request, 487)
    assert scene.over()


def test_what_is_no_conversation_is_refused() -> None:
    scene = Scene()
    scene.begin()
    again = scene.begin()
    assert isinstance(again, Refusal) and (again.status, again.code) == (409, "not_transferable")


def test_a_queue_hands_the_caller_to_an_agent_who_has_his_wrap_up_afterwards() -> None:
    scene = Scene(queue=QueueTerms("help", "q_help", members=(member("1003"),), auto_ready=True))
    assert scene.begin("queue:help") is None
    carols = scene.carol_answers()
    assert not scene.bridged() and scene.heard(carols), "briefed first"
    scene.bench.media(port.Played(carols, scene.heard(carols)[0].play, 500, True))
    assert scene.bridged() == [{scene.call.leg.id, carols}] and methods(scene.bob) == ["BYE"]
    scene.alice.bye()
    assert "BYE" in methods(scene.carol) and scene.over()
