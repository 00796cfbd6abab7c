"""Sounds one after another."""

from edge.command.prompting import Prompting
from edge.flow.command import Sound
from edge.question import Speak
from media import port
from tests.support.flow_call import FlowCall


def prompting(*sounds: Sound, loop: bool = False) -> tuple[FlowCall, Prompting, list[int]]:
    call = FlowCall("nodes: {a: {kind: agent, agent: nobody, next: b}, b: {kind: menu, timeout: 100}}")
    assert call.call is not None
    done: list[int] = []
    made = Prompting(call.call, "t", sounds, lambda ms, now: done.append(ms), loop=loop)
    made.start(call.bench.now)
    call.bench.drain()
    return call, made, done


def paths(call: FlowCall) -> list[str]:
    return [play.path for play in call.playing()]


def end(call: FlowCall, made: Prompting, milliseconds: int = 500) -> None:
    """Every playback comes to its end."""
    for play in call.playing():
        call._ended.add(play.play)
        made.played(port.Played(call.leg, play.play, milliseconds, True), call.bench.now)


def test_sounds_are_queued_together_and_told_when_all_were_heard() -> None:
    call, made, done = prompting(Sound(text="a"), Sound(file="/b.wav"))
    assert paths(call) == ["/spoken/a.wav", "/b.wav"] and not done
    end(call, made)
    assert done == [1_000] and made.over


def test_a_text_that_is_not_there_is_spoken_first_and_what_follows_waits() -> None:
    call, made, done = prompting(Sound(file="/a.wav"), Sound(text="slow b", voice="de"), Sound(file="/c.wav"))
    assert paths(call) == ["/a.wav"] and call.bench.asked[0].question == Speak("slow b", "de", "acc_demo")
    end(call, made)
    assert not done
    call.told(path="/b.wav")
    assert paths(call) == ["/b.wav", "/c.wav"]
    end(call, made)
    assert done == [1_500]


def test_what_is_left_out_stands_in_the_trace() -> None:
    call, _, _ = prompting(Sound(text="slow b"), Sound(name="nothing"))
    call.told()
    assert [row.outcome for row in call.rows("flow") if row.event == "not_heard"] == ["text", "nothing"]


def test_what_cannot_be_spoken_is_left_out() -> None:
    call, _, done = prompting(Sound(text="slow b"), Sound(name="nothing"))
    call.told()
    assert done == [0] and paths(call) == []


def test_nothing_to_hear_is_over_at_once() -> None:
    assert prompting()[2] == [0]


def test_a_stopped_prompt_tells_nothing_and_what_is_spoken_late_is_not_heard() -> None:
    call, made, done = prompting(Sound(file="/a.wav"), Sound(text="slow b"))
    made.stop()
    call.bench.drain()
    call.told(path="/b.wav")
    end(call, made)
    (stop,) = call.bench.commanded(port.StopPlay)
    assert isinstance(stop, port.StopPlay) and stop.play == "t0" and not done and paths(call) == []


def test_only_the_last_sound_goes_round() -> None:
    call, _, _ = prompting(Sound(file="/a.wav"), Sound(file="/b.wav"), loop=True)
    assert [play.loop for play in call.playing()] == [False, True]


def test_ends_of_other_playbacks_are_not_ours() -> None:
    call, made, done = prompting(Sound(file="/a.wav"))
    made.played(port.Played(call.leg, "other", 500, True), 0.0)
    assert not done


def test_a_users_own_greeting_is_heard_instead_of_the_text() -> None:
    call, _, _ = prompting(Sound(text="hi", personal="1001"))
    assert paths(call) == ["/spoken/hi.wav"]
    call.directory.greetings["1001"] = "/own.wav"
    assert call.call is not None
    Prompting(call.call, "u", (Sound(text="hi", personal="1001"),), lambda ms, now: None).start(
        call.bench.now
    )
    call.bench.drain()
    assert paths(call)[-1] == "/own.wav"
