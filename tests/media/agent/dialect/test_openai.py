"""OpenAI Realtime GA, by its documented events (agent-protocols.md 4.4)."""

import json
from typing import Any

import pytest

from media.agent.contract import (
    Context,
    Encoding,
    Fail,
    Interrupt,
    Note,
    Ready,
    Reply,
    Role,
    Say,
    ToolCall,
    Transcript,
)
from media.agent.dialect.openai import OpenAI
from media.port import AgentOptions
from tests.support.vendor import OPENAI, ULAW, b64


def talk(**options: Any) -> OpenAI:
    return OpenAI(Context("call-1", "acc", 8000, {}, AgentOptions(**options)))


def hear(dialect: OpenAI, **message: Any) -> list[Any]:
    return dialect.receive_text(json.dumps(message).encode())


def by_type(kind: str) -> dict[str, Any]:
    return next(message for message in OPENAI if message["type"] == kind)


def test_settings_of_the_operator_are_kept_and_formats_are_ours() -> None:
    session = {"instructions": "be brief", "audio": {"output": {"voice": "cedar", "format": {"type": "x"}}}}
    [sent] = talk(session=json.dumps(session)).open()
    assert json.loads(sent) == {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": "be brief",
            "audio": {
                "input": {"format": {"type": "audio/pcmu"}},
                "output": {"voice": "cedar", "format": {"type": "audio/pcmu"}},
            },
        },
    }


def test_wide_audio_is_pcm_at_24_khz() -> None:
    dialect = talk(audio="pcm")
    assert dialect.hears is dialect.speaks is Encoding.PCM_24000
    assert '"audio/pcm","rate":24000' in str(dialect.open()[0])
    first, second = (
        hear(dialect, type="response.output_audio.delta", item_id="i", delta=b64(data))
        for data in (b"abc", b"d")
    )
    assert first == [Say(b"ab", "i")] and second == [Say(b"cd", "i")], "odd pieces keep their half sample"


def test_the_caller_is_heard_after_the_settings_and_the_greeting_is_asked_for_once() -> None:
    dialect = talk(greeting="Say hello.")
    assert dialect.waits
    ready, reply = hear(dialect, **by_type("session.updated"))
    assert ready == Ready() and isinstance(reply, Reply)
    assert json.loads(reply.message) == {
        "type": "response.create",
        "response": {"instructions": "Say hello."},
    }
    assert hear(dialect, **by_type("session.updated")) == [Note("session.updated")]


def test_audio_is_appended_in_base64() -> None:
    assert json.loads(talk().hear(ULAW)) == {"type": "input_audio_buffer.append", "audio": b64(ULAW)}


def test_a_recorded_talk_becomes_actions() -> None:
    dialect = talk()
    actions = [action for message in OPENAI for action in hear(dialect, **message)]
    assert [action for action in actions if not isinstance(action, Note)] == [
        Ready(),
        Say(ULAW, "item-1"),
        Transcript(Role.AGENT, "Hello."),
        Interrupt(),
        Transcript(Role.CALLER, "What time is it?"),
        ToolCall("call-1", "clock", '{"zone":"UTC"}'),
    ]
    assert not any(action.malformed for action in actions if isinstance(action, Note))


def test_what_was_heard_is_told_in_milliseconds_and_the_rest_of_the_item_is_dropped() -> None:
    dialect = talk()
    hear(dialect, **by_type("response.output_audio.delta"))
    [cut] = dialect.interrupted("item-1", 1234, 1234, 500)
    assert json.loads(str(cut)) == {
        "type": "conversation.item.truncate",
        "item_id": "item-1",
        "content_index": 0,
        "audio_end_ms": 1234,
    }
    assert hear(dialect, **by_type("response.output_audio.delta")) == []
    assert hear(dialect, **by_type("response.output_audio.delta") | {"item_id": "item-9"}) == [
        Say(ULAW, "item-9")
    ]


@pytest.mark.parametrize("detection", [None, {"type": "server_vad", "interrupt_response": False}])
def test_without_automatic_interruption_the_response_is_cancelled(detection: Any) -> None:
    dialect = talk(session=json.dumps({"audio": {"input": {"turn_detection": detection}}}))
    hear(dialect, **by_type("response.created"))
    assert [json.loads(str(sent))["type"] for sent in dialect.interrupted("i", 1, 1, 1)] == [
        "response.cancel",
        "conversation.item.truncate",
    ]


def test_a_tool_result_asks_for_a_response_but_never_for_two_at_once() -> None:
    dialect = talk()
    item, create = (json.loads(str(sent)) for sent in dialect.tool_result("call-1", "12:00", False))
    assert item["item"] == {"type": "function_call_output", "call_id": "call-1", "output": "12:00"}
    assert create == {"type": "response.create"}
    assert len(dialect.digit("5", 100)) == 1, "the response is being made"
    done = hear(dialect, **by_type("response.done"))
    assert [action.message for action in done if isinstance(action, Reply)] == ['{"type":"response.create"}']


def test_a_briefing_is_a_system_message() -> None:
    [sent] = talk().tell("VIP")
    assert json.loads(str(sent))["item"]["role"] == "system"


def test_an_error_before_the_session_stands_is_fatal_and_later_a_note() -> None:
    dialect = talk()
    [early] = hear(dialect, **by_type("error"))
    assert isinstance(early, Fail) and "no such item" in early.detail
    hear(dialect, **by_type("session.updated"))
    assert hear(dialect, **by_type("error")) == [Note("error", "no such item")]
    assert hear(
        dialect,
        type="response.done",
        response={"status": "failed", "status_details": {"error": {"message": "quota"}}},
    ) == [Note("response.done", "quota")]
