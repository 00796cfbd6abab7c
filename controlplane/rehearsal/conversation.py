"""Cases of a conversation: greeting, answers, barge-in, marks."""

import itertools
from typing import Final

from controlplane.rehearsal.case import (
    ANSWERS_WITHIN,
    GREETS_WITHIN,
    Case,
    Room,
    Skipped,
    alive,
    case,
    fail,
)
from controlplane.rehearsal.stage import LOUD, TICK, Caller
from media import port

CASES: Final[list[Case]] = []

SILENT_AFTER_TICKS: Final = 2
"Frames of playout after the decision to interrupt: 40 ms."


# The beginning.


@case(CASES, "connect", "the socket opens in time and stays open")
async def _connects(room: Room) -> str:
    with room.caller() as caller:
        await room.connect(caller)
        [connected] = [event for event in caller.events if isinstance(event, port.AgentConnected)]
        await caller.wait(1.0)
        alive(caller)
        return f"{connected.milliseconds} ms"


@case(CASES, "greeting", f"something is heard within {GREETS_WITHIN:g} s")
async def _greets(room: Room) -> str:
    with room.caller() as caller:
        await room.connect(caller)
        began = room.stage.now()
        if not await caller.spoken_to(GREETS_WITHIN):
            alive(caller)
            raise Skipped("the agent waits for the caller")
        return f"after {room.stage.now() - began:.2f} s"


