"""A Pipecat application as its users write them: Twilio serializer, FastAPI socket, a small pipeline.

No key and no model: it plays a canned tone at the start, then says back what it hears. Run by the
interpreter of .venv/pipecat: `bot.py ADDRESS PORT`. Nothing in it knows of Tandem.
"""

import math
import struct
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from pipecat.frames.frames import Frame, InputAudioRawFrame, InputDTMFFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

RATE = 8000
app = FastAPI()


def tone(frequency: float, seconds: float) -> bytes:
    samples = (0.25 * math.sin(2 * math.pi * frequency * n / RATE) for n in range(int(seconds * RATE)))
    return b"".join(struct.pack("<h", int(sample * 32767)) for sample in samples)


class Parrot(FrameProcessor):
    """Greets with a tone at the first frame that is heard, and turns every frame into one to be said."""

    greeted = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            if not self.greeted:
                self.greeted = True
                await self.push_frame(OutputAudioRawFrame(tone(880.0, 1.0), RATE, 1))
            await self.push_frame(OutputAudioRawFrame(frame.audio, frame.sample_rate, frame.num_channels))
            return
        if isinstance(frame, InputDTMFFrame):
            print(f"digit {frame.button.value}", flush=True)
        await self.push_frame(frame, direction)


@app.websocket("/media")
async def media(socket: WebSocket) -> None:
    await socket.accept()
    kind, call = await parse_telephony_websocket(socket)
    print(f"start {kind} stream={call['stream_id']} call={call['call_id']}", flush=True)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"],
        call_sid=call["call_id"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_in_passthrough=True,
            add_wav_header=False,
            serializer=serializer,
        ),
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), Parrot(), transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
    )

    @transport.event_handler("on_client_disconnected")
    async def disconnected(transport: object, client: object) -> None:
        print("gone", flush=True)
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    uvicorn.run(app, host=sys.argv[1], port=int(sys.argv[2]), log_level="info")
