"""What vendors' servers say in a talk, as documented; `tests/interop/test_sdk.py` has their SDKs judge it."""

import base64
from typing import Any

ULAW = bytes(range(160))
PCM = bytes(960)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


OPENAI: list[dict[str, Any]] = [
    {
        "type": "session.created",
        "event_id": "e1",
        "session": {"type": "realtime", "model": "gpt-realtime", "output_modalities": ["audio"]},
    },
    {
        "type": "session.updated",
        "event_id": "e2",
        "session": {"type": "realtime", "model": "gpt-realtime", "output_modalities": ["audio"]},
    },
    {"type": "response.created", "event_id": "e3", "response": {"id": "r1", "status": "in_progress"}},
    {
        "type": "response.output_audio.delta",
        "event_id": "e4",
        "response_id": "r1",
        "item_id": "item-1",
        "output_index": 0,
        "content_index": 0,
        "delta": b64(ULAW),
    },
    {
        "type": "response.output_audio_transcript.delta",
        "event_id": "e5",
        "response_id": "r1",
        "item_id": "item-1",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hel",
    },
    {
        "type": "response.output_audio_transcript.done",
        "event_id": "e6",
        "response_id": "r1",
        "item_id": "item-1",
        "output_index": 0,
        "content_index": 0,
        "transcript": "Hello.",
    },
    {"type": "response.done", "event_id": "e7", "response": {"id": "r1", "status": "completed"}},
    {
        "type": "input_audio_buffer.speech_started",
        "event_id": "e8",
        "audio_start_ms": 100,
        "item_id": "item-2",
    },
    {"type": "input_audio_buffer.speech_stopped", "event_id": "e9", "audio_end_ms": 900, "item_id": "item-2"},
    {
        "type": "conversation.item.input_audio_transcription.completed",
        "event_id": "e10",
        "item_id": "item-2",
        "content_index": 0,
        "transcript": "What time is it?",
        "usage": {"type": "duration", "seconds": 1.0},
    },
    {
        "type": "response.function_call_arguments.done",
        "event_id": "e11",
        "response_id": "r2",
        "item_id": "item-3",
        "output_index": 0,
        "call_id": "call-1",
        "name": "clock",
        "arguments": '{"zone":"UTC"}',
    },
    {
        "type": "error",
        "event_id": "e12",
        "error": {"type": "invalid_request_error", "message": "no such item", "code": "x"},
    },
]

ELEVENLABS: list[dict[str, Any]] = [
    {
        "type": "conversation_initiation_metadata",
        "conversation_initiation_metadata_event": {
            "conversation_id": "conv_1",
            "agent_output_audio_format": "pcm_16000",
            "user_input_audio_format": "ulaw_8000",
        },
    },
    {"type": "audio", "audio_event": {"audio_base_64": b64(PCM), "event_id": 1}},
    {"type": "agent_response", "agent_response_event": {"agent_response": "Hello. "}},
    {"type": "ping", "ping_event": {"event_id": 7, "ping_ms": 50}},
    {"type": "user_transcript", "user_transcription_event": {"user_transcript": " What time is it?"}},
    {"type": "interruption", "interruption_event": {"event_id": 2}},
    {
        "type": "agent_response_correction",
        "agent_response_correction_event": {
            "original_agent_response": "Hello. I am",
            "corrected_agent_response": "Hello.",
        },
    },
    {
        "type": "client_tool_call",
        "client_tool_call": {"tool_name": "clock", "tool_call_id": "call-1", "parameters": {"zone": "UTC"}},
    },
    {"type": "audio", "audio_event": {"audio_base_64": b64(PCM), "event_id": 2}},
    {"type": "audio", "audio_event": {"audio_base_64": b64(PCM), "event_id": 3}},
]

DEEPGRAM: list[dict[str, Any]] = [
    {"type": "Welcome", "request_id": "r"},
    {"type": "SettingsApplied"},
    {"type": "ConversationText", "role": "assistant", "content": "Hello."},
    {"type": "AgentStartedSpeaking", "total_latency": 1.1, "tts_latency": 0.3, "ttt_latency": 0.8},
    {"type": "UserStartedSpeaking"},
    {"type": "ConversationText", "role": "user", "content": "What time is it?"},
    {
        "type": "FunctionCallRequest",
        "functions": [
            {"id": "call-1", "name": "clock", "arguments": '{"zone":"UTC"}', "client_side": True},
            {"id": "call-2", "name": "theirs", "arguments": "{}", "client_side": False},
        ],
    },
    {"type": "FunctionCallCancelled", "functions": [{"id": "call-1", "name": "clock"}]},
    {"type": "AgentAudioDone"},
    {"type": "Warning", "description": "slow", "code": "W"},
    {"type": "Error", "description": "bad voice", "code": "E"},
]

GEMINI: list[dict[str, Any]] = [
    {"setupComplete": {}},
    {
        "serverContent": {
            "modelTurn": {
                "role": "model",
                "parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(PCM)}}],
            }
        }
    },
    {"serverContent": {"outputTranscription": {"text": "Hel"}}},
    {"serverContent": {"outputTranscription": {"text": "lo."}}},
    {"serverContent": {"generationComplete": True}},
    {"serverContent": {"turnComplete": True}},
    {"serverContent": {"inputTranscription": {"text": " What time is it?"}}},
    {"serverContent": {"interrupted": True}},
    {"toolCall": {"functionCalls": [{"id": "call-1", "name": "clock", "args": {"zone": "UTC"}}]}},
    {"toolCallCancellation": {"ids": ["call-1"]}},
    {"sessionResumptionUpdate": {"newHandle": "handle-1", "resumable": True}},
    {"usageMetadata": {"totalTokenCount": 12}},
    {"goAway": {"timeLeft": "10s"}},
]

ULTRAVOX: list[dict[str, Any]] = [
    {"type": "call_started", "callId": "c"},
    {"type": "state", "state": "speaking"},
    {"type": "transcript", "role": "agent", "medium": "voice", "delta": "Hel", "final": False, "ordinal": 0},
    {"type": "transcript", "role": "agent", "medium": "voice", "delta": "lo.", "final": True, "ordinal": 0},
    {
        "type": "transcript",
        "role": "user",
        "medium": "voice",
        "text": "What time is it?",
        "final": True,
        "ordinal": 1,
    },
    {"type": "playback_clear_buffer"},
    {
        "type": "client_tool_invocation",
        "toolName": "clock",
        "invocationId": "call-1",
        "parameters": {"zone": "UTC"},
    },
]
