"""A group's plan: which slots its tick polls, plays and sends, as ready index arrays.

Made anew only when a leg changes; a tick merely reads it. Received audio goes out in the tick
that plays it, so a leg that hears another is sent in that other's group, not in its own.
Legs that are sent wideband audio are left out of what is done in columns (`WidePlan`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.codec.table import FIRST_WIDE, PARCELLED, wide
from media.columns import NEVER, Flag, LegColumns
from media.frame import FRAME_SAMPLES, Mask, Rows, Slots
from media.mix import Mix, make_mix
from media.splice import Hearing, hearing

EMPTY: Final[Rows] = np.zeros(0, np.intp)
NO_SLOTS: Final[Slots] = np.zeros(0, np.int32)
LAWS_AT_MOST: Final = 256
FEWEST: Final = 4
"Legs of a `Roll`: fewer cost less one by one."
_LISTENERS: Final = [Flag.AGENT, Flag.LISTENED, Flag.INBAND, Flag.RECORDED, Flag.SCALED, Flag.NOTICED]


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
    laws: list[int]
    "By position: the codec in which it is sent, of G.711 too."
    taped: frozenset[int]
    "Slots of which it is kept what they are sent."


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


@dataclass(slots=True)
class Plan:
    """Never changed once made; not frozen, for that would make each cost twice as much."""

    poll: list[int]
    "Slots whose socket is locked to its source."
    listen: frozenset[int]
    "Slots that still hear every source."
    take: Rows
    "Slots whose received frame is played in this group."
    take_slots: Slots
    muted: Rows
    "Positions in `take` that the direction forbids to be heard."
    listened: Rows
    "Positions in `take` where voice activity is looked for."
    listened_slots: Slots
    noticed: Rows
    "Positions in `take` of members of rooms of whom it is told whether they talk."
    noticed_slots: Slots
    agents: Rows
    "Positions in `take` that an agent hears, wideband ones left out."
    agent_slots: Slots
    inband: Rows
    "Positions in `take` where keys are looked for."
    inband_slots: Slots
    recorded: list[tuple[int, int]]
    "(position in `take`, slot)."
    taped: list[tuple[int, int]]
    "(position in `send`, slot) of those of which it is kept what they are sent."
    scaled: Rows
    "Positions in `take` whose loudness is changed."
    voices: Rows
    "Positions in `take` of members of rooms."
    wide_voices: Rows
    "The same, of those whose frames are wideband."
    wide_voice_places: Rows
    "Their places in `wide`."
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
    wide_heard: Rows
    "Positions in `wide` of those whose samples somebody wants; the others go on as they came, or nowhere."
    send: Rows
    "Slots that get a packet in this group."
    send_slots: list[int]
    hears: Hearing
    "What those of `send` hear."
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
    secured: tuple[list[int], list[int]]
    "Positions in `send` of SRTP, and their slots."


def _places(mask: Mask) -> Rows:
    """`np.flatnonzero` at a quarter of its cost for few."""
    return mask.nonzero()[0]


def make_plan(columns: LegColumns, group: int) -> Plan:
    legs = columns.connected.nonzero()[0]
    groups = columns.group[legs]
    source = columns.source[legs]
    # A source of -1 is read as the last slot, and left out.
    hears = (source >= 0) & columns.connected[source]
    roomed = columns.room[legs] >= 0
    some_roomed = bool(roomed.any())
    highest = int(legs[-1]) + 1 if len(legs) else 0
    some: list[bool] = np.logical_or.reduce(columns.flags[:, :highest], axis=1).tolist()

    def those(flag: Flag, slots: Rows) -> Rows:
        """Positions of the slots with this flag; most flags are nobody's."""
        return _places(columns.flags[flag][slots]) if some[flag] else EMPTY

    due = groups == group
    idle = _idle(columns, legs) if some[Flag.UNHEARD] else None
    # Whom an agent speaks to is in a room to be heard only.
    own = np.where(roomed & ~columns.agent[legs], columns.beat[legs], groups) if some_roomed else groups
    clock = np.where(hears, columns.group[source], own)
    sent = (clock == group) & columns.may_send[legs]
    if some[Flag.QUIET]:
        sent &= ~columns.quiet[legs]
    take, send = legs[due if idle is None else due & ~idle], legs[sent]
    locked = columns.locked[legs]
    polled = due | (columns.eager[legs] & ~columns.aligned[legs])

    law_in, law_out = columns.law_in[take], columns.law_out[send]
    broad = law_out >= FIRST_WIDE
    some_broad = bool(broad.any())
    playing, speaks = columns.playing[send], columns.agent[send]
    relayed, mixed = hears[sent], roomed[sent]
    if some[Flag.PLAYING] or some[Flag.AGENT]:
        speaks &= ~playing
        neither = ~(playing | speaks)
        relayed &= neither
        mixed &= neither
    heard = hearing(columns, send, relayed, speaks, mixed, playing)
    if idle is not None:
        relayed &= ~_idle(columns, source[sent])
    narrow = ~broad
    listened, inband = those(Flag.LISTENED, take), those(Flag.INBAND, take)
    noticed, secured = those(Flag.NOTICED, take), those(Flag.SECURED, send)
    agents, wide_agents, wide_rows = those(Flag.AGENT, take), EMPTY, EMPTY
    broad_take = law_in >= FIRST_WIDE
    if broad_take.any():
        wide_rows = _places(broad_take)
        agents, wide_agents = agents[~broad_take[agents]], agents[broad_take[agents]]
    voices = _places(columns.room[take] >= 0) if some_roomed else EMPTY
    wide_voices = voices[broad_take[voices]] if len(voices) and len(wide_rows) else EMPTY
    # Not before it has faded (`heard.py`).
    muted = ~columns.may_receive[take] & ~(columns.scaled[take] & (columns.volume[take] > 0))
    spoken = _places(speaks & narrow) if some[Flag.AGENT] else EMPTY
    relays = _relays(take, law_in, source[sent], law_out, _places(relayed & narrow))
    wide_sends = None
    if some_broad:
        wide_sends = _wide_plan(columns, send, broad, relayed, speaks, mixed, take, wide_rows)
    wide_heard = EMPTY
    if len(wide_rows):
        listening = columns.flags[_LISTENERS].take(take, axis=1).any(axis=0) | (columns.room[take] >= 0)
        wide_heard = _places(_wanted(columns, take, listening, relays, wide_sends)[wide_rows])
    rolls, prompted = _rolls(columns, send, _places(playing & narrow)) if some[Flag.PLAYING] else ((), [])

    return Plan(
        poll=legs[polled & locked].tolist(),
        listen=frozenset(legs[polled & ~locked].tolist()),
        take=take,
        take_slots=take.astype(np.int32),
        muted=_places(muted),
        listened=listened,
        listened_slots=_slots(take, listened),
        noticed=noticed,
        noticed_slots=_slots(take, noticed),
        agents=agents,
        agent_slots=_slots(take, agents),
        wide=wide_rows,
        wide_slots=_slots(take, wide_rows),
        wide_agents=wide_agents,
        wide_agent_slots=_slots(take, wide_agents),
        wide_agent_places=wide_rows.searchsorted(wide_agents) if len(wide_agents) else EMPTY,
        wide_muted=_places(muted[wide_rows]) if len(wide_rows) else EMPTY,
        wide_heard=wide_heard,
        inband=inband,
        inband_slots=_slots(take, inband),
        recorded=_pairs(take, those(Flag.RECORDED, take)),
        taped=_pairs(send, those(Flag.TAPED, send)),
        scaled=those(Flag.SCALED, take),
        voices=voices,
        wide_voices=wide_voices,
        wide_voice_places=wide_rows.searchsorted(wide_voices) if len(wide_voices) else EMPTY,
        send=send,
        send_slots=send.tolist(),
        hears=heard,
        silent=_places(~(relayed | speaks | mixed | playing | broad)),
        relays=relays,
        spoken=spoken,
        spoken_slots=_slots(send, spoken),
        mix=make_mix(columns, send, _places(mixed), broad) if some_roomed and mixed.any() else None,
        rolls=rolls,
        playing=[(position, int(send[position])) for position in prompted],
        dialling=_pairs(send, those(Flag.DIALLING, send)),
        step=_steps(columns, send) if some_broad else FRAME_SAMPLES,
        wide_sends=wide_sends,
        packed=_pairs(send, those(Flag.PACKED, send)),
        secured=(secured.tolist(), send[secured].tolist()),
    )


