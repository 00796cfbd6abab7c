"""A group's plan: which slots its tick polls, plays and sends, as ready index arrays.

Made anew only when a leg changes; a tick merely reads it. Received audio goes out in the tick
that plays it, so a leg that hears another is sent in that other's group, not in its own.
Legs that are sent wideband audio are left out of what is done in columns (`WidePlan`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from media.codec.table import FIRST_WIDE, LAWS, wide
from media.columns import LegColumns
from media.frame import FRAME_SAMPLES, Mask, Rows, Slots

EMPTY: Final[Rows] = np.zeros(0, np.intp)
FEWEST: Final = 4
"Legs of a `Roll`: fewer cost less one by one."


@dataclass(frozen=True, slots=True)
class WidePlan:
    """Legs that are sent wideband audio; positions are those among the sent rows, rows the played ones'."""

    index_of: dict[int, int]
    "Played row → its place in `Plan.wide`."
    passing: tuple[tuple[int, int, int, int], ...]
    "(position, slot, row, slot of the source) of relays of one codec."
    crossing: tuple[tuple[int, int, int], ...]
    "(position, slot, row) of relays between two wideband codecs."
    rising: list[int]
    "Positions of relays from 8 kHz, then of `playing`, then of members of rooms."
    rising_slots: Slots
    "Their slots."
    rising_rows: Rows
    "Rows of those relays."
    spoken: list[tuple[int, int]]
    "(position, slot) to which an agent speaks."
    spoken_slots: Slots
    playing: list[tuple[int, int]]
    "(position, slot) of prompts."
    silent: list[tuple[int, int]]
    "(position, slot) that hear nothing."


@dataclass(frozen=True, slots=True)
class Relay:
    """Received frames that go out by G.711, all from one codec to one other (or the same)."""

    law_in: int
    law_out: int
    take: Rows
    "Positions among the played rows."
    send: Rows
    "Positions among the sent rows."


@dataclass(frozen=True, slots=True)
class Roll:
    """Legs that hear one prompt by one law, each at its own place."""

    law: int
    send: Rows
    "Positions among the sent rows."
    slots: Rows


@dataclass(frozen=True, slots=True)
class Mix:
    """Members of rooms that are sent something in this group, and whose voices that takes."""

    slots: Rows
    rooms: Rows
    "Number of each one's room."
    narrow: Rows
    "Which of `slots` are sent G.711."
    send: Rows
    "Their positions in `send`."
    wide: Rows
    "Which are sent wideband audio, in the order of `WidePlan.rising`."
    sizes: tuple[tuple[Rows, int], ...]
    "Voices of all rooms of one size, room by room, and that size; in the order of `total`."
    total: Rows
    "For each of `slots` the place of its room among all rooms of `sizes`; behind them all: no voice."
    own: Rows
    "Which of `slots` are among the voices."
    coached: Rows
    "Which of `slots` hear, each once for every coach of theirs, …"
    coaches: Rows
    "… these slots as well."


@dataclass(frozen=True, slots=True)
class Plan:
    poll: list[int]
    "Slots whose socket is locked to its source."
    listen: list[int]
    "Slots that still hear every source."
    take: Rows
    "Slots whose received frame is played in this group."
    take_slots: Slots
    muted: Rows
    "Positions in `take` that the direction forbids to be heard."
    listened: Rows
    "Positions in `take` where voice activity is looked for."
    listened_slots: Slots
    agents: Rows
    "Positions in `take` that an agent hears, wideband ones left out."
    agent_slots: Slots
    inband: Rows
    "Positions in `take` where keys are looked for."
    inband_slots: Slots
    recorded: list[tuple[int, int]]
    "(position in `take`, slot)."
    taped: list[tuple[int, int]]
    "(position in `send`, slot) of those whose recording holds what they are sent."
    scaled: Rows
    "Positions in `take` whose loudness is changed."
    voices: Rows
    "Positions in `take` of members of rooms."
    wide: Rows
    "Positions in `take` whose frames are wideband."
    wide_slots: Slots
    wide_agents: Rows
    "Positions in `take` of those that an agent hears."
    wide_agent_slots: Slots
    wide_agent_places: Rows
    "Their places in `wide`."
    wide_muted: Rows
    "Positions in `wide` that the direction forbids to be heard."
    send: Rows
    "Slots that get a packet in this group."
    send_slots: list[int]
    silent: Rows
    "Positions in `send` that hear nothing."
    relays: tuple[Relay, ...]
    spoken: Rows
    "Positions in `send` to which an agent speaks."
    spoken_slots: Slots
    mix: Mix | None
    rolls: tuple[Roll, ...]
    playing: list[tuple[int, int]]
    "(position in `send`, slot) of prompts that few others hear."
    dialling: list[tuple[int, int]]
    "(position in `send`, slot) of digits being sent."
    step: int | Rows
    "Units of the RTP clock in 20 ms; one for each of `send` where they differ."
    wide_sends: WidePlan | None
    packed: list[tuple[int, int]]
    "(position in `send`, slot) of packets that are not of 20 ms."
    secured: list[tuple[int, int]]
    "(position in `send`, slot) of SRTP."


