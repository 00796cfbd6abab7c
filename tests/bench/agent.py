"""The agents of the load: return what they hear at once (`python -m tests.bench.agent ADDRESS PORT`).

The path of the URL is the dialect. Bare audio is returned as it came; where audio is inside of JSON, it is
put into the message that this vendor's agents speak by.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pybase64
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

Hear = Callable[[str, bytes], None]
"Dialect and audio."


def nothing(dialect: str, audio: bytes) -> None:
    pass


def reply(dialect: str, message: dict[str, Any]) -> tuple[str, dict[str, Any]] | dict[str, Any] | None:
    """What an agent of this dialect answers: audio (base64) and the message that says it, a word, or none."""
    match dialect, message:
        case "twilio", {"event": "media", "media": {"payload": payload}}:
            return payload, {"event": "media", "media": {"payload": payload}}
        case "openai", {"type": "session.update"}:
            return {"type": "session.updated", "session": {}}
        case "openai", {"type": "input_audio_buffer.append", "audio": audio}:
            return audio, {"type": "response.output_audio.delta", "item_id": "item_1", "delta": audio}
        case "elevenlabs", {"type": "conversation_initiation_client_data"}:
            formats = {"agent_output_audio_format": "ulaw_8000", "user_input_audio_format": "ulaw_8000"}
            metadata = {"conversation_id": "conv_1", **formats}
            kind = "conversation_initiation_metadata"
            return {"type": kind, f"{kind}_event": metadata}
        case "elevenlabs", {"user_audio_chunk": audio}:
            return audio, {"type": "audio", "audio_event": {"audio_base_64": audio, "event_id": 1}}
        case "deepgram", {"type": "Settings"}:
            return {"type": "SettingsApplied"}
        case "gemini", {"setup": _}:
            return {"setupComplete": {}, "sessionResumptionUpdate": {"newHandle": "h", "resumable": True}}
        case "gemini", {"realtimeInput": {"audio": {"data": audio}}}:
            # It hears 16 kHz and speaks 24: each sample thrice, and every other one of them.
            spoken = np.frombuffer(pybase64.b64decode(audio), "<i2").repeat(3)[::2].tobytes()
            blob = {"data": pybase64.b64encode_as_string(spoken), "mimeType": "audio/pcm;rate=24000"}
            return audio, {"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}}
    return None


class Echo(WSListener):
    def __init__(self, dialect: str, hear: Hear) -> None:
        super().__init__()
        self._dialect = dialect
        self._hear = hear
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def break_off(self) -> None:
        """Without a word, as a process that dies."""
        if self._transport is not None:
            self._transport.disconnect(False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        match frame.msg_type:
            case WSMsgType.BINARY:
                audio = frame.get_payload_as_bytes()
                self._hear(self._dialect, audio)
                transport.send(WSMsgType.BINARY, audio)
            case WSMsgType.TEXT:
                self._on_text(transport, frame.get_payload_as_bytes())
            case WSMsgType.PING:
                transport.send_pong(frame.get_payload_as_bytes())
            case WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()

    def _on_text(self, transport: WSTransport, text: bytes) -> None:
        if self._dialect == "asterisk":
            return  # in words, and none of them wants an answer
        answer = reply(self._dialect, orjson.loads(text))
        if isinstance(answer, tuple):
            audio, answer = answer
            if self._hear is not nothing:
                self._hear(self._dialect, pybase64.b64decode(audio))
        if answer is not None:
            transport.send(WSMsgType.TEXT, orjson.dumps(answer))


async def serve(
    address: str, port: int, hear: Hear = nothing, made: Callable[[Echo], None] | None = None
) -> asyncio.Server:
    """Args: made: told of each agent that is dialled."""

    def listener(request: WSUpgradeRequest) -> Echo:
        echo = Echo(bytes(request.path).decode().strip("/"), hear)
        if made is not None:
            made(echo)
        return echo

    return await ws_create_server(listener, address, port, backlog=2048)


async def main(address: str, port: int) -> None:
    server = await serve(address, port)
    gc.freeze()
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
