"""A stage for rehearsals with an AI agent: the audio plane's agent legs, a tick, callers without phones.

::

    Case ── speak, press, wait … ──▶ Caller ── 20 ms frames ──▶ AgentPlane ── WebSocket ──▶ the agent
    Case ◀── events, what was heard ── Caller ◀── 20 ms frames ── AgentPlane ◀── WebSocket ── the agent

Everything the agent meets is what it would meet in a call, down to the dialect's bytes; only SIP and RTP are
missing.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.schema import MediaLimits
from media import port
from media.agent.contract import Buffer
from media.agent.plane import AgentPlane
from media.agent.socket import Call, Dial, Dialler, Line, Listener
from media.codec.g711 import LINEAR_TO_ULAW

TICK: Final = 0.02
"[s]"
BEHIND: Final = 0.1
"Ticks that are late by more than this [s] are left out."
FRAME: Final = 160
LOUD: Final = 256
"Peak of a frame that can be heard."

Pcm = NDArray[np.int16]


class Caller:
    """One caller of a rehearsal; its time is ticks of 20 ms since the stage opened.

    `heard` holds the peak of every frame since the caller entered, `loud_at` the tick of the last loud one.
    """

    def __init__(self, stage: "Stage", slot: int, name: str) -> None:
        self.name = name
        self.events: list[port.Event] = []
        self.line: Line | None = None
        self.heard: list[int] = []
        self.clipped = 0
        self.offset = 0.0
        self.loud_at: int | None = None
        self.mute = False
        "True: not a frame is sent, as though the network had gone."
        self._stage = stage
        self._slot = slot
        self._frames: deque[Pcm] = deque()
        self._speaking = self._noise = False

    @property
    def leg(self) -> port.LegId:
        return port.LegId(self.name)

    @property
    def failure(self) -> str:
        """Why the agent is gone; empty while it is there."""
        for event in self.events:
            if isinstance(event, port.AgentFailed):
                return f"{event.reason}: {event.detail}"
            if isinstance(event, port.AgentEnded):
                return f"the agent left: {event.reason}"
        return ""

    def dial(self, spec: port.AgentSpec, parameters: Mapping[str, str]) -> None:
        told = {"from": "1001", "to": "9000", "direction": "internal", **parameters}
        command = port.AttachAgent(self.leg, spec, f"rehearsal-{self.name}", "rehearsal", tuple(told.items()))
        self._stage.dialling = self
        self._stage.plane.attach(self._slot, command, self._stage.now())
        self._stage.dialling = None

    def hang_up(self) -> None:
        self._stage.plane.detach(self._slot, self._stage.now())
        self.line = None

    def speak(self, pcm: Pcm) -> None:
        """Say this from the next tick on: int16 at 8 kHz; our voice detection notices at once."""
        whole = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
        self._frames.extend(whole)

    def sound(self, pcm: Pcm) -> None:
        """Like `speak`, of something that is no voice: our detection does not notice noise or music."""
        self._noise = True
        self.speak(pcm)

    def interrupt(self) -> None:
        """Voice detection decides now that the caller speaks."""
        self._speaking = True
        self._stage.plane.speech([self._slot], [], self._stage.now())

    def pause(self) -> None:
        """Voice detection decides now that the caller has ended."""
        self._speaking = False
        self._stage.plane.speech([], [self._slot], self._stage.now())

    def press(self, digit: str, duration_ms: int = 100) -> None:
        self._stage.plane.digit(self._slot, digit, duration_ms)

    def count(self, kind: type[port.Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def messages(self, kind: str, *, outgoing: bool) -> list[str]:
        """Details of the traced messages of this kind."""
        return [
            event.detail
            for event in self.events
            if isinstance(event, port.AgentMessage) and event.kind == kind and event.outgoing is outgoing
        ]

    async def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            await self._stage.ticked()

    async def until(self, true: Callable[[], object], seconds: float) -> bool:
        """Whether it became true in time; no sooner than the next tick."""
        for _ in range(round(seconds / TICK)):
            await self._stage.ticked()
            if true():
                return True
        return False

    async def spoken_to(self, seconds: float) -> bool:
        """The agent is heard from now on, within so long."""
        since = len(self.heard)
        return await self.until(lambda: any(peak > LOUD for peak in self.heard[since:]), seconds)

    async def silence(self, seconds: float, within: float = 20.0) -> bool:
        """The agent has not been heard for so long, before `within` is over."""
        frames = round(seconds / TICK)
        return await self.until(
            lambda: len(self.heard) >= frames and max(self.heard[-frames:]) <= LOUD, within + seconds
        )

    # The stage calls these.

    def next_frame(self) -> Pcm | None:
        if self._frames:
            if not self._speaking and not self._noise:
                self.interrupt()
            return self._frames.popleft()
        self._noise = False
        if self._speaking:
            self.pause()
        return None

    def listen(self, pcm: Pcm, tick: int) -> None:
        peak = int(np.abs(pcm.astype(np.int32)).max())
        self.heard.append(peak)
        if peak > LOUD:
            self.loud_at = tick
        self.clipped += int(np.count_nonzero(np.abs(pcm.astype(np.int32)) >= 32_700))
        self.offset += float(pcm.mean())


class Stage:
    """Callers on the running loop, all in one tick.

    Args:
        slots: callers at one time.
        clock: monotonic seconds.
        dial: stands in for the sockets in tests.
    """

    def __init__(
        self, slots: int, clock: Callable[[], float], limits: MediaLimits, dial: Dial | None = None
    ) -> None:
        self.now = clock
        self.tick = 0
        self.dialling: Caller | None = None
        "Whose agent is being dialled; attaching is synchronous."
        self._dialler = Dialler(limits)
        self._connect: Dial = dial or self._dialler
        self.plane = AgentPlane(slots, limits, self._emit, clock, dial=self._dial)
        self._free = list(range(slots))
        self._callers: dict[int, Caller] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Tick from now on."""
        self._due = self._loop.time()
        self._again()

    def enter(self, name: str) -> Caller:
        """One more caller; IndexError when every slot is taken."""
        slot = self._free.pop()
        caller = self._callers[slot] = Caller(self, slot, name)
        return caller

    def leave(self, caller: Caller) -> None:
        for slot, other in list(self._callers.items()):
            if other is caller:
                self.plane.detach(slot, self.now())
                del self._callers[slot]
                self._free.append(slot)

    def hear_once(self, caller: Caller, frame: Pcm) -> None:
        """Send one frame more than the tick does."""
        for slot, other in self._callers.items():
            if other is caller:
                pcm = frame[None, :]
                ulaw = LINEAR_TO_ULAW[pcm.view(np.uint16)]
                self.plane.hear(np.array([slot], np.int32), pcm, ulaw, self.now())

    async def ticked(self) -> None:
        """The next tick is over."""
        future = self._loop.create_future()
        self._waiting.append(future)
        await future

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.plane.close()
        await self._dialler.close()

    def _again(self) -> None:
        # A machine that stood still does not make up for it: no caller speaks in bursts.
        self._due = max(self._due + TICK, self._loop.time() - BEHIND)
        self._timer = self._loop.call_at(self._due, self._again)
        self.step()

    def step(self) -> None:
        """One tick: every caller says and hears 20 ms."""
        self.tick += 1
        now = self.now()
        frames = {slot: caller.next_frame() for slot, caller in self._callers.items()}
        hearing = [slot for slot in frames if not self._callers[slot].mute]
        if hearing:
            still = np.zeros(FRAME, np.int16)
            pcm = np.stack([still if (frame := frames[slot]) is None else frame for slot in hearing])
            ulaw = LINEAR_TO_ULAW[pcm.view(np.uint16)]
            self.plane.hear(np.array(hearing, np.int32), pcm, ulaw, now)
        if frames:
            rows = np.array(list(frames), np.int32)
            spoken, active = self.plane.speak(rows, now)
            for row, slot in enumerate(frames):
                self._callers[slot].listen(
                    spoken[row] if active[row] else np.zeros(FRAME, np.int16), self.tick
                )
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            with suppress(asyncio.InvalidStateError):
                future.set_result(None)

    def _emit(self, event: port.Event) -> None:
        for caller in self._callers.values():
            if caller.leg == event.leg:
                caller.events.append(event)

    def _dial(self, spec: port.AgentSpec, subprotocol: str | None, listener: Listener) -> Call:
        return self._connect(spec, subprotocol, _Witness(listener, self.dialling))


class _Witness:
    """Passes on what a line reports, and lets the caller see the line."""

    def __init__(self, listener: Listener, caller: Caller | None) -> None:
        self._listener = listener
        self._caller = caller

    def opened(self, line: Line) -> None:
        if self._caller is not None:
            self._caller.line = line
        self._listener.opened(line)

    def received_text(self, text: Buffer) -> None:
        self._listener.received_text(text)

    def received_binary(self, data: Buffer) -> None:
        self._listener.received_binary(data)

    def closed(self, reason: str) -> None:
        self._listener.closed(reason)

    def failed(self, reason: str, detail: str) -> None:
        self._listener.failed(reason, detail)
