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
    "Positions of relays from 8 kHz, then of `playing`."
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
    playing: list[tuple[int, int]]
    "(position in `send`, slot) of prompts."
    dialling: list[tuple[int, int]]
    "(position in `send`, slot) of digits being sent."
    step: int | Rows
    "Units of the RTP clock in 20 ms; one for each of `send` where they differ."
    wide_sends: WidePlan | None
    secured: list[tuple[int, int]]
    "(position in `send`, slot) of SRTP."


def make_plan(columns: LegColumns, group: int) -> Plan:
    live = columns.connected
    source = columns.source
    hears = live & (source >= 0)
    hears[hears] = live[source[hears]]
    due = live & (columns.group == group)
    polled = due | (live & ~columns.aligned & columns.eager)
    clock = np.where(hears, columns.group[source], columns.group)
    take = np.flatnonzero(due)
    send = np.flatnonzero(live & columns.may_send & (clock == group))

    place = np.full(len(live), -1, np.intp)
    place[take] = np.arange(len(take))
    playing = columns.playing[send]
    speaks = columns.agent[send] & ~playing
    relayed = hears[send] & ~playing & ~speaks
    broad = columns.law_out[send] >= FIRST_WIDE
    listened = np.flatnonzero(columns.listened[take])
    broad_take = columns.law_in[take] >= FIRST_WIDE
    agents = np.flatnonzero(columns.agent[take] & ~broad_take)
    wide_agents = np.flatnonzero(columns.agent[take] & broad_take)
    inband = np.flatnonzero(columns.inband[take])
    recorded = np.flatnonzero(columns.recorded[take])
    spoken = np.flatnonzero(speaks & ~broad)
    prompted = np.flatnonzero(playing & ~broad)
    dialling = np.flatnonzero(columns.dialling[send])
    secured = np.flatnonzero(columns.secured[send])
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
        send=send,
        send_slots=send.tolist(),
        silent=np.flatnonzero(~relayed & ~speaks & ~playing & ~broad),
        relays=tuple(relays),
        spoken=spoken,
        spoken_slots=send[spoken].astype(np.int32),
        playing=[(int(position), int(send[position])) for position in prompted],
        dialling=[(int(position), int(send[position])) for position in dialling],
        step=_steps(columns, send) if broad.any() else FRAME_SAMPLES,
        wide_sends=_wide_plan(columns, send, broad, relayed, speaks, place, wide_rows)
        if broad.any()
        else None,
        secured=[(int(position), int(send[position])) for position in secured],
    )


def _steps(columns: LegColumns, send: Rows) -> Rows:
    step = np.full(len(send), FRAME_SAMPLES, np.intp)
    for position in np.flatnonzero(columns.law_out[send] >= FIRST_WIDE).tolist():
        step[position] = wide(int(columns.law_out[send[position]])).step
    return step


def _wide_plan(
    columns: LegColumns, send: Rows, broad: Mask, relayed: Mask, speaks: Mask, place: Rows, wide_rows: Rows
) -> WidePlan:
    passing: list[tuple[int, int, int, int]] = []
    crossing: list[tuple[int, int, int]] = []
    rising: list[tuple[int, int, int]] = []
    spoken: list[tuple[int, int]] = []
    playing: list[tuple[int, int]] = []
    silent: list[tuple[int, int]] = []
    for position in np.flatnonzero(broad).tolist():
        slot = int(send[position])
        if columns.playing[slot]:
            playing.append((position, slot))
        elif speaks[position]:
            spoken.append((position, slot))
        elif not relayed[position]:
            silent.append((position, slot))
        else:
            source = int(columns.source[slot])
            row = int(place[source])
            if columns.law_in[source] == columns.law_out[slot]:
                passing.append((position, slot, row, source))
            elif columns.law_in[source] >= FIRST_WIDE:
                crossing.append((position, slot, row))
            else:
                rising.append((position, slot, row))
    return WidePlan(
        index_of={row: index for index, row in enumerate(wide_rows.tolist())},
        passing=tuple(passing),
        crossing=tuple(crossing),
        rising=[position for position, _, _ in rising] + [position for position, _ in playing],
        rising_slots=np.array([slot for _, slot, _ in rising] + [slot for _, slot in playing], np.int32),
        rising_rows=np.array([row for _, _, row in rising], np.intp),
        spoken=spoken,
        spoken_slots=np.array([slot for _, slot in spoken], np.int32),
        playing=playing,
        silent=silent,
    )
