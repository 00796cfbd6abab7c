"""Twilio Media Streams, byte for byte (agent-protocols.md 4.1)."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.agent.contract import Clear, Context, Digits, Encoding, Mark, Message, Note, Say
from media.agent.dialect.table import DIALECTS
from media.agent.dialect.twilio import MARK_NAME_CHARACTERS, Twilio
from media.port import AgentOptions

TOKEN = "0123456789abcdef0123456789abcdef"
STREAM = "MZ" + TOKEN


def stream(**parameters: str) -> Twilio:
    return Twilio(Context("call-1", "acc_demo", 16000, parameters), lambda size: TOKEN[: size * 2])


def decoded(messages: list[Message]) -> list[dict[str, object]]:
    return [json.loads(message) for message in messages]


def test_it_opens_with_connected_and_start() -> None:
    connected, start = stream(lang="en").open()
    assert connected == '{"event":"connected","protocol":"Call","version":"1.0.0"}'
    body = json.loads(start)
    sids = body["start"].pop("accountSid"), body["start"].pop("callSid")
    assert [sid[:2] for sid in sids] == ["AC", "CA"] and all(len(sid) == 34 for sid in sids)
    assert all(set(sid[2:]) <= set("0123456789abcdef") for sid in sids)
    assert body == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": STREAM,
        "start": {
            "streamSid": STREAM,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"lang": "en"},
        },
    }


def test_the_same_call_keeps_its_sid_on_another_stream() -> None:
    one, two = (json.loads(stream().open()[1])["start"] for _ in range(2))
    assert one["callSid"] == two["callSid"] and one["accountSid"] == two["accountSid"]


def test_media_counts_from_the_first_chunk_in_decimal_strings() -> None:
    twilio = stream()
    twilio.open()
    frame = bytes(range(160))
    payload = base64.b64encode(frame).decode()
    assert [twilio.hear(frame), twilio.hear(memoryview(frame))] == [
        f'{{"event":"media","sequenceNumber":"2","media":{{"track":"inbound","chunk":"1","timestamp":"0",'
        f'"payload":"{payload}"}},"streamSid":"{STREAM}"}}',
        f'{{"event":"media","sequenceNumber":"3","media":{{"track":"inbound","chunk":"2","timestamp":"20",'
        f'"payload":"{payload}"}},"streamSid":"{STREAM}"}}',
    ]


def test_a_frame_that_was_skipped_leaves_its_place_in_time() -> None:
    twilio = stream()
    twilio.open()
    twilio.skip()
    message = json.loads(twilio.hear(bytes(160)))
    assert (message["sequenceNumber"], message["media"]["chunk"], message["media"]["timestamp"]) == (
        "2",
        "2",
        "20",
    )


def test_dtmf_mark_and_stop_carry_sequence_and_stream() -> None:
    twilio = stream()
    start = json.loads(twilio.open()[1])["start"]
    messages = decoded(twilio.digit("5", 120) + twilio.mark('say "hi"', cleared=False) + twilio.stop())
    assert messages == [
        {
            "event": "dtmf",
            "sequenceNumber": "2",
            "streamSid": STREAM,
            "dtmf": {"track": "inbound_track", "digit": "5"},
        },
        {"event": "mark", "sequenceNumber": "3", "streamSid": STREAM, "mark": {"name": 'say "hi"'}},
        {
            "event": "stop",
            "sequenceNumber": "4",
            "streamSid": STREAM,
            "stop": {"accountSid": start["accountSid"], "callSid": start["callSid"]},
        },
    ]


def test_a_mark_comes_back_alike_whether_played_or_cleared() -> None:
    played, cleared = stream(), stream()
    assert played.mark("m", cleared=False) == cleared.mark("m", cleared=True)


def test_what_twilio_does_not_tell_stays_untold() -> None:
    twilio = stream()
    assert twilio.speech_started(5) == twilio.speech_stopped() == twilio.interrupted("", 0, 1, 2) == []
    assert twilio.cleared(1, 2) == []
    assert (twilio.hears, twilio.speaks, twilio.bare, twilio.subprotocol) == (
        Encoding.ULAW_8000,
        Encoding.ULAW_8000,
        False,
        None,
    )


@pytest.mark.parametrize("size", [0, 1, 159, 160, 333, 8000 * 30])
def test_media_of_any_size_is_taken_whole(size: int) -> None:
    audio = bytes(index & 0xFF for index in range(size))
    text = json.dumps(
        {"event": "media", "streamSid": STREAM, "media": {"payload": base64.b64encode(audio).decode()}}
    )
    assert stream().receive_text(text.encode()) == [Say(audio)]


def test_mark_and_clear_are_understood() -> None:
    twilio = stream()
    assert twilio.receive_text(b'{"event":"mark","streamSid":"MZ","mark":{"name":"end of greeting"}}') == [
        Mark("end of greeting")
    ]
    assert twilio.receive_text(b'{"event":"clear","streamSid":"MZ"}') == [Clear()]


def test_unknown_events_are_noted_and_no_fault() -> None:
    assert stream().receive_text(b'{"event":"wave","x":1}') == [Note("wave", "unknown event, ignored")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"media"',
        b"\xff\xfe",
        b"{}",
        b'{"event":["media"]}',
        b'{"event":"media"}',
        b'{"event":"media","media":"x"}',
        b'{"event":"media","media":{"payload":7}}',
        b'{"event":"media","media":{"payload":"abc"}}',
        '{"event":"media","media":{"payload":"é"}}'.encode(),
        b'{"event":"mark"}',
        b'{"event":"mark","mark":{"name":3}}',
        b'{"event":"mark","mark":{"name":"' + b"x" * (MARK_NAME_CHARACTERS + 1) + b'"}}',
        b"[" * 100_000,
    ],
)
def test_a_broken_message_is_counted_and_dropped(text: bytes) -> None:
    [action] = stream().receive_text(text)
    assert isinstance(action, Note) and action.malformed


def test_a_binary_message_is_a_fault() -> None:
    [action] = stream().receive_binary(b"\0" * 320)
    assert isinstance(action, Note) and action.malformed


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
keys = st.sampled_from(["event", "media", "mark", "payload", "name", "clear"])


@given(
    st.dictionaries(keys, json_values | st.dictionaries(keys, json_values, max_size=3), max_size=4)
    | json_values
)
def test_no_json_makes_it_raise(message: object) -> None:
    for action in stream().receive_text(json.dumps(message).encode()):
        assert isinstance(action, Say | Clear | Mark | Note)


@given(st.binary(max_size=64))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert len(stream().receive_text(data)) == 1


def variant(name: str, rate: int = 8000, **options: str) -> Twilio:
    context = Context("call-1", "acc_demo", rate, {"from": "1001"}, AgentOptions(variant=name, **options))
    made = DIALECTS["twilio"](context, lambda size: TOKEN[: size * 2])
    assert isinstance(made, Twilio)
    return made


def test_telnyx_spells_with_underscores_and_describes_its_call() -> None:
    telnyx = variant("telnyx")
    connected, start = decoded(telnyx.open())
    stream = "01234567-89AB-CDEF-0123-456789ABCDEF"
    assert connected == {"event": "connected", "version": "1.0.0"}
    assert (start["sequence_number"], start["stream_id"]) == ("1", stream)
    body = start["start"]
    assert isinstance(body, dict) and (body["from"], body["call_session_id"]) == ("1001", "call-1")
    assert body["media_format"] == {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
    [media] = decoded([telnyx.hear(bytes(160))])
    assert media["stream_id"] == stream and media["sequence_number"] == "2"
    [dtmf, stop] = decoded(telnyx.digit("5", 100) + telnyx.stop())
    assert dtmf["dtmf"] == {"digit": "5"} and set(stop["stop"]) == {"user_id", "call_control_id"}  # type: ignore[call-overload]


def test_signalwire_says_how_long_a_key_was_held_and_takes_keys() -> None:
    signalwire = variant("signalwire")
    connected, _ = decoded(signalwire.open())
    assert connected["version"] == "0.2.0"
    [dtmf] = decoded(signalwire.digit("5", 120))
    assert dtmf["dtmf"] == {"track": "inbound_track", "digit": "5", "duration": "120"}
    assert signalwire.receive_text(b'{"event":"dtmf","dtmf":{"digit":"12#"}}') == [Digits("12#")]
    assert signalwire.receive_text(b'{"event":"clear"}') == [Clear()]


def test_signalwire_carries_wide_audio() -> None:
    signalwire = variant("signalwire", 16000, audio="pcm")
    _, start = decoded(signalwire.open())
    assert start["start"]["mediaFormat"] == {  # type: ignore[index]
        "encoding": "audio/l16",
        "sampleRate": 16000,
        "channels": 1,
    }
    assert signalwire.hears is signalwire.speaks is Encoding.PCM_16000
    said = base64.b64encode(b"abcd").decode()
    assert signalwire.receive_text(json.dumps({"event": "media", "media": {"payload": said}}).encode()) == [
        Say(b"abcd")
    ]
    odd = base64.b64encode(b"abc").decode()
    [note] = signalwire.receive_text(json.dumps({"event": "media", "media": {"payload": odd}}).encode())
    assert isinstance(note, Note) and note.malformed
