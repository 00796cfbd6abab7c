"""A group's plan: which slots its tick polls, plays and sends, as ready index arrays.

Made anew only when a leg changes; a tick merely reads it. Received audio goes out in the tick
that plays it, so a leg that hears another is sent in that other's group, not in its own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from media.codec.table import LAWS
from media.columns import LegColumns
from media.frame import Rows, Slots

EMPTY: Final[Rows] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Relay:
    """Received frames that go out, all from one codec to one other (or the same)."""

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
    "Positions in `take` that an agent hears."
    agent_slots: Slots
    recorded: list[tuple[int, int]]
    "(position in `take`, slot)."
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
    listened = np.flatnonzero(columns.listened[take])
    agents = np.flatnonzero(columns.agent[take])
    recorded = np.flatnonzero(columns.recorded[take])
    spoken = np.flatnonzero(speaks)
    prompted = np.flatnonzero(playing)
    dialling = np.flatnonzero(columns.dialling[send])

    to = np.flatnonzero(relayed)
    heard = source[send[to]]
    law_in, law_out = columns.law_in[heard], columns.law_out[send[to]]
    relays: list[Relay] = []
    for first in range(len(LAWS)):
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
        recorded=[(int(position), int(take[position])) for position in recorded],
        send=send,
        send_slots=send.tolist(),
        silent=np.flatnonzero(~relayed & ~speaks & ~playing),
        relays=tuple(relays),
        spoken=spoken,
        spoken_slots=send[spoken].astype(np.int32),
        playing=[(int(position), int(send[position])) for position in prompted],
        dialling=[(int(position), int(send[position])) for position in dialling],
    )
