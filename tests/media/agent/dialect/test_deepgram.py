"""Deepgram Voice Agent v1, by its documented messages (agent-protocols.md 4.6)."""

import json
from typing import Any

from media.agent.contract import (
    Context,
    Encoding,
    Fail,
    Interrupt,
    Note,
    Ready,
    Role,
    Say,
    ToolCall,
    ToolCancel,
    Transcript,
)
from media.agent.dialect.deepgram import CALLS, Deepgram
from media.port import AgentOptions
from tests.support.vendor import DEEPGRAM


def talk(rate: int = 8000, **options: Any) -> Deepgram:
    return Deepgram(Context("call-1", "acc", rate, {}, AgentOptions(**options)))


def hear(dialect: Deepgram, **message: Any) -> list[Any]:
    return dialect.receive_text(json.dumps(message).encode())


def test_settings_come_first_with_our_formats_in_them() -> None:
    session = {"agent": {"think": {"provider": {"type": "open_ai"}}}, "tags": ["x"], "audio": {"input": 1}}
    [sent] = talk(session=json.dumps(session), greeting="Hi.").open()
    assert json.loads(str(sent)) == {
        "type": "Settings",
        "tags": ["x"],
        "audio": {
            "input": {"encoding": "mulaw", "sample_rate": 8000},
            "output": {"encoding": "mulaw", "sample_rate": 8000, "container": "none"},
        },
        "agent": {"think": {"provider": {"type": "open_ai"}}, "greeting": "Hi."},
    }
    wide = talk(24000, audio="pcm")
    assert wide.hears is Encoding.PCM_24000 and '"linear16"' in str(wide.open()[0])


def test_a_recorded_talk_becomes_actions() -> None:
    dialect = talk()
    actions = [action for message in DEEPGRAM for action in hear(dialect, **message)]
    assert [action for action in actions if not isinstance(action, Note)] == [
        Ready(),
        Transcript(Role.AGENT, "Hello."),
        Interrupt(),
        Transcript(Role.CALLER, "What time is it?"),
        ToolCall("call-1", "clock", '{"zone":"UTC"}'),
        ToolCancel(("call-1",)),
    ]
    assert Note("Error", "E: bad voice") in actions


def test_audio_is_binary_both_ways() -> None:
    assert talk().bare and talk().receive_binary(b"abc") == [Say(b"abc")]
    wide = talk(audio="pcm")
    assert [wide.receive_binary(data) for data in (b"abc", b"d")] == [[Say(b"ab")], [Say(b"cd")]]


def test_an_error_before_the_settings_stand_is_fatal() -> None:
    [action] = hear(talk(), type="Error", code="UNAUTHORIZED", description="bad model")
    assert isinstance(action, Fail) and "bad model" in action.detail


def test_an_answer_names_its_function() -> None:
    dialect = talk()
    hear(dialect, **DEEPGRAM[6])
    [sent] = dialect.tool_result("call-1", "12:00", False)
    assert json.loads(str(sent)) == {
        "type": "FunctionCallResponse",
        "id": "call-1",
        "name": "clock",
        "content": "12:00",
    }
    [sent] = dialect.tool_result("call-9", "no", True)
    assert json.loads(str(sent))["content"] == '{"error":"no"}'


def test_long_arguments_are_handed_on_whole() -> None:
    arguments = json.dumps({"text": "x" * 10_000})
    function = {"id": "1", "name": "note", "arguments": arguments, "client_side": True}
    assert hear(talk(), type="FunctionCallRequest", functions=[function]) == [
        ToolCall("1", "note", arguments)
    ]


def test_calls_that_wait_are_bounded() -> None:
    dialect = talk()
    for number in range(2 * CALLS):
        function = {"id": str(number), "name": f"f{number}", "arguments": "{}", "client_side": True}
        hear(dialect, type="FunctionCallRequest", functions=[function, 5, {"id": 1}])
    named = [json.loads(str(dialect.tool_result(str(n), "", False)[0]))["name"] for n in range(2 * CALLS)]
    assert sum(map(bool, named)) == CALLS
    assert hear(dialect, type="FunctionCallRequest", functions="x") == [Note("FunctionCallRequest")]