def make_plan(columns: LegColumns, group: int) -> Plan:
    live = columns.connected
    source = columns.source
    hears = live & (source >= 0)
    hears[hears] = live[source[hears]]
    due = live & (columns.group == group)
    polled = due | (live & ~columns.aligned & columns.eager)
    roomed = live & (columns.room >= 0)
    clock = np.where(hears, columns.group[source], np.where(roomed, columns.beat, columns.group))
    take = np.flatnonzero(due)
    send = np.flatnonzero(live & columns.may_send & (clock == group))

    place = np.full(len(live), -1, np.intp)
    place[take] = np.arange(len(take))
    playing = columns.playing[send]
    speaks = columns.agent[send] & ~playing
    relayed = hears[send] & ~playing & ~speaks
    mixed = roomed[send] & ~playing
    broad = columns.law_out[send] >= FIRST_WIDE
    listened = np.flatnonzero(columns.listened[take])
    broad_take = columns.law_in[take] >= FIRST_WIDE
    agents = np.flatnonzero(columns.agent[take] & ~broad_take)
    wide_agents = np.flatnonzero(columns.agent[take] & broad_take)
    inband = np.flatnonzero(columns.inband[take])
    recorded = np.flatnonzero(columns.recorded[take])
    spoken = np.flatnonzero(speaks & ~broad)
    rolls, prompted = _rolls(columns, send, np.flatnonzero(playing & ~broad))
    dialling = np.flatnonzero(columns.dialling[send])
    secured = np.flatnonzero(columns.secured[send])
    packed = np.flatnonzero(columns.packed[send])
    wide_rows = np.flatnonzero(broad_take)

    to = np.flatnonzero(relayed & ~broad)
    heard = source[send[to]]
    law_in, law_out = columns.law_in[heard], columns.law_out[send[to]]
    relays: list[Relay] = []
    for first in np.unique(law_in).tolist():
        for second in range(len(LAWS)):
            chosen = (law_in == first) & (law_out == second)
            if chosen.any():
                relays.append(Relay(first, second, place[heard[chosen]], to[chosen]))

    return Plan(
        poll=np.flatnonzero(polled & columns.locked).tolist(),
        listen=np.flatnonzero(polled & ~columns.locked).tolist(),
        take=take,
        take_slots=take.astype(np.int32),
        muted=np.flatnonzero(~columns.may_receive[take]),
        listened=listened,
        listened_slots=take[listened].astype(np.int32),
        agents=agents,
        agent_slots=take[agents].astype(np.int32),
        wide=wide_rows,
        wide_slots=take[wide_rows].astype(np.int32),
        wide_agents=wide_agents,
        wide_agent_slots=take[wide_agents].astype(np.int32),
        wide_agent_places=np.searchsorted(wide_rows, wide_agents),
        wide_muted=np.flatnonzero(~columns.may_receive[take[wide_rows]]),
        inband=inband,
        inband_slots=take[inband].astype(np.int32),
        recorded=[(int(position), int(take[position])) for position in recorded],
        taped=[(int(position), int(send[position])) for position in np.flatnonzero(columns.taped[send])],
        scaled=np.flatnonzero((columns.volume[take] != 1) | (columns.volume_to[take] != 1)),
        voices=np.flatnonzero(columns.room[take] >= 0),
        send=send,
        send_slots=send.tolist(),
        silent=np.flatnonzero(~relayed & ~speaks & ~mixed & ~playing & ~broad),
        relays=tuple(relays),
        spoken=spoken,
        spoken_slots=send[spoken].astype(np.int32),
        mix=_mix(columns, roomed, send, np.flatnonzero(mixed), broad) if mixed.any() else None,
        rolls=rolls,
        playing=[(position, int(send[position])) for position in prompted],
        dialling=[(int(position), int(send[position])) for position in dialling],
        step=_steps(columns, send) if broad.any() else FRAME_SAMPLES,
        wide_sends=_wide_plan(columns, send, broad, relayed, speaks, mixed, place, wide_rows)
        if broad.any()
        else None,
        packed=[(int(position), int(send[position])) for position in packed],
        secured=[(int(position), int(send[position])) for position in secured],
    )


