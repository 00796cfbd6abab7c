"""What agents of every dialect say to us, as documented: seeds of what they say wrongly."""

from typing import Any

from tests.support.vendor import DEEPGRAM, ELEVENLABS, GEMINI, OPENAI, ULTRAVOX, b64

SAID = b64(bytes(160))

TANDEM: list[dict[str, Any]] = [
    {"type": "clear"},
    {"type": "mark", "name": "greeting"},
    {"type": "hangup", "reason": "bye"},
    {"type": "dtmf", "digits": "12*#"},
    {"type": "stats"},
    {"type": "barge_in", "accept": True},
    {"type": "transcript", "role": "caller", "text": "What time is it?", "final": True},
    {"type": "tool_call", "id": "call-1", "name": "clock", "arguments": {"zone": "UTC"}},
    {"type": "transfer", "target": "agent:sales", "context": {"plan": "gold"}, "briefing": "VIP", "id": "r1"},
    {"type": "play", "prompt": "welcome", "loop": True, "id": "r2"},
    {"type": "seek_play", "milliseconds": 500, "relative": True},
    {"type": "set", "variables": {"plan": "gold", "list": [1, {"a": None}]}, "id": "r3"},
    {"type": "hold", "id": "r4"},
]
TWILIO: list[dict[str, Any]] = [
    {"event": "media", "streamSid": "MZ", "media": {"payload": SAID}},
    {"event": "mark", "streamSid": "MZ", "mark": {"name": "m1"}},
    {"event": "clear", "streamSid": "MZ"},
    {"event": "dtmf", "dtmf": {"digit": "5"}},
]
JAMBONZ: list[dict[str, Any]] = [
    {
        "type": "playAudio",
        "data": {
            "audioContentType": "raw",
            "sampleRate": 8000,
            "audioContent": SAID,
            "id": "p",
            "queuePlay": True,
        },
    },
    {"type": "playAudio", "data": {"audioContentType": "wave", "audioContent": b64(b"RIFF\4\0\0\0WAVEfmt ")}},
    {"type": "killAudio"},
    {"type": "mark", "data": {"name": "m1"}},
    {"type": "clearMarks"},
    {"type": "disconnect"},
]
ASTERISK: list[dict[str, Any]] = [
    {"command": "START_MEDIA_BUFFERING"},
    {"command": "STOP_MEDIA_BUFFERING", "correlation_id": "c1"},
    {"command": "MARK_MEDIA", "correlation_id": "c2"},
    {"command": "FLUSH_MEDIA"},
    {"command": "GET_STATUS"},
    {"command": "REPORT_QUEUE_DRAINED"},
    {"command": "HANGUP"},
]
RELAY: list[dict[str, Any]] = [
    {"type": "text", "token": "Good morning. How are", "last": False, "preemptible": True},
    {"type": "text", "token": " you?", "last": True},
    {"type": "play", "source": "welcome"},
    {"type": "sendDigits", "digits": "1w2"},
    {"type": "language", "ttsLanguage": "en-GB", "transcriptionLanguage": "de-DE"},
    {"type": "end", "handoffData": '{"reason":"done"}'},
]
SAYS: dict[str, list[dict[str, Any]]] = {
    "asterisk": ASTERISK,
    "conversationrelay": RELAY,
    "deepgram": DEEPGRAM,
    "elevenlabs": ELEVENLABS,
    "gemini": GEMINI,
    "jambonz": JAMBONZ,
    "openai": OPENAI,
    "tandem": TANDEM,
    "twilio": TWILIO,
    "ultravox": ULTRAVOX,
}
