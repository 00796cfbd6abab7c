"""All agent legs of the engine: columns of audio on one side, one socket per leg on the other.

::

    hear(rows)  ─▶ µ-law, or resampled to the agent's rate for all rows at once ─▶ one send per row
    speak(rows) ◀─ 8 kHz ◀─ resampled for all rows at once ◀─ Playout ◀─ Session ◀─ one callback per message

The engine calls `attach`, `detach`, `hear`, `speak`, `speech` and `digit`; answers are events through `emit`,
which may be called from inside any of them and from the loop. Nothing here waits, nothing raises for what
an agent does.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.schema import MediaLimits
from config.value import dataclass
from media.agent.contract import Context
from media.agent.dialect.table import DIALECTS, Token
from media.agent.echo import EchoGuard
from media.agent.effect import Attend, Close, Finish, Hush, Listen, Redial, Relane, Send, Utter
from media.agent.inbound import PREFIX
from media.agent.lane import Lane, Pcm, Rows, Ulaw
from media.agent.lanes import NOBODY, Lanes
from media.agent.link import Given, Link
from media.agent.second_opinion import Judges, SecondOpinion
from media.agent.session import Session, State
from media.agent.socket import Dial, Dialler
from media.agent.turn import Floor
from media.gauges import VoiceGauges
from media.port import AgentEnded, AgentFailed, AgentStarved, AttachAgent, Event, SendDigits, TellAgent
from media.silero import Silero
from media.speech import Providers

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What agents need beside sockets that we open; None where there is none."""

    inbound: Dial | None = None
    "Finds the sockets of bots that dialled us."
    speech: Providers | None = None
    "Who speaks and listens for agents that know text alone."
    voice_model: str = ""
    "Path of Silero's ONNX file, for agents that want it asked."


ALONE: Final = Means()


