"""The tandem dialect (`design.md` §5): bare PCM16 both ways, JSON text beside it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from media.agent.contract import (
    Ask,
    Clear,
    Context,
    Decide,
    Digits,
    Encoding,
    HangUp,
    Inquire,
    Mark,
    Note,
    Reply,
    Role,
    Say,
    ToolCall,
    Transcript,
    Verb,
)
from media.agent.dialect import tandem
from media.agent.dialect.tandem import Tandem


def connection(sample_rate: int = 16000) -> Tandem:
    return Tandem(Context("call-1", "acc_demo", sample_rate, {"from": "1001", "to": "9000", "lang": "en"}))


def test_it_opens_with_start() -> None:
    [start] = connection().open()
    assert json.loads(start) == {
        "type": "start",
        "version": 1,
        "call_id": "call-1",
        "account": "acc_demo",
        "from": "1001",
        "to": "9000",
        "sample_rate": 16000,
        "parameters": {"from": "1001", "to": "9000", "lang": "en"},
        "allow": ["hangup", "dtmf", "hold", "mute", "play"],
        "resumed": False,
    }


@pytest.mark.parametrize(
    ("rate", "encoding"),
    [(8000, Encoding.PCM_8000), (16000, Encoding.PCM_16000), (24000, Encoding.PCM_24000)],
)
def test_audio_is_bare_at_the_configured_rate(rate: int, encoding: Encoding) -> None:
    tandem = connection(rate)
    assert tandem.hears is tandem.speaks is encoding and tandem.bare and tandem.subprotocol is None
    assert tandem.hear(memoryview(b"\1\2")) == b"\1\2"


def test_the_bot_is_told_what_happens() -> None:
    tandem = connection()
    tandem.skip()
    messages = (
        tandem.digit("5", 120)
        + tandem.mark("m", cleared=True)
        + tandem.speech_started(840)
        + tandem.speech_stopped()
        + tandem.interrupted("", 0, 850, 1200)
        + tandem.cleared(10, 20)
        + tandem.stop()
    )
    assert [json.loads(message) for message in messages] == [
        {"type": "dtmf", "digit": "5", "duration_ms": 120},
        {"type": "mark", "name": "m", "cleared": True},
        {"type": "speech_started", "played_ms": 840},
        {"type": "speech_stopped"},
        {"type": "cleared", "by": "caller", "played_ms": 850, "dropped_ms": 1200},
        {"type": "cleared", "by": "agent", "played_ms": 10, "dropped_ms": 20},
        {"type": "stop"},
    ]


def test_the_bot_asks() -> None:
    tandem = connection()
    asked = [
        (b'{"type":"clear"}', Clear()),
        (b'{"type":"mark","name":"m"}', Mark("m")),
        (b'{"type":"hangup"}', HangUp("hangup")),
        (b'{"type":"hangup","reason":"done"}', HangUp("done")),
        (b'{"type":"dtmf","digits":"12#A"}', Digits("12#A")),
        (b'{"type":"wave"}', Note("wave", "unknown type, ignored")),
    ]
    for text, action in asked:
        assert tandem.receive_text(text) == [action]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"[]",
        b"null",
        b"{}",
        b'{"type":7}',
        b'{"type":"mark"}',
        b'{"type":"dtmf"}',
        b'{"type":"dtmf","digits":""}',
        b'{"type":"dtmf","digits":"1x"}',
        b'{"type":"dtmf","digits":["1"]}',
        b'{"type":"dtmf","digits":"' + b"1" * 65 + b'"}',
    ],
)
def test_a_broken_message_is_counted_and_dropped(text: bytes) -> None:
    [action] = connection().receive_text(text)
    assert isinstance(action, Note) and action.malformed


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_odd_messages_lose_no_byte(messages: list[bytes]) -> None:
    tandem = connection()
    said = b""
    for message in messages:
        [action] = tandem.receive_binary(message)
        assert isinstance(action, Say) and len(action.audio) % 2 == 0
        said += bytes(action.audio)
    whole = b"".join(messages)
    assert said == whole[: len(whole) & ~1]


@given(st.binary(max_size=64))
def test_no_text_makes_it_raise(data: bytes) -> None:
    assert len(connection().receive_text(data)) == 1


def ask(**message: object) -> object:
    action, *_ = connection().receive_text(json.dumps(message).encode())
    return action


BARE = ("hold", "resume", "mute", "unmute", "pause_play", "resume_play", "stop_play", "record", "stop_record")


def test_the_call_is_controlled_by_named_requests() -> None:
    assert ask(type="transfer", target="user:1002", id="r1") == Ask(Verb.TRANSFER, "user:1002", "r1")
    assert ask(type="play", prompt="welcome") == Ask(Verb.PLAY, "welcome")
    assert ask(type="play", prompt="m", loop=True) == Ask(Verb.PLAY, "m", "", (("loop", "true"),))
    assert ask(type="seek_play", milliseconds=9_000) == Ask(Verb.SEEK_PLAY, "9000")
    assert ask(type="seek_play", milliseconds=-9, id="r") == Ask(Verb.SEEK_PLAY, "0", "r")
    assert ask(type="seek_play", milliseconds=-9, relative=True) == Ask(Verb.SEEK_PLAY, "-9")
    assert ask(type="seek_play", milliseconds=9, relative=True) == Ask(Verb.SEEK_PLAY, "+9")
    for bad in (None, True, 1.5, "9", 86_400_001):
        assert isinstance(ask(type="seek_play", milliseconds=bad), Note)
    assert ask(type="set", variables={"plan": "gold"}) == Ask(Verb.SET, '{"plan":"gold"}')
    for verb in BARE:
        assert ask(type=verb, id="r") == Ask(Verb(verb), "", "r")
    assert ask(type="stats") == Inquire()


def test_transcripts_and_tools_pass() -> None:
    assert ask(type="transcript", role="agent", text="Hi.") == Transcript(Role.AGENT, "Hi.")
    assert ask(type="transcript", role="caller", text="Hi", final=False) == Transcript(
        Role.CALLER, "Hi", False
    )
    call = ask(type="tool_call", id="c", name="clock", arguments={"zone": "UTC"})
    assert call == ToolCall("c", "clock", '{"zone":"UTC"}')


@pytest.mark.parametrize(
    "message",
    [
        {"type": "transfer"},
        {"type": "play", "prompt": ""},
        {"type": "set", "variables": 5},
        {"type": "transcript", "role": "dog", "text": "woof"},
        {"type": "tool_call", "id": 1, "name": "x"},
    ],
)
def test_a_request_that_lacks_something_is_noted(message: dict[str, object]) -> None:
    noted = ask(**message)
    assert isinstance(noted, Note) and noted.malformed


@pytest.mark.parametrize("request_", ["r1", None, 7])
def test_who_asks_wrongly_is_told_what_is_wrong(request_: object) -> None:
    message = {"type": "transfer", "to": "user:1002", "id": request_}
    noted, reply = connection().receive_text(json.dumps(message).encode())
    assert isinstance(noted, Note) and isinstance(reply, Reply)
    told = json.loads(reply.message)
    assert fits("to_agent", told)
    assert (told["request"], told["id"]) == ("transfer", "r1" if request_ == "r1" else "")
    assert told["error"] == "target is not text of 1–256 characters"


def test_answers_results_and_words_are_told() -> None:
    tandem = connection()
    told = (
        tandem.answered(Ask(Verb.HOLD, "", "r1"), "")
        + tandem.answered(Ask(Verb.TRANSFER, "x"), "no such user")
        + tandem.tool_result("c", "12:00", False) + tandem.tell("VIP") + tandem.status(340)
    )  # fmt: skip
    assert [json.loads(str(message)) for message in told] == [
        {"type": "answer", "request": "hold", "id": "r1", "error": None},
        {"type": "answer", "request": "transfer", "id": "", "error": "no such user"},
        {"type": "tool_result", "id": "c", "result": "12:00", "failed": False},
        {"type": "text", "text": "VIP"},
        {"type": "stats", "queued_ms": 340},
    ]


def test_a_second_connection_says_that_it_goes_on() -> None:
    resumed = connection().resume()
    assert resumed is not None and json.loads(str(resumed[0]))["resumed"] is True


# The schema that bots are written by.

SCHEMA = json.loads((Path(tandem.__file__).parents[1] / "tandem.schema.json").read_text())


def fits(side: str, message: object) -> bool:
    return Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{side}"}]}).is_valid(message)


def kinds(side: str) -> list[str]:
    return [message["properties"]["type"]["const"] for message in SCHEMA["$defs"][side]["oneOf"]]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_message_to_the_bot_is_in_the_schema_and_none_else() -> None:
    made = connection()
    messages = [
        *made.open(), *(made.resume() or []), *made.digit("5", 120), *made.mark("m", True),
        *made.speech_started(5), *made.paused(5), *made.resumed(5), *made.speech_stopped(),
        *made.interrupted("", 1, 2, 3), *made.cleared(1, 2),
        *made.status(0), *made.tool_result("c", "r", True), *made.answered(Ask(Verb.HOLD), ""),
        *made.answered(Ask(Verb.HOLD), "no"), *made.tell("t"), *made.stop(),
    ]  # fmt: skip
    decoded = [json.loads(str(message)) for message in messages]
    assert [message for message in decoded if not fits("to_agent", message)] == []
    assert {message["type"] for message in decoded} == set(kinds("to_agent"))


FROM_THE_BOT: list[dict[str, object]] = [
    {"type": "clear"},
    {"type": "mark", "name": "m"},
    {"type": "hangup", "reason": "done"},
    {"type": "dtmf", "digits": "12#A"},
    {"type": "transfer", "target": "agent:sales", "id": "r"},
    {"type": "play", "prompt": "welcome"},
    {"type": "set", "variables": {"plan": "gold"}},
    {"type": "seek_play", "milliseconds": -5_000, "relative": True},
    *({"type": kind} for kind in BARE),
    {"type": "transcript", "role": "agent", "text": "Hi.", "final": False},
    {"type": "tool_call", "id": "c", "name": "clock", "arguments": {}},
    {"type": "stats"},
    {"type": "barge_in", "accept": False},
]


def test_every_message_of_the_schema_is_understood() -> None:
    assert {message["type"] for message in FROM_THE_BOT} == set(kinds("from_agent"))
    for message in FROM_THE_BOT:
        assert fits("from_agent", message), message
        assert not isinstance(ask(**message), Note), message


@pytest.mark.parametrize(
    "message",
    [
        {"type": "mark"},
        {"type": "mark", "name": "x" * 1025},
        {"type": "dtmf", "digits": "12x"},
        {"type": "dtmf", "digits": ""},
        {"type": "transfer", "target": ""},
        {"type": "play"},
        {"type": "set", "variables": []},
        {"type": "transcript", "role": "dog", "text": "woof"},
        {"type": "tool_call", "id": "c", "name": 5},
    ],
)
def test_what_the_schema_refuses_we_refuse(message: dict[str, object]) -> None:
    noted = ask(**message)
    assert not fits("from_agent", message)
    assert isinstance(noted, Note) and noted.malformed


def test_a_pause_and_its_end_are_told_and_the_bot_may_decide() -> None:
    dialect = connection()
    messages = [*dialect.paused(120), *dialect.resumed(120)]
    assert [json.loads(message) for message in messages] == [
        {"type": "speech_started", "played_ms": 120, "pending": True},
        {"type": "resumed", "played_ms": 120},
    ]
    for message in messages:
        assert fits("to_agent", json.loads(message))
    assert dialect.receive_text(b'{"type":"barge_in","accept":true}') == [Decide(True)]
    [note] = dialect.receive_text(b'{"type":"barge_in"}')
    assert isinstance(note, Note) and note.malformed


def test_a_transfer_may_carry_a_context_and_a_briefing() -> None:
    text = {"type": "transfer", "target": "agent:sales", "context": {"topic": "price"}, "return": True}
    assert connection().receive_text(json.dumps(text).encode()) == [
        Ask(Verb.TRANSFER, "agent:sales", "", (("context", '{"topic":"price"}'), ("return", "yes")))
    ]
