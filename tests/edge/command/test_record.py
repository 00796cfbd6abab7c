"""record: beep, message, end."""

from edge.event.message_summary import Mailbox
from media import port
from tests.support.edge import final
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  it: {kind: record, max_seconds: 10, silence: 4, MORE next: {done: done, failed: failed}}
  done: {kind: record, beep: false}
  failed: {kind: say, text: x}
"""
FILE = "/media/acc_demo/rec/{}.wav.part"


def record(more: str = "") -> FlowCall:
    return FlowCall(FLOW.replace("MORE", more))


def beeped(call: FlowCall) -> str:
    """The path, after the beep."""
    call.bench.advance(0.4)
    stop = call.bench.commanded(port.StopPlay)[-1]
    assert isinstance(stop, port.StopPlay) and stop.play is not None
    call.bench.media(port.Played(call.leg, stop.play, 400, False))
    (command,) = call.bench.commanded(port.Record)
    assert isinstance(command, port.Record)
    return command.path


def recorded(call: FlowCall, path: str, milliseconds: int = 3_000, error: str = "") -> None:
    call.bench.media(port.Recorded(call.leg, path, milliseconds, error))


def test_the_message_begins_after_the_beep_and_ends_by_a_key() -> None:
    """A WAV, under its key in the media folder (S004-78)."""
    call = record()
    call.press("#")
    path = beeped(call)
    assert call.call is not None and path == FILE.format(call.call.id)
    assert not call.bench.commanded(port.StopRecord), "a key during the beep is not meant"
    call.press("5")
    call.press("#")
    assert call.bench.commanded(port.StopRecord) == [port.StopRecord(call.leg)] and call.at == "it"
    recorded(call, path)
    (kept,) = call.bench.kept
    assert call.at == "done" and kept.milliseconds == 3_000
    assert call.call.treatment._state.variables["recording"] == kept.recording.key  # type: ignore[attr-defined]


def test_silence_ends_it_and_speech_holds_it() -> None:
    call = record()
    path = beeped(call)
    call.bench.advance(6.0)
    call.bench.media(port.SpeechStarted(call.leg, call.bench.now))
    call.bench.advance(3.0)
    assert not call.bench.commanded(port.StopRecord)
    call.bench.media(port.SpeechStopped(call.leg, call.bench.now))
    call.bench.advance(1.0)
    assert call.bench.commanded(port.StopRecord), "the longest time"
    recorded(call, path)
    call = record()
    beeped(call)
    call.bench.advance(1.0)
    call.bench.media(port.SpeechStarted(call.leg, call.bench.now))
    call.bench.media(port.SpeechStopped(call.leg, call.bench.now))
    call.bench.advance(3.9)
    assert not call.bench.commanded(port.StopRecord)
    call.bench.advance(0.1)
    assert call.bench.commanded(port.StopRecord)


def test_who_says_nothing_is_not_waited_for() -> None:
    call = record()
    beeped(call)
    call.bench.advance(7.0)
    assert call.bench.commanded(port.StopRecord)


def test_silence_may_be_part_of_it() -> None:
    call = record("silence: 0,".replace("silence: 0,", ""))
    assert call.at == "it"
    quiet = FlowCall(FLOW.replace("silence: 4, MORE", "silence: 0,"))
    beeped(quiet)
    quiet.bench.advance(9.0)
    assert not quiet.bench.commanded(port.StopRecord)


def test_a_file_that_cannot_be_written_has_failed() -> None:
    call = record()
    path = beeped(call)
    recorded(call, path, 0, "no space left")
    assert call.at == "failed" and call.bench.kept[0].error == "no space left"


def test_a_caller_who_hangs_up_has_left_his_message() -> None:
    """The file is complete after the call is over."""
    call = record()
    path = beeped(call)
    call.phone.bye()
    assert not call.bench.switch.calls
    recorded(call, path)
    (kept,) = call.bench.kept
    assert (kept.recording.caller, kept.recording.folder, kept.error) == ("1001", "rec", "")


def test_a_second_recording_has_its_own_file() -> None:
    call = record("beep: false,")
    (first,) = call.bench.commanded(port.Record)
    assert isinstance(first, port.Record)
    recorded(call, first.path)
    second = call.bench.commanded(port.Record)[-1]
    assert isinstance(second, port.Record) and second.path.endswith("-2.wav.part")


def test_a_full_mailbox_takes_no_more_and_the_caller_hears_so() -> None:
    call = FlowCall(
        "nodes: {it: {kind: voicemail, mailbox: '1001', greeting: hi, next: end}, end: {kind: hangup}}"
    )
    users, limit = call.bench.directory.users, call.bench.limits.voice_messages_per_user
    call.bench.switch.mailbox(users["1001"], Mailbox(new=limit - 1, old=1), call.bench.now)
    assert call.hears() == ["hi", "This mailbox is full. No more messages can be taken."]
    assert not call.bench.commanded(port.Record)
    said = [row for row in call.rows("flow") if row.data.get("text") == "mailbox_full"]
    assert [(row.event, row.outcome) for row in said] == [("command", "play")], "and so does the trace"


def test_a_greeting_is_kept_for_users_alone_and_has_one_name() -> None:
    flow = "nodes: {it: {kind: mailbox, mailbox: WHO, next: end}, end: {kind: hangup}}"
    for who, path in (("'1001'", "/media/acc_demo/greeting/1001.wav.part"), ("'../../1001'", "")):
        call = FlowCall(flow.replace("WHO", who), answered=False)
        call.told(status=200, new=0, old=0)
        call.phone.ack(final(call.phone.got()))
        call.press("0")
        call.hears()
        if path:
            assert beeped(call) == path
        else:
            assert not call.bench.commanded(port.Record)
