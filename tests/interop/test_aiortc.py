"""aiortc as a telephone: its ICE, DTLS, SRTP and codecs, with SIP over WSS (issue 4, must be shown 3).

It knows no telephone events, so its keys are tones in the audio, both ways.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import aiortc
import av
import numpy as np
import pytest
import soxr
import websockets

from edge.sip.message import Request
from media.dsp.goertzel import FREQUENCIES, ToneKeys
from tests.support import wav
from tests.support.bot import Bot
from tests.support.daemon import PASSWORDS
from tests.support.site import PORTS, Site
from tests.support.sound import frames
from tests.support.wav import Signal
from tests.support.web_phone import WebPhone

pytestmark = pytest.mark.alone

RATE = 48_000
FRAME = RATE // 50
ME = "<sip:1001@demo.local>"


class Microphone(aiortc.MediaStreamTrack):
    """Says a signal of 48 kHz in real time, then silence."""

    kind = "audio"

    def __init__(self, signal: Signal) -> None:
        super().__init__()
        self._signal = (signal * 32767).astype(np.int16)
        self._at = 0
        self._began = time.monotonic()

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(max(0.0, self._began + self._at / RATE - time.monotonic()))
        part = self._signal[self._at : self._at + FRAME]
        frame = av.AudioFrame.from_ndarray(
            np.pad(part, (0, FRAME - len(part)))[None, :], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
        self._at += FRAME
        return frame


class Ear:
    """What came, at 8 kHz."""

    def __init__(self, peer: aiortc.RTCPeerConnection) -> None:
        self._frames: list[tuple[int, np.ndarray]] = []
        self._task: asyncio.Task[None] | None = None
        peer.on("track", self._begin)

    def _begin(self, track: aiortc.MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: aiortc.MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except aiortc.mediastreams.MediaStreamError:
                return
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1)
            self._frames.append((frame.sample_rate, samples))

    def heard(self) -> Signal:
        rate = self._frames[0][0]
        return soxr.resample(np.concatenate([part for _, part in self._frames]) / 32768, rate, 8_000)


def keys(signal: Signal) -> str:
    """Those whose tones are in it."""
    detector, row = ToneKeys(1), np.zeros(1, np.int32)
    pcm = frames((signal * 32767).astype(np.int16))
    return "".join(press.key for frame in pcm for press in detector.process(row, frame[None, :]))


def sung(digits: str) -> Signal:
    at = np.arange(int(0.08 * RATE)) / RATE
    parts = [wav.silence(1.5, rate=RATE)]
    for digit in digits:
        tones = sum(np.sin(2 * np.pi * hertz * at) for hertz in FREQUENCIES[digit])
        parts += [0.15 * tones, wav.silence(0.12, rate=RATE)]
    return np.concatenate(parts)


@asynccontextmanager
async def registered(made: Site) -> AsyncIterator[WebPhone]:
    context = ssl.create_default_context(cafile=made.authority.certificate)
    async with websockets.connect(
        f"wss://{made.address}:{PORTS['wss']}", subprotocols=[websockets.Subprotocol("sip")], ssl=context
    ) as socket:
        phone = WebPhone(socket, "WSS")
        assert (await phone.ask("REGISTER", "sip:demo.local", ME, "Expires: 300\r\n")).status == 200
        yield phone


@asynccontextmanager
async def connection(
    says: Signal, codec: str = "audio/opus"
) -> AsyncIterator[tuple[aiortc.RTCPeerConnection, Ear]]:
    peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    ear = Ear(peer)
    peer.addTrack(Microphone(says))
    known = aiortc.RTCRtpSender.getCapabilities("audio").codecs
    (spoken,) = peer.getTransceivers()
    spoken.setCodecPreferences([each for each in known if each.mimeType.lower() == codec])
    try:
        yield peer, ear
    finally:
        await peer.close()


async def call(phone: WebPhone, peer: aiortc.RTCPeerConnection, number: str) -> tuple[str, str]:
    """Dial; the target and To of the dialog."""
    await peer.setLocalDescription(await peer.createOffer())
    uri = f"sip:{number}@demo.local"
    accepted = await phone.ask("INVITE", uri, f"<{uri}>", body=peer.localDescription.sdp)
    assert accepted.status == 200
    target = str(accepted.contacts[0].uri)
    await phone.ack(target, accepted)
    await peer.setRemoteDescription(aiortc.RTCSessionDescription(accepted.body.decode(), "answer"))
    return target, accepted.headers.get("To") or ""


@pytest.mark.parametrize("codec", ["audio/opus", "audio/pcmu"])
async def test_it_hears_itself_at_the_echo(tmp_path: Path, codec: str) -> None:
    made = Site(tmp_path)
    with made.daemon(tmp_path / "daemon"):
        async with (
            registered(made) as phone,
            connection(wav.tone(700.0, 6.0, rate=RATE), codec) as (peer, ear),
        ):
            dialog = await call(phone, peer, "*43")
            await asyncio.sleep(3.0)
            assert (await phone.ask("BYE", *dialog)).status == 200
            heard = wav.loudest(ear.heard(), 1.0)
            assert wav.peak_frequency(heard) == pytest.approx(700.0, abs=2.0)
            # FFmpeg, by which aiortc turns mono into stereo for Opus, makes each side 3 dB softer.
            level = -15.0 if codec == "audio/opus" else -12.0
            assert wav.tone_level_db(heard, 700.0) == pytest.approx(level, abs=1.5)


async def test_an_agent_hears_it_and_its_keys_and_is_heard(tmp_path: Path) -> None:
    made = Site(tmp_path)
    extensions = [{"number": "9000", "target": {"agent": "bot"}}]
    with (
        Bot(tmp_path / "bot", greeting=wav.tone(530.0, 1.0, level_db=-9.0)) as bot,
        made.daemon(tmp_path / "daemon", extensions=extensions, agents={"bot": bot.agent()}),
    ):
        async with registered(made) as phone, connection(sung("159#0")) as (peer, ear):
            dialog = await call(phone, peer, "9000")
            await asyncio.sleep(3.5)
            assert (await phone.ask("BYE", *dialog)).status == 200
            await asyncio.to_thread(bot.wait, "gone")
            assert wav.peak_frequency(wav.loudest(ear.heard(), 0.6)) == pytest.approx(530.0, abs=2.0)
        assert [event["message"]["dtmf"]["digit"] for event in bot.events("dtmf")] == list("159#0")
        assert keys(bot.heard()) == "159#0", "and the tones themselves"


async def test_it_is_called_and_hears_the_keys_of_a_desk_phone(tmp_path: Path) -> None:
    """RFC 4733 on one side, tones on the other."""
    made = Site(tmp_path)
    with made.daemon(tmp_path / "daemon") as daemon:
        async with registered(made) as phone, connection(wav.silence(1.0, rate=RATE)) as (peer, ear):
            words = ["--user", "1002", "--password", PASSWORDS["1002"], "--digits", "42#", "--seconds", "4"]
            calling = asyncio.create_task(
                asyncio.to_thread(daemon.tandem, "call", daemon.uri("1001"), *words)
            )
            while not (isinstance(invite := await phone.hear(), Request) and invite.method == "INVITE"):
                pass
            await peer.setRemoteDescription(aiortc.RTCSessionDescription(invite.body.decode(), "offer"))
            await peer.setLocalDescription(await peer.createAnswer())
            await phone.reply(invite, 200, peer.localDescription.sdp)
            while not (isinstance(bye := await phone.hear(), Request) and bye.method == "BYE"):
                pass
            await phone.reply(bye, 200)
            status, said = await calling
            assert status == 0, said
            assert keys(ear.heard()) == "42#"