@case(CASES, "greeting-level", "the greeting is neither clipped nor off centre")
async def _level(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.wait(2.0)
        samples = 160 * len(caller.heard)
        if caller.clipped > samples / 100:
            fail(f"{caller.clipped} of {samples} samples are at full scale")
        if abs(caller.offset) / len(caller.heard) > 500:
            fail(f"a direct current of {caller.offset / len(caller.heard):.0f}")
        return f"peak {max(caller.heard)}"


@case(CASES, "greeting-steady", "the greeting does not starve")
async def _steady(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        since = len(caller.heard)
        await caller.silence(1.0)
        spoken = caller.heard[since:-50]
        gaps = sum(one > LOUD >= two for one, two in itertools.pairwise(spoken))
        return f"{len(spoken) * TICK:.1f} s, {gaps} pauses"


@case(CASES, "clean-protocol", "nothing that the agent sends is malformed")
async def _clean(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.speak(room.sounds.speech)
        await caller.wait(4.0)
        alive(caller)
        odd = room.stage.plane.gauges().get("messages_malformed", 0)
        if odd:
            fail(f"{odd} malformed messages in all calls so far: see the trace of a call")
        return ""


@case(CASES, "known-words", "nothing that the agent sends is unknown to the dialect")
async def _known(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.wait(2.0)
        notes = [
            event.kind
            for event in caller.events
            if isinstance(event, port.AgentMessage) and not event.outgoing and "ignored" in event.detail
        ]
        if notes:
            raise Skipped(f"ignored by us: {', '.join(sorted(set(notes)))}")
        return ""


# The caller speaks.


@case(CASES, "answer", f"speech is answered within {ANSWERS_WITHIN:g} s")
async def _answers(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.silence(1.0)
        caller.speak(room.sounds.speech)
        await caller.wait(len(room.sounds.speech) / 8_000)
        began = room.stage.now()
        if not await caller.spoken_to(ANSWERS_WITHIN):
            alive(caller)
            raise Skipped("the agent says nothing to our English sentence")
        return f"after {room.stage.now() - began:.2f} s"


@case(CASES, "silence", "a caller who says nothing for 4 s is not dropped")
async def _silent_caller(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.wait(4.0)
        alive(caller)
        return ""


@case(CASES, "speech-at-once", "a caller who speaks before the greeting is survived")
async def _at_once(room: Room) -> str:
    with room.caller() as caller:
        await room.connect(caller)
        caller.speak(room.sounds.speech)
        await caller.wait(3.0)
        alive(caller)
        return ""


def _survives(name: str, shows: str, sound: str) -> None:
    @case(CASES, name, shows)
    async def _act(room: Room) -> str:
        with room.caller() as caller:
            await room.greeted(caller)
            caller.sound(getattr(room.sounds, sound))
            await caller.wait(3.0)
            alive(caller)
            return ""


_survives("noise", "background noise is survived", "noise")
_survives("music", "music on the line is survived", "music")
_survives("cough", "a cough is survived", "cough")


@case(CASES, "loud", "a caller who shouts is survived")
async def _loud(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.speak((room.sounds.speech.astype("i4") * 8).clip(-32_768, 32_767).astype("i2"))
        await caller.wait(3.0)
        alive(caller)
        return ""


# Barge-in.


async def _cut(room: Room, caller: Caller) -> int:
    """Interrupt while the agent is heard; returns the frames that were still heard."""
    if not await caller.until(lambda: caller.heard[-1] > LOUD, GREETS_WITHIN):
        raise Skipped("the agent is not heard")
    decided = room.stage.tick
    caller.speak(room.sounds.speech)
    await caller.wait(0.3)
    interrupted = [event for event in caller.events if isinstance(event, port.AgentInterrupted)]
    if not interrupted:
        raise Skipped("nothing of the agent was left to stop")
    after = [peak for peak in caller.heard[-13:-1] if peak > LOUD]
    if after:
        fail("the agent is heard on top of the caller, 60 ms after the decision and later")
    return max(0, (caller.loud_at or 0) - decided)


@case(CASES, "barge-in", "playout stops within 40 ms of the decision")
async def _barges_in(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        frames = await _cut(room, caller)
        alive(caller)
        if frames > SILENT_AFTER_TICKS + 1:
            fail(f"{frames * 20} ms of the agent after the decision")
        return f"{frames * 20} ms"


@case(CASES, "barge-in-twice", "a second barge-in finds the agent speaking again")
async def _twice(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await _cut(room, caller)
        if not await caller.spoken_to(ANSWERS_WITHIN):
            alive(caller)
            raise Skipped("the agent says nothing after the first")
        await _cut(room, caller)
        alive(caller)
        return f"{caller.count(port.AgentInterrupted)} interruptions"


@case(CASES, "barge-in-answer", "the agent speaks again after a barge-in")
async def _speaks_again(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await _cut(room, caller)
        began = room.stage.now()
        if not await caller.spoken_to(ANSWERS_WITHIN):
            alive(caller)
            raise Skipped("the agent says nothing to our English sentence")
        return f"after {room.stage.now() - began:.2f} s"


@case(CASES, "barge-in-rapid", "three interruptions in a second are survived")
async def _rapid(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        for _ in range(3):
            caller.interrupt()
            await caller.wait(0.2)
            caller.pause()
            await caller.wait(0.14)
        await caller.wait(1.0)
        alive(caller)
        return ""


# Marks and clear.


def _marks(caller: Caller) -> tuple[int, int]:
    asked = sum(len(caller.messages(kind, outgoing=False)) for kind in ("mark", "MARK_MEDIA"))
    told = sum(len(caller.messages(kind, outgoing=True)) for kind in ("mark", "MEDIA_MARK_PROCESSED"))
    return asked, told


@case(CASES, "marks", "marks come back once each, when they have been played")
async def _marks_played(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.silence(1.0)
        asked, told = _marks(caller)
        if not asked:
            raise Skipped("the agent sets no marks")
        if asked != told:
            fail(f"{asked} marks were set, {told} came back")
        return f"{asked}"


@case(CASES, "marks-cleared", "marks of what was interrupted come back too")
async def _marks_cleared(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        asked, _ = _marks(caller)
        if not asked:
            raise Skipped("the agent sets no marks")
        await _cut(room, caller)
        set_, told = _marks(caller)
        if told < asked:
            fail(f"{set_} marks were set, {told} came back")
        alive(caller)
        return f"{told} of {set_} so far"


@case(CASES, "clear", "the agent's own clear is followed by silence or by new words")
async def _clears(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.sound(room.sounds.speech)  # only the agent's own ear can notice it
        if not await caller.until(lambda: _cleared(caller), 4.0):
            alive(caller)
            raise Skipped("the agent sends no clear")
        await caller.wait(1.0)
        alive(caller)
        return ""


def _cleared(caller: Caller) -> bool:
    words = (
        "clear",
        "killAudio",
        "FLUSH_MEDIA",
        "playback_clear_buffer",
        "interruption",
        "UserStartedSpeaking",
    )
    return any(caller.messages(word, outgoing=False) for word in words)
