"""The audio engine: commands in, events out, one tick over all legs (`port/`, `design.md` §4).

::

    wire ─▶ inbound ─▶ jitter ─▶ heard ─▶ listeners: agents, voice activity, recording
                                   │
    wire ◀─ outbound ◀── prompts · echo and bridge · agents · digits

Events are queued and handed to `emit` at the end of `execute`, of a tick, or of whatever else
brought them; an `execute` from inside `emit` only adds to the queue. The tick runs while a leg
is connected. Nothing here waits; prompts are loaded by tasks given to `spawn`.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, assert_never

import numpy as np

from config.schema import MediaLimits
from media.agent.plane import ALONE, AgentPlane, Means
from media.codec.table import is_spoken
from media.conference import Rooms
from media.digits import Digits
from media.dsp.conceal import Concealer
from media.dsp.talker import Talkers
from media.dsp.vad import VoiceActivity
from media.frame import GROUPS
from media.gauges import EngineGauges, VoiceGauges
from media.heard import Heard, Listens
from media.inbound import Inbound
from media.joint import Joints
from media.leg import Leg, LegTable
from media.outbound import Outbound, Speaks
from media.outbox import Outbox
from media.plan import Plan, make_plan
from media.playback import Playback
from media.port import (
    Adjust,
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    ChangeRole,
    Command,
    Connect,
    Detach,
    Echo,
    Event,
    HearDigit,
    Join,
    MoveRecord,
    PausePlay,
    PauseRecord,
    Play,
    Record,
    Refused,
    Release,
    Released,
    SeekPlay,
    SendDigits,
    StopPlay,
    StopRecord,
    TellAgent,
    Tone,
)
from media.ports import PortPool
from media.prompter import Prompter, Prompts
from media.record import Recorder, Recording
from media.report import Reports
from media.rtp.jitter import JitterBuffer
from media.rtp.statistics import Reception
from media.rtp.telephone_event import DigitSender, Press
from media.socket import NoPort, UdpWire
from media.stall import Stall
from media.ticker import Clock, Ticker
from media.timeline import Timeline
from media.upkeep import Upkeep
from media.webrtc.legs import WebLegs
from media.wideband import Wideband

SPEECH_RELEASE: Final = 0.5
"Silence that ends speech [s]."

log = logging.getLogger(__name__)


class Loop(Clock, Protocol):
    """What is used of an event loop."""

    def call_soon_threadsafe(self, callback: Callable[[], Any], /) -> object: ...


class Agents(Listens, Speaks, Protocol):
    def attach(self, slot: int, command: AttachAgent, now: float) -> None: ...
    def detach(self, slot: int, now: float) -> None: ...
    def digit(self, slot: int, digit: str, duration_ms: int) -> None: ...
    def tell(self, slot: int, command: TellAgent) -> None: ...
    def voices(self) -> VoiceGauges: ...
    async def close(self) -> None: ...


class Engine:
    """
    Args:
        loop: the event loop, or a clock turned by hand.
        monotonic: the exact time, of the same origin as `loop.time`.
        ports: first and last RTP port.
        prompts: where prompts are read.
        spawn: owns the tasks that load prompts (`TaskGroup.create_task`).
        random_bits: n → an integer of n random bits (`Entropy.getrandbits`).
        spare: may use what a tick leaves of its time; told the seconds.
        agents, wire: stand in for the agent plane and the sockets in tests.
    """

    def __init__(
        self,
        loop: Loop,
        monotonic: Callable[[], float],
        limits: MediaLimits,
        ports: tuple[int, int],
        emit: Callable[[Event], None],
        prompts: Prompts,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        random_bits: Callable[[int], int],
        *,
        spare: Callable[[float], None] | None = None,
        means: Means = ALONE,
        agents: Agents | None = None,
        wire: UdpWire | None = None,
    ) -> None:
        slots = limits.legs
        self._limits = limits
        self._monotonic = monotonic
        self._outbox = Outbox(emit)
        self._emit = self._outbox.put
        self._random_bits = random_bits
        self._table = LegTable(slots)
        self._pool = PortPool(*ports)
        self._wire = wire or UdpWire(slots, self._pool)
        self._reception = Reception(slots)
        self._jitter = JitterBuffer(slots)
        self._concealer = Concealer(slots)
        self._voice = VoiceActivity(slots, release=SPEECH_RELEASE)
        self._talkers = Talkers(slots, release=SPEECH_RELEASE)
        release, dial = SPEECH_RELEASE, self.execute
        self._agents: Agents = agents or AgentPlane(
            slots, limits, self._emit, monotonic, release=release, means=means, send_digits=dial
        )
        self._recorder = Recorder(loop.call_soon_threadsafe, self._emit)
        self._reports = Reports(self._table, self._reception, self._jitter, random_bits)
        self._digits = Digits(slots, self._table, self._agents, monotonic, self._emit, limits)
        self._wideband = Wideband(slots, self._table)
        self._web = WebLegs(self._table, self._wire, limits, random_bits, self._emit)
        self._inbound = Inbound(
            self._table,
            self._wire,
            self._reception,
            self._jitter,
            self._emit,
            self._digits.pressed,
            self._web,
        )
        self._heard = Heard(
            self._table,
            self._jitter,
            self._concealer,
            self._voice,
            self._talkers,
            self._wideband,
            self._agents,
            self._recorder,
            self._emit,
            self._digits,
        )
        self._upkeep = Upkeep(
            self._table,
            self._wire,
            self._inbound,
            self._reports,
            limits.silence_timeout,
            self._emit,
            self._web,
        )
        self._prompter = Prompter(self._table, prompts, spawn, self._emit)
        self._rooms = Rooms(slots, self._table.columns)
        self._joints = Joints(self._table, self._voice, self._talkers, self._agents, self._rooms, self._emit)
        self._outbound = Outbound(
            self._table,
            self._wire,
            self._wideband,
            self._agents,
            self._rooms,
            self._recorder,
            self._emit,
        )
        self._table.resets += (
            self._reception.reset,
            self._jitter.reset,
            self._concealer.reset,
            self._wideband.reset,
            self._digits.reset,
        )
        self._plans: list[Plan] = [make_plan(self._table.columns, group) for group in range(GROUPS)]
        self._tick = 0
        self._stall = Stall(self._table, self._inbound, self._jitter)
        self._ticker = Ticker(
            loop, monotonic, self.step, lambda seconds: self._stall.begin(seconds, self._tick), spare
        )
        self.share = self._ticker.audio

    def execute(self, command: Command) -> None:
        """Carry out one command; answers are events. Unknown legs are ignored."""
        now = self._monotonic()
        with self._outbox:
            self._do(command, now)

    def step(self, group: int, now: float) -> None:
        """One tick: receive, play and send the frames of one phase group."""
        with self._outbox:
            self._inbound.receive(self._plan(group), group, now, self._ticker.late)
            self._upkeep.quiet.stir(now)
            # Receiving may have changed a leg's codec or group.
            plan = self._plan(group)
            heard = self._heard.play(plan, group, now)
            if self._rooms.hear(plan, heard.pcm, heard.wide, self._tick, group):
                self._table.changed()
            self._outbound.send(plan, heard, now)
            self._tick += 1
            self._stall.see_to(self._tick)
            self._upkeep.see_to(self._tick, now)

    def gauges(self) -> EngineGauges:
        return EngineGauges(
            legs=len(self._table),
            connected=int(np.count_nonzero(self._table.columns.connected)),
            free_ports=len(self._pool),
            send_errors=self._wire.errors,
            ticks=self._ticker.gauges(),
            voices=self._agents.voices(),
        )

    async def release_all(self) -> None:
        """Release every leg and wait until the agents' sockets have closed; `close` comes after it."""
        for leg in list(self._table):
            self.execute(Release(leg.id))
        await self._agents.close()

    def close(self) -> None:
        """Release every leg and write out every recording; blocks until the disk has them."""
        for leg in list(self._table):
            self.execute(Release(leg.id))
        self._ticker.stop()
        self._recorder.close()

    # Commands.

    def _do(self, command: Command, now: float) -> None:
        if isinstance(command, Allocate):
            self._allocate(command, now)
            return
        leg = self._table.find(command.leg)
        if leg is None:
            return
        match command:
            case Connect():
                self._connect(leg, command, now)
            case Echo() | Bridge() | AttachAgent() | Join() | ChangeRole() | Adjust() | Detach():
                self._joints.execute(leg, command, now)
            case TellAgent():
                self._agents.tell(leg.slot, command)
            case Play() | Tone() | PausePlay() | SeekPlay() | StopPlay():
                self._prompter.execute(leg, command)
            case Record(path=path, stereo=stereo):
                self._stop_recording(leg)
                timeline = Timeline(now) if stereo else None
                self._record(leg, self._recorder.start(leg.id, path, self._limits.record_seconds, timeline))
            case PauseRecord(paused=paused):
                if leg.recording is not None and leg.recording.timeline is not None:
                    leg.recording.timeline.paused = paused
            case MoveRecord(to=to):
                other = self._table.find(to)
                if other is not None and other is not leg and leg.recording is not None:
                    self._move_recording(leg, other, leg.recording)
            case StopRecord():
                self._stop_recording(leg)
            case SendDigits(digits=digits, duration_ms=duration, gap_ms=gap, tones=tones):
                self._digits.dial(leg, digits, duration, gap, report=True, tones=tones)
            case HearDigit(digit=digit, method=method, duration_ms=duration):
                self._digits.pressed(leg, Press(digit, duration), method)
            case Release():
                self._release(leg, now)
            case _:
                assert_never(command)

    def _allocate(self, command: Allocate, now: float) -> None:
        if self._table.find(command.leg) is not None:
            self._emit(Refused(command.leg, "the leg exists already"))
            return
        slot = self._table.take_slot()
        if slot is None:
            self._emit(Refused(command.leg, "every slot is taken"))
            return
        try:
            port = self._wire.open(slot, command.address)
        except NoPort as error:
            self._table.give_back(slot)
            self._emit(Refused(command.leg, str(error)))
            return
        columns = self._table.columns
        chance = self._random_bits(32 + 15 + 32)
        columns.ssrc[slot] = chance & 0xFFFF_FFFF
        columns.sequence[slot] = chance >> 32 & 0x7FFF
        columns.timestamp[slot] = chance >> 47
        leg = Leg(
            command.leg,
            slot,
            port,
            command.vad,
            Playback(command.leg, self._limits.play_queue, slot, columns),
            DigitSender(self._limits.digits_queue),
        )
        self._table.add(leg)
        if not command.webrtc:
            self._emit(Allocated(command.leg, port))
        elif self._web.allocate(leg, command.stun, now):
            self._ticker.start()

    def _connect(self, leg: Leg, command: Connect, now: float) -> None:
        if not is_spoken(command.codec.name, command.codec.clock_rate):
            log.warning("leg %s: codec %s is not spoken here", leg.id, command.codec.name)
            return
        before = None if leg.connect is None else leg.connect.remote
        first = before is None
        leg.latch.aim(command.remote, now, command.signalling)
        self._table.connect(leg, command, now)
        if first:
            self._upkeep.begin(leg, now)
            self._joints.listen(leg, now)
        if command.webrtc is not None:
            self._web.connect(leg, command.webrtc, now)
        elif before != command.remote:
            self._inbound.aim(leg, before, command.remote)
        self._ticker.start()

    def _release(self, leg: Leg, now: float) -> None:
        self._joints.part(leg, now)
        for played in leg.playback.end():
            self._emit(played)
        self._stop_recording(leg)
        self._upkeep.say_goodbye(leg, now)
        stats = self._reports.stats(leg)
        self._web.release(leg, now)
        self._inbound.forget(leg.slot)
        self._wire.close(leg.slot)
        self._table.remove(leg)
        if not self._table.connected and not self._web.asking:
            self._ticker.stop()
        self._emit(Released(leg.id, stats))

    def _stop_recording(self, leg: Leg) -> None:
        if leg.recording is not None:
            self._recorder.stop(leg.recording)
            self._record(leg, None)

    def _move_recording(self, leg: Leg, to: Leg, recording: Recording) -> None:
        self._stop_recording(to)
        if recording.timeline is not None:
            recording.timeline.swap()
        self._record(leg, None)
        self._record(to, recording)

    def _record(self, leg: Leg, recording: Recording | None) -> None:
        leg.recording = recording
        self._table.columns.recorded[leg.slot] = recording is not None
        self._table.tape(leg)

    # The tick.

    def _plan(self, group: int) -> Plan:
        if self._table.stale[group]:
            self._table.stale[group] = False
            self._plans[group] = make_plan(self._table.columns, group)
        return self._plans[group]