class AgentPlane:
    """Agents of all slots.

    Args:
        emit: takes every event; called synchronously.
        clock: monotonic seconds, the same as `now` of the calls.
        release: the VAD's wait before it reports the end of speech [s], taken off reported latencies.
        dial: opens sockets; the default does so on the running loop.
        means: what agents need beside sockets.
        send_digits: takes the digits that an agent wants sent to its caller.
        token: returns that many random bytes in hex.
        judge: makes who has a second opinion on speech, of path, slots and batches.
    """

    def __init__(
        self,
        slots: int,
        limits: MediaLimits,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        *,
        release: float = 0.5,
        dial: Dial | None = None,
        means: Means = ALONE,
        send_digits: Callable[[SendDigits], None] | None = None,
        token: Token = secrets.token_hex,
        judge: Callable[[str, int, int], Judges] = Silero,
    ) -> None:
        self._slots = slots
        self._limits = limits
        self._emit = emit
        self._clock = clock
        self._release = release
        self._dialler = Dialler(limits)
        self._dial: Dial = dial or self._dialler
        self._inbound: Dial = self._dial if means.inbound is None else means.inbound
        self._send_digits = send_digits
        self._speech = means.speech
        self._token = token
        self._lanes = Lanes(slots, limits.marks)
        self._floor = Floor(slots)
        self._echo = EchoGuard(slots)
        self._voice_model = means.voice_model
        self._opinion = SecondOpinion(slots, lambda: judge(means.voice_model, slots, limits.voice_batches))
        self._links: list[Link | None] = [None] * slots
        self._timed: set[Link] = set()  # those whose session waits for a moment
        self._past: Counter[str] = Counter()

    # Commands of the engine.

    def attach(self, slot: int, command: AttachAgent, now: float) -> None:
        """Dial the agent and join it to the slot, replacing the one before."""
        self.detach(slot, now)
        agent = command.agent
        make = DIALECTS.get(agent.dialect)
        if make is None:
            detail = f"dialect {agent.dialect} of agent {agent.name} is none of {', '.join(DIALECTS)}"
            self._emit(AgentFailed(command.leg, "unsupported_dialect", detail))
            return
        # Names and numbers of a call may hold bytes that were never UTF-8.
        parameters = {key: value.encode(errors="replace").decode() for key, value in command.parameters}
        context = Context(command.call_id, command.account_id, agent.sample_rate, parameters, agent.options)
        dialect = make(context, self._token)
        if dialect.texts and self._speech is None:
            self._emit(AgentFailed(command.leg, "no_speech", "no speech provider is set up"))
            return
        hears, speaks = self._lanes.of(dialect.hears), self._lanes.of(dialect.speaks)
        self._lanes.reset(slot, hears, speaks)
        playout = self._lanes[speaks].playout
        session = Session(slot, command, dialect, playout, self._floor, self._limits, self._release, now)
        link = Link(self, slot, session, hears, agent)
        if dialect.texts and self._speech is not None:
            link.speak_by(self._speech.voice(command.account_id), self._speech.scribe(command.account_id))
        self._links[slot] = link
        self._echo.reset(slot)
        if agent.options.interruption.neural and self._voice_model:
            self._opinion.begin(slot)
        self._lanes.speak(slot, speaks)
        self._reach(link)

    def tell(self, slot: int, command: TellAgent) -> None:
        """Something for the agent from the call."""
        self._at(slot, Session.tell, command.news)

    def detach(self, slot: int, now: float) -> None:
        """Part from the agent without a word to the call: `stop` first, then a close in good order."""
        link = self._links[slot]
        if link is None:
            return
        link.told = True
        if link.session.state is not State.ENDED:
            self.do(link, link.session.hang_up, now)
        if self.current(link):
            self._remove(link)

    async def close(self) -> None:
        """Part from all agents."""
        for slot in range(self._slots):
            self.detach(slot, self._clock())
        self._opinion.close()
        await self._dialler.close()

    # The tick.

    def hear(self, rows: Rows, pcm: Pcm, ulaw: Ulaw, now: float, wide: Pcm | None = None) -> None:
        """20 ms of the callers in `rows`, as (k, 160) linear and µ-law, on their way to their agents.

        Args:
            wide: the same as (k, 320) at 16 kHz, of callers with wideband codecs.
        """
        for slot in self._echo.heard(rows, pcm):
            self._started(slot, now)
        for slot in self._opinion.hear(rows, pcm, now):
            self._began(slot, now)
        for some, frames, width in self._lanes.heard(rows, pcm, ulaw, wide):
            self._send(some, frames, width)

    def speak(self, rows: Rows, now: float, rate: int = 8000) -> tuple[Pcm, NDArray[np.bool_]]:
        """The next 20 ms of the agents of `rows`: pcm (k, samples) at `rate`, and which rows sound at all."""
        if self._timed:
            self._see_to_timers(now)
        pcm, active = self._speak_all(rows, now, rate)
        self._echo.sent(rows, pcm)
        return pcm, active

    def _speak_all(self, rows: Rows, now: float, rate: int) -> tuple[Pcm, NDArray[np.bool_]]:
        lanes = self._lanes.spoken(rows)
        if len(lanes) == 1 and lanes[0][1] is None:
            return self._speak(lanes[0][0], rows, now, rate)
        pcm = np.zeros((len(rows), rate // 50), np.int16)
        active = np.zeros(len(rows), np.bool_)
        for lane, mine in lanes:
            pcm[mine], active[mine] = self._speak(lane, rows[mine], now, rate)
        return pcm, active

    def speech(self, started: Sequence[int] | Rows, stopped: Sequence[int] | Rows, now: float) -> None:
        """The VAD's decisions of this tick, as slots."""
        for slot in started:
            if self._opinion.started(slot, now):
                self._began(slot, now)
        for slot in stopped:
            if not self._opinion.stopped(slot):
                continue
            if self._echo.watches(slot):
                self._echo.forget(slot)
            else:
                self._at(slot, Session.caller_stopped, now)

    def digit(self, slot: int, digit: str, duration_ms: int) -> None:
        """The caller pressed a key."""
        self._at(slot, Session.digit, digit, duration_ms, self._clock())

    def gauges(self) -> dict[str, int]:
        """Live sessions by state, and totals since the start, those of live sessions included."""
        totals = Counter(self._past)
        for link in self._links:
            if link is not None:
                totals[f"sessions_{link.session.state.name.lower()}"] += 1
                totals.update(self._tally(link))
                lane = self._lanes.speaking(link.slot)
                queued = lane.playout.queued(link.slot) * 1000 // lane.encoding.rate
                totals["queue_ms_max"] = max(totals["queue_ms_max"], queued)
        return dict(totals)

    def voices(self) -> VoiceGauges:
        return self._opinion.gauges()

    # Inside.

    def _began(self, slot: int, now: float) -> None:
        """Speech, if it is not the agent's own echo."""
        link = self._links[slot]
        if link is None or not link.session.guards(now) or not self._echo.suspects(slot):
            self._started(slot, now)

    def _started(self, slot: int, now: float) -> None:
        self._at(slot, Session.caller_started, now)

    def _send(self, rows: Rows, frames: memoryview, width: int) -> None:
        links = self._links
        offset = 0
        for slot in rows.tolist():
            link = links[slot]
            if link is not None:
                try:
                    link.hear(frames[offset : offset + width])
                except Exception:
                    self.lose(link)
            offset += width

    def _speak(self, lane: Lane, rows: Rows, now: float, rate: int) -> tuple[Pcm, NDArray[np.bool_]]:
        pcm, active, taken = lane.decode(rows, now, rate)
        for slot in self._floor.hear(rows, pcm, taken.fading, now):
            self._at(slot, Session.started, now)
        for index in taken.due:
            self._at(rows[index], Session.marks_reached)
        dry = taken.was & ~taken.play
        if dry.any():
            for slot in rows[dry].tolist():
                self._at(slot, Session.dry, now)
        return pcm, active

    def _at(self, slot: int, step: Callable[[Session, *Given], None], *given: *Given) -> None:
        if (link := self._links[slot]) is not None:
            self.do(link, step, link.session, *given)

    def do(self, link: Link, step: Callable[[*Given], None], *given: *Given) -> None:
        """A step of the session, and what it asks for then; a fault of ours in it ends this agent alone."""
        try:
            step(*given)
            self._drain(link)
        except Exception:
            self.lose(link)

    def lose(self, link: Link) -> None:
        """Part from an agent whose session, or what it asked for, has raised: it is asked no more."""
        _log.exception("agent %s: the call loses it by a fault of ours", link.spec.name)
        link.hang_up(1011)
        link.session.stop()
        link.session.take_effects()
        if self.current(link):
            self._remove(link)
        if not link.told:
            link.told = True
            self._emit(AgentFailed(link.session.leg, "fault", "a fault of ours, which the node's log shows"))

    def _drain(self, link: Link) -> None:
        while effects := link.session.take_effects():
            for effect in effects:
                match effect:
                    case Send(message):
                        link.send(message)
                    case Close(code):
                        link.hang_up(code)
                    case Listen():
                        self.listen(link)
                    case Redial():
                        self._lanes.hear(link.slot, NOBODY)
                        link.hang_up(1000)
                        self._reach(link)
                    case Relane():
                        self._relane(link)
                    case Utter() | Finish() | Attend() | Hush():
                        link.do_speech(effect)
                    case SendDigits():
                        if self._send_digits is not None:
                            self._send_digits(effect)
                    case _:
                        link.told |= isinstance(effect, AgentFailed | AgentEnded)
                        self._emit(effect)
        if link.session.next_timer_at() is None:
            self._timed.discard(link)
        else:
            self._timed.add(link)
        state = link.session.state
        if state in (State.LEAVING, State.ENDED) and self._links[link.slot] is link:
            self._lanes.hear(link.slot, NOBODY)
            if state is State.ENDED and not self._lanes.speaking(link.slot).playout.playing(link.slot):
                self._remove(link)

    def current(self, link: Link) -> bool:
        """No other agent has taken the slot meanwhile."""
        return self._links[link.slot] is link

    def listen(self, link: Link) -> None:
        """Send the caller's audio to the agent, or no more."""
        if self.current(link):
            self._lanes.hear(link.slot, link.lane if link.session.hears else NOBODY)
            link.mute(self._lanes[link.lane].encoding if link.session.muted else None)

    def now(self) -> float:
        return self._clock()

    def _reach(self, link: Link) -> None:
        dial = self._inbound if link.spec.url.startswith(PREFIX) else self._dial
        link.call = dial(link.spec, link.session.dialect.subprotocol, link)

    def _relane(self, link: Link) -> None:
        dialect, slot = link.session.dialect, link.slot
        link.lane, speaks = self._lanes.of(dialect.hears), self._lanes.of(dialect.speaks)
        self._lanes.reset(slot, link.lane, speaks)
        self._lanes.speak(slot, speaks)
        link.session.adopt(self._lanes[speaks].playout, self._clock())

    def _see_to_timers(self, now: float) -> None:
        for link in list(self._timed):
            self.do(link, link.session.handle_timer, now)

    def _remove(self, link: Link) -> None:
        link.close_speech()
        self._tell_starvation(link)
        self._timed.discard(link)
        self._past.update(self._tally(link))
        self._links[link.slot] = None
        self._lanes.leave(link.slot)
        self._opinion.end(link.slot)

    def _tell_starvation(self, link: Link) -> None:
        lane = self._lanes.speaking(link.slot)
        starved = lane.playout.starvation[link.slot]
        refused_ms = starved.refused * 1000 // lane.encoding.rate
        told = AgentStarved(link.session.leg, starved.gaps, starved.trimmed, refused_ms, link.skipped)
        if any((told.gaps, told.trimmed, told.refused_ms, told.skipped)):
            self._emit(told)

    def _tally(self, link: Link) -> dict[str, int]:
        tally = link.session.tally
        starvation = self._lanes.speaking(link.slot).playout.starvation[link.slot]
        return {
            "frames_sent": link.sent,
            "frames_skipped": link.skipped,
            "messages_received": link.received,
            "messages_malformed": tally.malformed,
            "messages_untraced": link.session.protocol.untraced,
            "samples_discarded": tally.discarded,
            "samples_refused": starvation.refused,
            "starvation_gaps": starvation.gaps,
            "frames_trimmed": starvation.trimmed,
        }
