"""What the softphone does in a call, on a hand-turned clock; test_phone.py has whole calls."""

from edge.agenda import Agenda
from edge.softphone.script import Plan, Script
from media import port

LEG = port.LegId("call_phone/1")


class Stage:
    def __init__(self, plan: Plan) -> None:
        self.agenda = Agenda()
        self.done: list[port.Command] = []
        self.said: list[tuple[str, str]] = []
        self.script = Script(LEG, plan, self.agenda, self.done.append, self._say)
        self.script.begin(0.0)

    def _say(self, now: float, what: str, detail: str) -> None:
        self.said.append((what, detail))

    def until(self, now: float) -> None:
        while (at := self.agenda.next_timer_at()) is not None and at <= now:
            self.agenda.handle_timer(at)


def test_keys_follow_the_wav_and_are_pressed_once() -> None:
    stage = Stage(Plan(play="q.wav", record="h.wav", digits="12#", digits_after=0.5))
    assert stage.done == [port.Record(LEG, "h.wav")]
    stage.until(1.0)
    assert stage.done[1:] == [port.Play(LEG, "question", "q.wav")] and stage.said == [("playing", "q.wav")]
    for _ in range(2):
        stage.script.receive(port.Played(LEG, "question", 800, True), 2.0)
    stage.until(3.0)
    assert stage.done[2:] == [port.SendDigits(LEG, "12#")] and stage.said[1] == ("played", "800 ms")


def test_speaking_over_the_far_end_is_timed_until_it_falls_silent() -> None:
    stage = Stage(Plan(play="q.wav"))
    stage.script.receive(port.SpeechStarted(LEG, 0.5), 0.5)
    stage.until(1.0)
    stage.script.receive(port.SpeechStopped(LEG, 1.25), 1.25)
    stage.script.receive(port.SpeechStopped(LEG, 1.5), 1.5)
    assert stage.said[1:] == [
        ("barge-in", "speaking over the far end"),
        ("agent silent", "250 ms after we spoke over it"),
    ]


def test_nothing_is_played_or_pressed_once_the_call_is_over() -> None:
    for plan in (Plan(play="q.wav"), Plan(digits="1")):
        stage = Stage(plan)
        stage.script.end()
        stage.until(5.0)
        assert stage.done == [] and stage.said == []


def test_what_is_heard_is_told() -> None:
    stage = Stage(Plan())
    stage.script.receive(port.Latched(LEG, ("192.0.2.7", 4_000)), 1.0)
    stage.script.receive(port.Played(LEG, "question", 0, False, "no such file"), 1.0)
    stage.script.receive(port.DigitsSent(LEG, "1"), 1.0)
    stage.script.receive(port.Silent(LEG, 30.0), 1.0)
    assert stage.said == [
        ("first audio", "from 192.0.2.7:4000"),
        ("played", "no such file"),
        ("digits sent", "1"),
        ("silence", "no RTP for 30 s"),
    ]
