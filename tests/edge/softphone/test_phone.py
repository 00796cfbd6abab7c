"""Our softphone against our switch, both on one hand clock."""

import itertools

import pytest

from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.uri import Uri
from edge.softphone.phone import Phone
from edge.softphone.script import Moment, Plan
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench

HERE = ("127.0.0.8", 5080)


class Desk:
    """A phone at one end, the bench at the other; the phone's audio plane says yes to everything."""

    def __init__(self, target: str, plan: Plan | None = None, password: str = "secret") -> None:
        directory = FakeDirectory()
        directory.add_user("1001")
        self.bench = Bench(directory)
        seed = itertools.count(10_000)
        self.moments: list[Moment] = []
        self.commands: list[port.Command] = []
        self.phone = Phone(
            Uri.parse(target),
            Flow(Transport.UDP, ("127.0.0.1", 5060)),
            plan or Plan(),
            user="1001",
            password=password,
            sent_by="127.0.0.8:5080",
            address="127.0.0.8",
            random=lambda n: next(seed).to_bytes(n, "big"),
        )
        self.phone.start(self.bench.now)
        self.run()

    def run(self) -> None:
        busy = True
        while busy:
            busy = False
            for effect in self.phone.take_effects():
                busy = True
                match effect:
                    case Send(data, _, _):
                        self.bench.receive(data, HERE)
                    case Moment():
                        self.moments.append(effect)
                    case command:
                        self.commands.append(command)
                        self.answer(command)
            for message, flow in self.bench.take():
                busy = True
                assert flow.remote == HERE
                self.phone.receive(
                    [(message.wire(), Flow(Transport.UDP, ("127.0.0.1", 5060)))], self.bench.now
                )

    def answer(self, command: port.Command) -> None:
        match command:
            case port.Allocate(leg):
                self.media(port.Allocated(leg, 30_000))
            case port.Release(leg):
                self.media(port.Released(leg, port.LegStats()))

    def media(self, event: port.Event) -> None:
        self.phone.media_event(event, self.bench.now)

    def advance(self, seconds: float) -> None:
        until = self.bench.now + seconds
        while True:
            times = (self.phone.next_timer_at(), self.bench.switch.next_timer_at())
            at = min((t for t in times if t is not None), default=until + 1)
            if at > until:
                break
            self.bench.advance(max(0.0, at - self.bench.now))
            self.phone.handle_timer(self.bench.now)
            self.run()
        self.bench.now = until

    def said(self) -> list[str]:
        return [moment.what for moment in self.moments]


def test_a_call_is_told_as_a_timeline_and_hung_up_in_time() -> None:
    desk = Desk("sip:*43@127.0.0.1", Plan(seconds=5.0))
    assert desk.said() == ["trying", "answered"]
    desk.media(port.Latched(port.LegId("call_phone/1"), ("127.0.0.1", 20_000)))
    desk.advance(6.0)
    assert desk.said() == ["trying", "answered", "first audio", "hang-up"]
    assert desk.phone.outcome is not None and desk.phone.outcome.good
    assert desk.phone.done and len(desk.bench.journal.cdrs) == 1


def test_a_refused_call_fails_with_its_status() -> None:
    desk = Desk("sip:nobody@127.0.0.1")
    assert desk.said() == ["trying", "failed"]
    assert desk.moments[-1].detail.startswith("404 Not Found: no_such_number: nobody is ")
    outcome = desk.phone.outcome
    assert outcome is not None and not outcome.good and outcome.status == 404 and desk.phone.done


def test_a_wrong_password_fails_and_does_not_try_forever() -> None:
    desk = Desk("sip:*43@127.0.0.1", password="guess")
    assert desk.phone.outcome is not None and desk.phone.outcome.status == 401


def test_digits_follow_the_question_and_the_recording_starts_at_once() -> None:
    desk = Desk("sip:*43@127.0.0.1", Plan(play="q.wav", record="h.wav", digits="12#", digits_after=0.5))
    leg = port.LegId("call_phone/1")
    assert port.Record(leg, "h.wav") in desk.commands
    desk.advance(1.1)
    assert port.Play(leg, "question", "q.wav") in desk.commands and desk.said()[-1] == "playing"
    desk.media(port.Played(leg, "question", 800, True))
    desk.advance(0.6)
    assert port.SendDigits(leg, "12#") in desk.commands


def test_speaking_over_the_far_end_is_a_barge_in_and_its_end_is_timed() -> None:
    desk = Desk("sip:*43@127.0.0.1", Plan(play="q.wav"))
    leg = port.LegId("call_phone/1")
    desk.media(port.SpeechStarted(leg, desk.bench.now))
    desk.advance(1.1)
    assert desk.said()[-2:] == ["agent speech", "barge-in"]
    desk.bench.now += 0.2
    desk.media(port.SpeechStopped(leg, desk.bench.now))
    desk.run()
    assert desk.said()[-1] == "agent silent"


def test_the_far_end_may_hang_up() -> None:
    desk = Desk("sip:*43@127.0.0.1")
    (call,) = desk.bench.switch.calls.values()
    call.finish("answered", "test", desk.bench.now)
    desk.bench.switch.hang_up_all("test", desk.bench.now)
    desk.bench.drain()
    desk.run()
    assert desk.said()[-1] == "hang-up" and desk.phone.outcome is not None and desk.phone.outcome.good


@pytest.mark.parametrize("answered", [False, True])
def test_hanging_up_ends_the_call_at_both_ends(answered: bool) -> None:
    desk = Desk("sip:*43@127.0.0.1" if answered else "sip:1001@127.0.0.1")
    desk.phone.hang_up(desk.bench.now)
    desk.run()
    desk.advance(64.0)
    assert desk.phone.done and desk.bench.idle()


def test_a_call_whose_audio_has_gone_is_over() -> None:
    desk = Desk("sip:*43@127.0.0.1", Plan(seconds=5.0))
    desk.media(port.Lost(port.LegId("call_phone/1"), "media_worker_died"))
    desk.run()
    desk.advance(1.0)
    assert desk.phone.outcome is not None and "media_worker_died" in desk.phone.outcome.detail
