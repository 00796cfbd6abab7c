"""play: done, or failed."""

from media import port
from tests.support.flow import node
from tests.support.flow_call import FlowCall


def play(fields: str) -> FlowCall:
    ends = "\n  done2: {kind: menu, timeout: 100}\n"
    text = node(fields, "done", "failed").replace("{kind: hangup}", "{kind: menu, timeout: 100}")
    return FlowCall(text + ends)


def test_what_was_heard_is_done() -> None:
    call = play("kind: say\ntext: Hello.")
    assert call.call is not None and call.call.answered_at is not None
    assert call.hears() == ["Hello."] and call.at == "done"


def test_what_cannot_be_heard_has_failed() -> None:
    call = play("kind: play\nprompt: {file: /gone.wav}")
    call.played(call.playing()[0], 0, "no such file")
    assert call.at == "failed"


def test_a_prompt_of_ours_that_is_not_there_has_failed() -> None:
    assert play("kind: play\nprompt: {name: nothing}").at == "failed"


def test_music_goes_round_until_its_time_is_over() -> None:
    call = play("kind: music\nprompt: {file: /m.wav}\nseconds: 5")
    (music,) = call.playing()
    assert music.loop
    call.bench.advance(5.0)
    assert call.at == "done" and call.bench.commanded(port.StopPlay) == [port.StopPlay(call.leg, music.play)]


def test_keys_are_sent_and_a_phone_that_takes_none_has_failed() -> None:
    call = play("kind: sendDigits\ndigits: '12'")
    assert call.bench.commanded(port.SendDigits) == [port.SendDigits(call.leg, "12")]
    call.bench.media(port.DigitsSent(call.leg, "12"))
    assert call.at == "done"
    call = play("kind: sendDigits\ndigits: '12'")
    call.bench.advance(2.0)
    assert call.at == "failed"


def test_keys_during_it_are_kept_for_later() -> None:
    call = play("kind: say\ntext: Hello.")
    call.press("5")
    assert call.at == "it" and len(call.playing()) == 1


def test_the_caller_pauses_goes_back_and_forth_and_stops() -> None:
    keys = "pause: '5', back: '4', forward: '6', restart: '1', stop: '#', step: 3s"
    call = play(f"kind: play\nprompt: {{file: /m.wav}}\ncontrols: {{{keys}}}")
    (heard,) = call.playing()
    for key in "5546127":
        call.press(key)
    leg, name = call.leg, heard.play
    paused, gone_on = port.PausePlay(leg, True, name), port.PausePlay(leg, False, name)
    assert call.bench.commanded(port.PausePlay) == [paused, gone_on]
    assert call.bench.commanded(port.SeekPlay) == [
        port.SeekPlay(leg, -3_000, True, name),
        port.SeekPlay(leg, 3_000, True, name),
        port.SeekPlay(leg, 0, False, name),
    ]
    assert call.at == "it"
    call.press("#")
    assert call.at == "done" and call.bench.commanded(port.StopPlay) == [port.StopPlay(leg, name)]
