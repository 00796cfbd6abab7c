"""Pipecat's own recogniser and Telnyx serializer over the messages of standard input, one a line.

Run by the interpreter of .venv/pipecat; prints what they made of them as JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from pipecat.frames.frames import InterruptionFrame, OutputAudioRawFrame, StartFrame
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.telnyx import TelnyxFrameSerializer


class Socket:
    def __init__(self, messages: list[str]) -> None:
        self.messages = messages

    async def iter_text(self) -> AsyncIterator[str]:
        for message in self.messages:
            yield message


async def main() -> None:
    messages = sys.stdin.read().splitlines()
    kind, call = await parse_telephony_websocket(Socket(messages))
    serializer = TelnyxFrameSerializer(
        stream_id=call["stream_id"],
        outbound_encoding=call["outbound_encoding"],
        inbound_encoding="PCMU",
        params=TelnyxFrameSerializer.InputParams(auto_hang_up=False),
    )
    await serializer.setup(StartFrame(audio_in_sample_rate=8000, audio_out_sample_rate=8000))
    read = [await serializer.deserialize(message) for message in messages[2:]]
    said = await serializer.serialize(OutputAudioRawFrame(bytes(320), 8000, 1))
    cleared = await serializer.serialize(InterruptionFrame())
    found = {"kind": kind, "call": call["call_id"], "read": [type(frame).__name__ for frame in read]}
    print(json.dumps({**found, "written": [said, cleared]}))


asyncio.run(main())
