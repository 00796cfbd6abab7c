"""Rooms: each member hears all the others and not itself, whatever its codec, rate and phase.

::

    heard of members, each in its own group ─▶ latest frame of each
    voices of a room, summed once ─ own ─▶ mix of each member, in the group in which it is sent
                                  ╰ coaches, chimes and farewells on top

A member's latest frame changes once in 20 ms and each listener reads it once in 20 ms, so that no frame
is left out or heard twice, and a bridge turns into a room without a gap: each side goes on being sent in
the other's group. Whatever begins, ends or changes does so over one frame. Members with wideband codecs hear
each other at 16 kHz, and all others at 8 kHz (`mix.py`).

A member with an AI agent is a voice that hears the agent instead of the room; what it is sent is a second
voice, in rows behind those of all slots.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.codec.table import FIRST_WIDE
from media.columns import LegColumns
from media.dsp.fade import ramped
from media.dsp.limiter import Limiter
from media.dsp.seam import fading
from media.dsp.tone import cadence
from media.frame import FRAME_SAMPLES, GROUPS, Mask, Pcm, Rows
from media.mix import Chorus, Mix
from media.pace import Pace
from media.plan import EMPTY, Plan
from media.port import Role, RoomId


def _chime(*frequencies: float) -> Pcm:
    bursts = [cadence((hertz,), ((0.14, 0.02),)) for hertz in frequencies]
    return np.concatenate(bursts) // 2


ENTRY: Final = _chime(523.0, 784.0)
EXIT: Final = _chime(784.0, 523.0)
"Shape (16, 160)."

WIDE_SAMPLES: Final = 2 * FRAME_SAMPLES
"Of one frame at 16 kHz."
NO_WIDE: Final[Pcm] = np.zeros((0, WIDE_SAMPLES), np.int16)
_NEVER: Final = -2 * GROUPS
_ONE: Final = np.ones(1, np.float32)
_ZERO: Final = np.zeros(1, np.float32)


@dataclass(slots=True, eq=False)
class _Room:
    id: RoomId
    number: int
    members: int = 0


@dataclass(frozen=True, slots=True)
class _Chime:
    """Heard by all who are in the room, from their next frame on."""

    room: int
    frames: Pcm
    begun: int
    "Tick."


@dataclass(frozen=True, slots=True)
class _Farewell:
    """The last frame of who has left, until all have heard it end."""

    room: int
    only: int
    "Slot that alone hears it, -1 is none."
    ends: tuple[Pcm, Pcm]
    "(160,): for those who have not heard that frame, and what dies away behind it, for those who have."
    wide_ends: tuple[Pcm, Pcm] | None
    "The same of a wideband voice, for those who hear it at 16 kHz, (320,)."
    taken: int
    "Tick in which the frame came."
    begun: int


class Rooms:
    def __init__(self, slots: int, columns: LegColumns) -> None:
        self._columns = columns
        self._rooms: dict[RoomId, _Room] = {}
        self._by_number: dict[int, _Room] = {}
        self._made = 0
        self._tick = 0
        self._slots = slots
        # The last row stays silent.
        self._latest = np.zeros((2 * slots + 1, FRAME_SAMPLES), np.int16)
        # Memory comes from the kernel when a slot first has a wideband voice.
        self._latest_wide = np.zeros((2 * slots + 1, WIDE_SAMPLES), np.int16)
        self._taken = np.zeros(2 * slots, np.int64)
        "Tick in which the latest frame came."
        self._mixed = np.full(slots, _NEVER, np.int64)
        "Tick in which the member was sent its last mix."
        self._voice = np.zeros(2 * slots, np.float32)
        "Factor of what others heard of it last."
        self._voice_to = np.zeros(slots, np.float32)
        self._ear = np.zeros(slots, np.float32)
        "Factor of what it heard last."
        self._ear_to = np.zeros(slots, np.float32)
        self._chiming = np.zeros(slots, np.bool_)
        self._pending: dict[int, Role] = {}
        "Slot → role that it gets when nothing of it is heard any more."
        self._coached: dict[int, int] = {}
        "Slot of the only listener, of those roles."
        self._pace = Pace(slots, columns)
        self._limiter, self._wide_limiter = Limiter(slots), Limiter(slots)
        self._chimes: list[_Chime] = []
        self._farewells: list[_Farewell] = []

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, id: RoomId) -> bool:
        return id in self._rooms

    def enter(
        self, slot: int, id: RoomId, role: Role, only: int, *, beat: int, seamless: bool, chimes: bool
    ) -> int:
        """Put a leg that is in no room into one; returns how many members it has then.

        Args:
            only: slot of `role.only`, -1 for none.
            beat: group in which it is sent.
            seamless: it is in the midst of a conversation, with a partner who comes along.
        """
        room = self._rooms.get(id)
        if room is None:
            self._made += 1
            room = self._rooms[id] = self._by_number[self._made] = _Room(id, self._made)
        if chimes and room.members:
            self._chimes.append(_Chime(room.number, ENTRY, self._tick))
        room.members += 1
        columns = self._columns
        columns.room[slot], columns.beat[slot] = room.number, beat
        behind = self._slots + slot
        for latest in (self._latest, self._latest_wide):
            latest[slot] = latest[behind] = 0
        self._taken[slot] = self._taken[behind] = self._tick
        self._voice[behind] = 0
        self._mixed[slot] = self._tick if seamless else _NEVER
        self._voice[slot] = self._ear[slot] = float(seamless)
        self._chiming[slot] = chimes
        self._pending.pop(slot, None)
        self._limiter.begin(slot)
        self._wide_limiter.begin(slot)
        self._pace.enter(slot, self._tick, seamless=seamless)
        self._take_on(slot, role, only)
        return room.members

    def change(self, slot: int, role: Role, only: int) -> bool:
        """Give a member another role, as soon as what is heard of it has faded; whether it has it now."""
        self._ear_to[slot] = float(role.hears)
        same = self._columns.coaches[slot] == (only if role.speaks else -1)
        if self._voice[slot] == 0 or (same and self._columns.voiced[slot] == (role.speaks and only < 0)):
            self._pending.pop(slot, None)
            self._take_on(slot, role, only)
            return True
        self._voice_to[slot] = 0
        self._pending[slot], self._coached[slot] = role, only
        return False

    def leave(self, slot: int) -> int:
        """Take a leg out of its room, if it is in one; returns who is there alone then, -1 for nobody."""
        columns = self._columns
        room = self._by_number.get(int(columns.room[slot]))
        if room is None:
            return -1
        for row in (slot, self._slots + slot):
            if self._voice[row] and (row != slot or columns.voiced[slot] or columns.coaches[slot] >= 0):
                self._farewell(row, int(columns.coaches[slot]), room.number)
        columns.room[slot] = columns.coaches[slot] = -1
        columns.voiced[slot] = False
        columns.coaches[columns.coaches == slot] = -1
        self._pending.pop(slot, None)
        self._pace.leave(slot)
        room.members -= 1
        if not room.members:
            del self._rooms[room.id], self._by_number[room.number]
        elif self._chiming[slot]:
            self._chimes.append(_Chime(room.number, EXIT, self._tick))
        return int((columns.room == room.number).argmax()) if room.members == 1 else -1

    # The tick.

    def hear(self, plan: Plan, pcm: Pcm, wide: Pcm, tick: int, group: int) -> bool:
        """Take the frames of members; whether a role, or when somebody is sent its mix, has changed.

        Args:
            pcm: of `plan.take`, (k, 160).
            wide: of `plan.wide`, (w, 320).
        """
        self._tick = tick
        # Who moves would miss a part of these.
        changed = not self._chimes and not self._farewells and self._pace.turn(group)
        if not len(plan.voices):
            return changed
        slots = plan.take[plan.voices]
        self._pace.hear(slots, group, tick)
        faded = [slot for slot in self._pending if self._voice[slot] == 0] if self._pending else []
        frames, broad, broad_slots = pcm[plan.voices], NO_WIDE, EMPTY
        if len(plan.wide_voices):
            broad, broad_slots = wide[plan.wide_voice_places], plan.take[plan.wide_voices]
        before, after = self._voice[slots], self._voice_to[slots]
        if not ((before == 1) & (after == 1)).all():
            frames = ramped(frames, before, after)
            if len(broad):
                broad = ramped(broad, self._voice[broad_slots], self._voice_to[broad_slots])
            self._voice[slots] = after
        self._latest[slots] = frames
        if len(broad):
            self._latest_wide[broad_slots] = broad
        self._taken[slots] = tick
        # Only now: those who are sent their mix in this tick still hear it in its former role.
        return changed | (bool(faded) and self._change_roles(slots, faded))

    def overhear(self, slot: int, pcm: Pcm, wide: Pcm | None) -> None:
        """Take what a member with an agent is sent, (160,). Args: wide: the same at 16 kHz, if it is that."""
        row = self._slots + slot
        for latest, said in ((self._latest, pcm), (self._latest_wide, wide)):
            if said is not None:
                latest[row] = said if self._voice[row] else ramped(said[None, :], _ZERO, _ONE)[0]
        self._voice[row] = 1
        self._taken[row] = self._tick

    def mix(self, mix: Mix) -> tuple[Pcm, Pcm]:
        """What the members of `mix` hear: at 8 kHz (k, 160), and at 16 kHz what `mix.wide` hear beside it."""
        if mix.low is None or mix.high is None:
            mixed, broad = self._sum(mix.plain, self._latest), None
        else:
            mixed = np.empty((len(mix.slots), FRAME_SAMPLES), np.int32)
            mixed[mix.narrow] = self._sum(mix.plain, self._latest)
            mixed[mix.wide] = self._sum(mix.low, self._latest)
            broad = self._sum(mix.high, self._latest_wide)
        if self._chimes or self._farewells:
            self._add_passing(mix, mixed, broad)
        before, after = self._ears(mix.slots)
        heard = _heard(self._limiter.process(mix.slots, mixed), before, after)
        if broad is None:
            return heard, NO_WIDE
        wide = self._wide_limiter.process(mix.slots[mix.wide], broad)
        return heard, _heard(wide, before[mix.wide], after[mix.wide])

    # Inside.

    def _take_on(self, slot: int, role: Role, only: int) -> None:
        coaches = role.speaks and role.only is not None
        self._columns.voiced[slot] = role.speaks and not coaches
        self._columns.coaches[slot] = only if coaches else -1
        self._voice_to[slot] = float(role.speaks)
        self._ear_to[slot] = float(role.hears)

    def _change_roles(self, slots: Rows, faded: list[int]) -> bool:
        """Roles change a whole frame after the member has faded: then everybody has heard its silence."""
        due = set(faded).intersection(slots.tolist())
        for slot in due:
            role, only = self._pending.pop(slot), self._coached.pop(slot)
            if self._columns.room[only] != self._columns.room[slot]:
                only = -1
            self._take_on(slot, role, only)
        return bool(due)

    def _sum(self, chorus: Chorus | None, latest: Pcm) -> NDArray[np.int32]:
        samples = latest.shape[1]
        if chorus is None:
            return np.zeros((0, samples), np.int32)
        mixed = _added(chorus.others, latest, len(chorus.few))
        if len(chorus.many):
            few, mixed = mixed, np.empty((len(chorus.few) + len(chorus.many), samples), np.int32)
            mixed[chorus.few] = few
            sums = [
                latest[voices].reshape(-1, size, samples).sum(axis=1, dtype=np.int32)
                for voices, size in chorus.sizes
            ]
            all_voices = np.concatenate(sums)[chorus.total]
            all_voices[chorus.own] -= latest[chorus.own_voices]
            mixed[chorus.many] = all_voices
        if len(chorus.coached):
            np.add.at(mixed, chorus.coached, latest[chorus.coaches].astype(np.int32))
        return mixed

    def _farewell(self, row: int, only: int, room: int) -> None:
        law = self._columns.law_in[row] if row < self._slots else self._columns.law_out[row - self._slots]
        self._farewells.append(
            _Farewell(
                room,
                only,
                _ends(self._latest[row]),
                _ends(self._latest_wide[row]) if law >= FIRST_WIDE else None,
                int(self._taken[row]),
                self._tick,
            )
        )

    def _add_passing(self, mix: Mix, mixed: NDArray[np.int32], broad: NDArray[np.int32] | None) -> None:
        tick = self._tick
        for chime in self._chimes:
            place = (tick - chime.begun) // GROUPS
            if place < len(chime.frames):
                mixed[mix.rooms == chime.room] += chime.frames[place]
        self._chimes = [c for c in self._chimes if tick - c.begun < GROUPS * len(c.frames)]
        for farewell in self._farewells:
            if tick - farewell.begun > GROUPS:
                continue
            listens = mix.rooms == farewell.room
            if farewell.only >= 0:
                listens &= mix.slots == farewell.only
            heard = self._mixed[mix.slots] >= farewell.taken
            if broad is not None and farewell.wide_ends is not None:
                _add(broad, listens[mix.wide], heard[mix.wide], farewell.wide_ends)
                listens[mix.wide] = False
            _add(mixed, listens, heard, farewell.ends)
        self._farewells = [f for f in self._farewells if tick - f.begun <= GROUPS]

    def _ears(self, slots: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Factors before and after; who begins to hear does so from silence: all others' frames are there."""
        fresh = self._tick - self._mixed[slots] >= 2 * GROUPS
        self._mixed[slots] = self._tick
        before, after = self._ear[slots], self._ear_to[slots]
        if fresh.any():
            before, after = (np.where(fresh, np.float32(0), factor) for factor in (before, after))
        self._ear[slots] = after
        return before, after


def _added(voices: tuple[Rows, ...], latest: Pcm, count: int) -> NDArray[np.int32]:
    """The sums of `count` listeners. Args: voices: as `Chorus.others`."""
    if len(voices) < 2:
        if not voices:
            return np.zeros((count, latest.shape[1]), np.int32)
        return latest[voices[0]].astype(np.int32)
    first, second, *more = voices
    added = np.add(latest[first], latest[second], dtype=np.int32)
    for voice in more:
        added += latest[voice]
    return added


def _heard(limited: Pcm, before: NDArray[np.float32], after: NDArray[np.float32]) -> Pcm:
    return limited if ((before == 1) & (after == 1)).all() else ramped(limited, before, after)


def _ends(last: Pcm) -> tuple[Pcm, Pcm]:
    faded = ramped(last[None, :], _ONE, _ZERO)[0]
    return faded, fading(last)


def _add(mixed: NDArray[np.int32], listens: Mask, heard: Mask, ends: tuple[Pcm, Pcm]) -> None:
    faded, rest = ends
    mixed[listens & heard] += rest
    mixed[listens & ~heard] += faded
