"""What comes from agents and from RTP ports: actions, packets, reports, or the documented refusal."""

import io
import json
from random import Random
from typing import get_args

import numpy as np

from config.schema import MediaLimits
from media import wav
from media.agent.contract import Action, Context, Dialect, Say
from media.agent.dialect.tandem import Tandem
from media.agent.dialect.twilio import Twilio
from media.agent.playout import Playout
from media.agent.session import Send, Session
from media.agent.turn import Floor
from media.port import AgentSpec, AttachAgent, LegId
from media.rtp import packet, rtcp
from media.rtp.latch import Latch
from media.rtp.telephone_event import DIGITS, DigitReceiver
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target

CONTEXT = Context("call-1", "acc_demo", 8000, {"from": "100"})
LIMITS = MediaLimits(marks=4, agent_traced=50, agent_queue=1.0)
ROW = np.array([0], np.int32)
TICK = 0.02

TEXTS = (
    b'{"type":"clear"}',
    b'{"type":"mark","name":"greeting"}',
    b'{"type":"hangup","reason":"bye"}',
    b'{"type":"dtmf","digits":"12*#"}',
    b'{"event":"media","streamSid":"MZ","media":{"payload":"//////////////////////8="}}',
    b'{"event":"mark","mark":{"name":"m1"}}',
    b'{"event":"clear","streamSid":"MZ"}',
)
RTP = (
    packet.build(0, True, 1, 160, 0x1234, b"\xff" * 160),
    packet.build(101, False, 65_535, 2**32 - 160, 0x1234, b"\x05\x8a\x03\x20"),
    b"\xb1" + packet.build(8, False, 9, 9, 9, b"\xbe\xde\x00\x01abcdxxxx\x02\x02")[1:],
    b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"t" * 12,
)
BLOCK = rtcp.Block(7, 3, -5, 100, 9, 77, 88)
RTCP = (
    rtcp.build(5, "tandem", 12.5, rtcp.Sending(160, 2, 320), BLOCK, bye=True),
    rtcp.build(5, "tandem", 12.5, None, None),
)


def _wav() -> bytes:
    form = b"fmt " + (16).to_bytes(4, "little") + bytes((1, 0, 1, 0)) + (8000).to_bytes(4, "little")
    form += (16_000).to_bytes(4, "little") + bytes((2, 0, 16, 0))
    data = b"data" + (320).to_bytes(4, "little") + bytes(range(160)) * 2
    return b"RIFF" + (4 + len(form) + len(data)).to_bytes(4, "little") + b"WAVE" + form + data


def dialects() -> tuple[Dialect, ...]:
    return (Tandem(CONTEXT), Twilio(CONTEXT, lambda n: "0" * (2 * n)))


def check_agent(data: bytes, random: Random) -> None:
    for dialect in dialects():
        for actions in (
            dialect.receive_text(data),
            dialect.receive_binary(data),
            dialect.receive_binary(b"x"),
        ):
            for action in actions:
                assert isinstance(action, get_args(Action))
                if isinstance(action, Say):
                    assert len(action.audio) % dialect.speaks.sample_bytes == 0


def check_session(data: bytes, random: Random) -> None:
    """A whole conversation: texts and audio of the agent between ticks, speech and keys of the caller."""
    dialect = random.choice(dialects())
    playout = Playout(1, dialect.speaks, LIMITS.marks)
    floor = Floor(1)
    agent = AgentSpec("bot", "tandem", "ws://bot/", barge_in=random.random() < 0.7)
    command = AttachAgent(LegId("leg"), agent, "call-1", "acc_demo")
    now = 10.0
    session = Session(0, command, dialect, playout, floor, LIMITS, 0.0, now)
    session.opened(now)
    for _ in range(random.randrange(40)):
        match random.randrange(8):
            case 0:
                session.receive_text(mutate(random, random.choice(TEXTS), TEXTS), now)
            case 1:
                session.receive_text(random.choice(TEXTS), now)
            case 2 | 3:
                session.receive_binary(random.randbytes(random.choice((0, 1, 320, 321, 5_000, 40_000))), now)
            case 4:
                session.caller_started(now)
            case 5:
                session.caller_stopped(now)
            case 6:
                session.digit("5", 100, now)
            case _:
                for _ in range(random.randrange(20)):
                    now += TICK
                    taken = playout.take(ROW, now)
                    if floor.hear(ROW, taken.frames, taken.fading, now):
                        session.started(now)
                    if taken.due:
                        session.marks_reached()
                    if taken.was[0] and not taken.play[0]:
                        session.dry(now)
        for effect in session.take_effects():
            if isinstance(effect, Send) and isinstance(effect.message, str):
                assert isinstance(json.loads(effect.message), dict)
        queued = playout.queued(0)
        assert 0 <= queued <= (LIMITS.agent_queue + 0.1) * dialect.speaks.rate, queued
    session.hang_up(now)
    assert playout.queued(0) == 0


def check_rtp(data: bytes, random: Random) -> None:
    view = memoryview(data)
    _ = packet.is_stun(view), packet.is_rtcp(view)
    got = packet.parse(view)
    digits = DigitReceiver()
    now = 5.0
    latch = Latch()
    latch.aim(("127.0.0.1", 4000), now)
    if got is not None:
        assert 0 <= got.payload_type < 128 and len(got.payload) <= len(data) - packet.HEADER_BYTES
        plain = packet.build(
            got.payload_type, got.marker, got.sequence, got.timestamp, got.ssrc, bytes(got.payload)
        )
        assert packet.parse(memoryview(plain)) == got
        latch.offer(("127.0.0.2", 4000), got.ssrc, 3.0, now)
        presses = digits.receive(got.payload, got.timestamp, now)
        presses += digits.handle_timer(now + 3.0)
        assert all(press.digit in DIGITS and press.duration_ms >= 0 for press in presses)
        assert not digits.is_pressed()


def check_rtcp(data: bytes, random: Random) -> None:
    reports = rtcp.parse(memoryview(data))
    if reports is not None:
        session = rtcp.Session()
        for ssrc in (7, 5):
            session.receive(reports, ssrc, 100.0)
        last, delay = session.echo_of_sr(100.5)
        assert 0 <= last < 2**32 and 0 <= delay < 2**32
        assert session.round_trip is None or session.round_trip >= 0.0


def check_wav(data: bytes, random: Random) -> None:
    file = io.BytesIO(data)
    got = wav.parse(file)
    if isinstance(got, wav.Wav):
        samples = got.read(file, 0, 10_000)
        assert samples.ndim == 1 and samples.size == min(got.frames, 10_000)
        assert bool(np.isfinite(samples).all())


TARGETS = (
    Target("agent", TEXTS, check_agent),
    Target("session", (), check_session),
    Target("rtp", RTP, check_rtp),
    Target("rtcp", RTCP, check_rtcp),
    Target("wav", (_wav(),), check_wav),
)
