"""Ultravox, by its documented data messages (agent-protocols.md 4.8)."""

import json
from typing import Any

from media.agent.contract import Clear, Context, Encoding, Note, Role, Say, ToolCall, Transcript
from media.agent.dialect.ultravox import Ultravox
from tests.support.vendor import ULTRAVOX


def talk() -> Ultravox:
    return Ultravox(Context("call-1", "acc", 16000, {}))


def hear(dialect: Ultravox, **message: Any) -> list[Any]:
    return dialect.receive_text(json.dumps(message).encode())


def test_a_recorded_talk_becomes_actions() -> None:
    dialect = talk()
    actions = [action for message in ULTRAVOX for action in hear(dialect, **message)]
    assert [action for action in actions if not isinstance(action, Note)] == [
        Transcript(Role.AGENT, "Hello."),
        Transcript(Role.CALLER, "What time is it?"),
        Clear(),
        ToolCall("call-1", "clock", '{"zone":"UTC"}'),
    ]


def test_audio_is_binary_at_the_rate_of_the_call() -> None:
    dialect = talk()
    assert dialect.bare and dialect.hears is dialect.speaks is Encoding.PCM_16000 and dialect.open() == []
    assert [dialect.receive_binary(data) for data in (b"a", b"b")] == [[Say(b"")], [Say(b"ab")]]


def test_results_say_whether_the_tool_worked() -> None:
    dialect = talk()
    [good], [bad] = dialect.tool_result("c", "12:00", False), dialect.tool_result("c", "broken", True)
    assert json.loads(str(good)) == {
        "type": "client_tool_result",
        "invocationId": "c",
        "result": "12:00",
        "responseType": "tool-response",
    }
    assert json.loads(str(bad))["errorType"] == "implementation-error"


def test_words_and_keys_are_user_text() -> None:
    [briefing], [digit] = talk().tell("VIP"), talk().digit("5", 100)
    assert json.loads(str(briefing)) == {"type": "user_text_message", "text": "VIP", "deferResponse": True}
    assert json.loads(str(digit))["type"] == "user_text_message"


def test_a_call_without_a_name_is_noted() -> None:
    [note] = hear(talk(), type="client_tool_invocation", invocationId="c")
    assert isinstance(note, Note) and note.malformed
