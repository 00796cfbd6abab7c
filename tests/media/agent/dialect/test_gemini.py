"""Gemini Live, by its documented messages (agent-protocols.md 4.7)."""

import json
from typing import Any

from media.agent.contract import (
    Away,
    Context,
    Interrupt,
    Note,
    Ready,
    Reply,
    Role,
    Say,
    ToolCall,
    ToolCancel,
    Transcript,
)
from media.agent.dialect.gemini import Gemini
from media.port import AgentOptions
from tests.support.vendor import GEMINI, PCM, b64


def talk(**options: Any) -> Gemini:
    return Gemini(Context("call-1", "acc", 8000, {}, AgentOptions(**options)))


def hear(dialect: Gemini, **message: Any) -> list[Any]:
    return dialect.receive_binary(json.dumps(message).encode())


def test_setup_is_the_operators_with_audio_and_transcripts() -> None:
    [sent] = talk(model="gemini-live", session='{"generationConfig":{"temperature":0.5}}').open()
    assert json.loads(str(sent)) == {
        "setup": {
            "model": "models/gemini-live",
            "generationConfig": {"temperature": 0.5, "responseModalities": ["AUDIO"]},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "sessionResumption": {},
        }
    }


def test_a_recorded_talk_becomes_actions() -> None:
    dialect = talk()
    actions = [action for message in GEMINI for action in hear(dialect, **message)]
    assert [action for action in actions if not isinstance(action, Note)] == [
        Ready(),
        Say(PCM),
        Transcript(Role.AGENT, "Hello."),
        Interrupt(),
        Transcript(Role.CALLER, "What time is it?"),
        ToolCall("call-1", "clock", '{"zone":"UTC"}'),
        ToolCancel(("call-1",)),
        Away(),
    ]


def test_another_connection_goes_on_with_the_last_handle_only() -> None:
    dialect = talk()
    assert dialect.resume() is None
    hear(dialect, sessionResumptionUpdate={"newHandle": "handle-1", "resumable": True})
    hear(dialect, sessionResumptionUpdate={"newHandle": "handle-2", "resumable": False})
    resumed = dialect.resume()
    assert resumed is not None
    assert json.loads(str(resumed[0]))["setup"]["sessionResumption"] == {"handle": "handle-1"}


def test_the_greeting_is_asked_for_once_over_all_connections() -> None:
    dialect = talk(greeting="Say hello.")
    ready, reply = hear(dialect, setupComplete={})
    assert ready == Ready() and isinstance(reply, Reply) and "Say hello." in str(reply.message)
    assert hear(dialect, setupComplete={}) == [Ready()]


def test_audio_and_answers_are_written_as_documented() -> None:
    dialect = talk()
    assert json.loads(str(dialect.hear(PCM[:640]))) == {
        "realtimeInput": {"audio": {"data": b64(PCM[:640]), "mimeType": "audio/pcm;rate=16000"}}
    }
    hear(dialect, **GEMINI[8])
    answers = [dialect.tool_result("call-1", "[1]", False), dialect.tool_result("call-2", "no", True)]
    responses = [json.loads(str(sent))["toolResponse"]["functionResponses"][0] for [sent] in answers]
    assert responses == [
        {"id": "call-1", "name": "clock", "response": {"result": [1]}},
        {"id": "call-2", "name": "", "response": {"error": "no"}},
    ]
    [briefing] = dialect.tell("VIP")
    assert json.loads(str(briefing))["clientContent"]["turnComplete"] is False
    [digit] = dialect.digit("5", 100)
    assert "5" in json.loads(str(digit))["realtimeInput"]["text"]


def test_what_is_not_known_is_noted() -> None:
    dialect = talk()
    assert hear(dialect, novelty={}) == [Note("novelty", "unknown message, ignored")]
    assert hear(dialect, usageMetadata={}) == []
    [broken] = hear(dialect, toolCall={"functionCalls": [{"id": "x"}]})
    assert isinstance(broken, Note) and broken.malformed
    [broken] = hear(dialect, serverContent={"modelTurn": {"parts": [{"inlineData": {"data": "ä"}}, 5]}})
    assert isinstance(broken, Note) and broken.malformed
