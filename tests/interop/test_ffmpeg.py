"""FFmpeg's RTP, as it comes with PyAV: its packets at one leg, ours to its listener at another (RFC 3551)."""

import asyncio
import random
import socket
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import uvloop

from config.schema import MediaLimits
from media.engine import Engine
from media.port import Allocate, Allocated, Bridge, Codec, Connect, Event, LegId, Release, Released
from media.prompt import PromptStore
from tests.support import wav
from tests.support.address import loopback

pytestmark = pytest.mark.alone

SECONDS = 2.0
CODECS = {
    "pcm_mulaw": (Codec("pcmu", 0), "PCMU/8000", 8_000, "mono"),
    "pcm_alaw": (Codec("pcma", 8), "PCMA/8000", 8_000, "mono"),
    "g722": (Codec("g722", 9), "G722/8000", 16_000, "mono"),
    "pcm_s16be": (Codec("l16", 97, 16_000), "L16/16000", 16_000, "mono"),
    "libopus": (Codec("opus", 97, 48_000), "opus/48000/2", 48_000, "stereo"),
}
"By FFmpeg's name: ours, that of SDP, and what FFmpeg codes; Opus has two channels."


def speak(name: str, to: tuple[str, int]) -> None:
    """A tone of 1 kHz, at the pace of the clock. FFmpeg cuts its packets as it likes."""
    codec, _, rate, layout = CODECS[name]
    options = {"payload_type": str(codec.payload_type)} if codec.payload_type >= 96 else {}
    with av.open(f"rtp://{to[0]}:{to[1]}", "w", format="rtp", options=options) as out:
        stream = out.add_stream(name, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        step, begun = rate // 50, time.monotonic()
        for number in range(int(SECONDS * 50)):
            pcm = (
                8_000 * np.sin(2 * np.pi * 1_000 / rate * np.arange(number * step, (number + 1) * step))
            ).astype(np.int16)
            channels = 2 if layout == "stereo" else 1
            frame = av.AudioFrame.from_ndarray(pcm.repeat(channels)[None, :], format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, number * step, Fraction(1, rate)
            for packet in stream.encode(frame):
                out.mux(packet)
            time.sleep(max(0.0, begun + number * 0.02 - time.monotonic()))


def listen(name: str, at: tuple[str, int], folder: Path, heard: dict[str, np.ndarray]) -> None:
    """Whatever comes within the time that FFmpeg has, decoded by it."""
    codec, encoding, _, _ = CODECS[name]
    sdp = folder / f"{name}.sdp"
    number = codec.payload_type
    sdp.write_text(
        f"v=0\no=- 0 0 IN IP4 {at[0]}\ns=-\nc=IN IP4 {at[0]}\nt=0 0\nm=audio {at[1]} RTP/AVP {number}\n"
        f"a=rtpmap:{number} {encoding}\n"
    )
    options = {"protocol_whitelist": "file,udp,rtp", "localaddr": at[0], "analyzeduration": "200000"}
    to_mono = av.AudioResampler(format="s16", layout="mono", rate=8_000)
    frames: list[np.ndarray] = []
    with av.open(str(sdp), options=options, timeout=5.0) as source:
        for frame in source.decode(audio=0):
            frames += [part.to_ndarray()[0] for part in to_mono.resample(frame)]
            if sum(map(len, frames)) >= 4_800:
                break
    heard[name] = np.concatenate(frames)


async def calls(names: list[str], folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Released]]:
    """Each one's packets at one leg, which is bridged to a leg that sends to the listener of the next one."""
    events: list[Event] = []
    loop, limits = asyncio.get_running_loop(), MediaLimits(legs=2 * len(names))
    heard: dict[str, np.ndarray] = {}
    async with asyncio.TaskGroup() as tasks:
        engine = Engine(
            loop,
            time.monotonic,
            limits,
            (20_000, 20_199),
            events.append,
            PromptStore(limits),
            tasks.create_task,
            random.getrandbits,
        )
        threads: list[threading.Thread] = []
        for place, name in enumerate(names):
            other, host = names[(place + 1) % len(names)], loopback()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind((host, 0))
                at = (host, free.getsockname()[1] & ~1)
            for leg in (f"{name}/from", f"{name}/to"):
                engine.execute(Allocate(LegId(leg), host))
            ports = {event.leg: event.port for event in events if isinstance(event, Allocated)}
            for leg, codec in ((f"{name}/from", CODECS[name][0]), (f"{name}/to", CODECS[other][0])):
                engine.execute(Connect(LegId(leg), at, codec, (codec,), None))
            engine.execute(Bridge(LegId(f"{name}/from"), LegId(f"{name}/to")))
            threads += [
                threading.Thread(target=listen, args=(other, at, folder, heard)),
                threading.Thread(target=speak, args=(name, (host, ports[LegId(f"{name}/from")]))),
            ]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join, 15.0)
        for name in names:
            engine.execute(Release(LegId(f"{name}/from")))
        await engine.release_all()
        engine.close()
    return heard, {event.leg: event for event in events if isinstance(event, Released)}


@pytest.mark.timeout(60)
def test_ffmpeg_is_heard_and_hears_in_every_codec(tmp_path: Path) -> None:
    heard, released = uvloop.run(calls(list(CODECS), tmp_path))
    assert set(heard) == set(CODECS)
    for name, pcm in heard.items():
        assert wav.tone_level_db(pcm[1_600:] / 32_768.0, 1_000.0) > -20.0, name
    for name in CODECS:
        stats = released[LegId(f"{name}/from")].stats
        assert stats.packets_received > 60 and stats.malformed == 0, (name, stats)