def _idle(columns: LegColumns, slots: Rows) -> Mask:
    """Of whom nothing has come yet, and to whom nobody listens but their peer: they are not played."""
    wanted = columns.agent[slots] | columns.listened[slots] | columns.recorded[slots]
    idle: Mask = columns.unheard[slots] & ~wanted & (columns.room[slots] < 0)
    return idle


def _slots(slots: Rows, positions: Rows) -> Slots:
    return slots[positions].astype(np.int32) if len(positions) else NO_SLOTS


def _pairs(slots: Rows, positions: Rows) -> list[tuple[int, int]]:
    """(position, slot) of each."""
    return list(zip(positions.tolist(), slots[positions].tolist(), strict=True)) if len(positions) else []


def _relays(
    take: Rows, law_in: NDArray[np.uint8], source: Rows, law_out: NDArray[np.uint8], relayed: Rows
) -> tuple[Relay, ...]:
    """The positions `relayed` of what is sent, by their codecs; `source` is whom each of the sent hears."""
    if not len(relayed):
        return ()
    rows = take.searchsorted(source[relayed])
    kinds = law_in[rows].astype(np.intp) * LAWS_AT_MOST + law_out[relayed]
    first = int(kinds[0])
    if (kinds == first).all():
        return (_relay(first, rows, relayed),)
    relays: list[Relay] = []
    for kind in sorted(set(kinds.tolist())):
        chosen = kinds == kind
        relays.append(_relay(kind, rows[chosen], relayed[chosen]))
    return tuple(relays)


