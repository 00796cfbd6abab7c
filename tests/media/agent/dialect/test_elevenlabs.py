"""ElevenLabs Agents, by their documented events (agent-protocols.md 4.5)."""

import json
from typing import Any

import pytest

from media.agent.contract import (
    Context,
    Encoding,
    Fail,
    Formats,
    Interrupt,
    Note,
    Ready,
    Reply,
    Role,
    Say,
    ToolCall,
    Transcript,
)
from media.agent.dialect.elevenlabs import ElevenLabs
from media.port import AgentOptions
from tests.support.vendor import ELEVENLABS, PCM, ULAW, b64


def talk(**options: Any) -> ElevenLabs:
    return ElevenLabs(Context("call-1", "acc", 8000, {"from": "1001"}, AgentOptions(**options)))


def hear(dialect: ElevenLabs, **message: Any) -> list[Any]:
    return dialect.receive_text(json.dumps(message).encode())


def test_it_opens_with_the_operators_settings_and_what_is_known_of_the_call() -> None:
    session = {"dynamic_variables": {"plan": "gold"}, "user_id": "u"}
    [sent] = talk(session=json.dumps(session), greeting="Hi.").open()
    assert json.loads(str(sent)) == {
        "type": "conversation_initiation_client_data",
        "dynamic_variables": {"call_from": "1001", "call_id": "call-1", "plan": "gold"},
        "user_id": "u",
        "conversation_config_override": {"agent": {"first_message": "Hi."}},
    }


def test_a_recorded_talk_becomes_actions() -> None:
    dialect = talk()
    actions = [action for message in ELEVENLABS for action in hear(dialect, **message)]
    assert actions == [
        Formats(),
        Ready(),
        Say(PCM),
        Transcript(Role.AGENT, "Hello."),
        Reply('{"type":"pong","event_id":7}', "pong"),
        Transcript(Role.CALLER, "What time is it?"),
        Interrupt(),
        Transcript(Role.AGENT, "Hello."),
        ToolCall("call-1", "clock", '{"zone":"UTC"}'),
        Say(PCM),
    ], "audio of event 2 comes after its interruption and is dropped"
    assert (dialect.hears, dialect.speaks) == (Encoding.ULAW_8000, Encoding.PCM_16000)


def test_a_format_that_is_not_spoken_fails_with_what_to_change() -> None:
    event = {"agent_output_audio_format": "pcm_44100", "user_input_audio_format": "pcm_16000"}
    kind = "conversation_initiation_metadata"
    [action] = hear(talk(), type=kind, conversation_initiation_metadata_event=event)
    assert isinstance(action, Fail) and "ulaw_8000" in action.detail


def test_the_caller_and_the_call_are_told_in_the_vendors_words() -> None:
    dialect = talk()
    assert json.loads(str(dialect.hear(ULAW))) == {"user_audio_chunk": b64(ULAW)}
    [result] = dialect.tool_result("call-1", "12:00", True)
    assert json.loads(str(result)) == {
        "type": "client_tool_result",
        "tool_call_id": "call-1",
        "result": "12:00",
        "is_error": True,
    }
    [briefing], [digit] = dialect.tell("VIP"), dialect.digit("5", 100)
    assert json.loads(str(briefing)) == {"type": "contextual_update", "text": "VIP"}
    assert json.loads(str(digit))["type"] == "user_message"


@pytest.mark.parametrize("number", ["9" * 5_000, "²", "-1", True, 1.5, None, [1], {"a": 1}])
def test_an_event_without_a_usable_number_silences_nothing(number: object) -> None:
    dialect = talk()
    assert hear(dialect, type="interruption", interruption_event={"event_id": number}) == [Interrupt()]
    assert hear(dialect, type="audio", audio_event={"audio_base_64": b64(PCM), "event_id": 1}) == [Say(PCM)]
    [note] = hear(dialect, type="ping", ping_event={"event_id": number})
    assert isinstance(note, Note) and note.malformed


def test_the_many_scores_leave_no_trace() -> None:
    assert hear(talk(), type="vad_score", vad_score_event={"vad_score": 0.9}) == []
    [note] = hear(talk(), type="news", news={})
    assert note == Note("news", "unknown type, ignored")