def _rolls(columns: LegColumns, send: Rows, prompted: Rows) -> tuple[tuple[Roll, ...], list[int]]:
    """Legs that hear the same, and positions of those that are too few for it."""
    slots = send[prompted]
    tracks = np.where(columns.track[slots] == 0, 0, columns.track[slots] * 2 + columns.law_out[slots])
    rolls: list[Roll] = []
    others: list[int] = []
    for track in np.unique(tracks).tolist():
        these = prompted[tracks == track]
        if track and len(these) >= FEWEST:
            rolls.append(Roll(int(columns.law_out[send[these[0]]]), these, send[these]))
        else:
            others += these.tolist()
    return tuple(rolls), others


def _steps(columns: LegColumns, send: Rows) -> Rows:
    step = np.full(len(send), FRAME_SAMPLES, np.intp)
    for position in np.flatnonzero(columns.law_out[send] >= FIRST_WIDE).tolist():
        step[position] = wide(int(columns.law_out[send[position]])).step
    return step


def _mix(columns: LegColumns, roomed: Mask, send: Rows, positions: Rows, broad: Mask) -> Mix:
    slots = send[positions]
    rooms = columns.room[slots]
    voices = np.flatnonzero(roomed & columns.voiced & np.isin(columns.room, rooms))
    voices = voices[np.argsort(columns.room[voices], kind="stable")]
    numbers, starts, counts = np.unique(columns.room[voices], return_index=True, return_counts=True)
    sizes: list[tuple[Rows, int]] = []
    order: list[int] = []
    for size in np.unique(counts).tolist():
        these = np.flatnonzero(counts == size)
        sizes.append((voices[(starts[these][:, None] + np.arange(size)).ravel()], size))
        order += numbers[these].tolist()
    place = {number: index for index, number in enumerate(order)}
    at = {slot: index for index, slot in enumerate(slots.tolist())}
    coaches = np.flatnonzero(roomed & (columns.coaches >= 0)).tolist()
    pairs = [(at[told], coach) for coach in coaches if (told := int(columns.coaches[coach])) in at]
    narrow = np.flatnonzero(~broad[positions])
    return Mix(
        slots=slots,
        rooms=rooms,
        narrow=narrow,
        send=positions[narrow],
        wide=np.flatnonzero(broad[positions]),
        sizes=tuple(sizes),
        total=np.array([place.get(number, len(order)) for number in rooms.tolist()], np.intp),
        own=np.flatnonzero(columns.voiced[slots]),
        coached=np.array([index for index, _ in pairs], np.intp),
        coaches=np.array([coach for _, coach in pairs], np.intp),
    )


def _wide_plan(
    columns: LegColumns,
    send: Rows,
    broad: Mask,
    relayed: Mask,
    speaks: Mask,
    mixed: Mask,
    place: Rows,
    wide_rows: Rows,
) -> WidePlan:
    passing: list[tuple[int, int, int, int]] = []
    crossing: list[tuple[int, int, int]] = []
    rising: list[tuple[int, int, int]] = []
    spoken: list[tuple[int, int]] = []
    playing: list[tuple[int, int]] = []
    silent: list[tuple[int, int]] = []
    meeting: list[tuple[int, int]] = []
    for position in np.flatnonzero(broad).tolist():
        slot = int(send[position])
        if columns.playing[slot]:
            playing.append((position, slot))
        elif speaks[position]:
            spoken.append((position, slot))
        elif mixed[position]:
            meeting.append((position, slot))
        elif not relayed[position]:
            silent.append((position, slot))
        else:
            source = int(columns.source[slot])
            row = int(place[source])
            if columns.law_in[source] == columns.law_out[slot] and _is_plain(columns, source):
                passing.append((position, slot, row, source))
            elif columns.law_in[source] >= FIRST_WIDE:
                crossing.append((position, slot, row))
            else:
                rising.append((position, slot, row))
    narrow = [(position, slot) for position, slot, _ in rising] + playing + meeting
    return WidePlan(
        index_of={row: index for index, row in enumerate(wide_rows.tolist())},
        passing=tuple(passing),
        crossing=tuple(crossing),
        rising=[position for position, _ in narrow],
        rising_slots=np.array([slot for _, slot in narrow], np.int32),
        rising_rows=np.array([row for _, _, row in rising], np.intp),
        spoken=spoken,
        spoken_slots=np.array([slot for _, slot in spoken], np.int32),
        playing=playing,
        silent=silent,
    )


def _is_plain(columns: LegColumns, slot: int) -> bool:
    """Its loudness is left as it is."""
    return bool(columns.volume[slot] == 1 and columns.volume_to[slot] == 1)