def _relay(kind: int, take: Rows, send: Rows) -> Relay:
    law_in, law_out = divmod(kind, LAWS_AT_MOST)
    return Relay(law_in, law_out, take, send)


def _rolls(columns: LegColumns, send: Rows, prompted: Rows) -> tuple[tuple[Roll, ...], list[int]]:
    """Legs that hear the same, and positions of those that are too few for it."""
    if not len(prompted):
        return (), []
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


def _wanted(
    columns: LegColumns, take: Rows, listening: Mask, relays: tuple[Relay, ...], sends: WidePlan | None
) -> Mask:
    """By row: whether somebody wants the samples of it, if it is wideband. Args: listening: by row, too."""
    wanted = listening.copy()
    # What comes in packets of other times may not go on as it came.
    wanted |= PARCELLED[columns.law_in[take]] & (columns.expect[take] == NEVER)
    for relay in relays:
        wanted[relay.take] = True
    if sends is not None:
        wanted[[row for _, _, row in sends.crossing]] = True
        wanted[[row for _, slot, row, _ in sends.passing if slot in sends.taped]] = True
    return wanted


def _steps(columns: LegColumns, send: Rows) -> Rows:
    step = np.full(len(send), FRAME_SAMPLES, np.intp)
    for position in np.flatnonzero(columns.law_out[send] >= FIRST_WIDE).tolist():
        step[position] = wide(int(columns.law_out[send[position]])).step
    return step


def _wide_plan(
    columns: LegColumns,
    send: Rows,
    broad: Mask,
    relayed: Mask,
    speaks: Mask,
    mixed: Mask,
    take: Rows,
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
            row = int(np.searchsorted(take, source))
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
        laws=columns.law_out[send].tolist(),
        taped=frozenset(send[columns.taped[send]].tolist()),
    )


def _is_plain(columns: LegColumns, slot: int) -> bool:
    """Its loudness is left as it is."""
    return bool(columns.volume[slot] == 1 and columns.volume_to[slot] == 1)
