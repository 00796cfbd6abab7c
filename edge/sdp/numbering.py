"""Payload types of a later offer: what a number meant in a session it goes on to mean (RFC 3264 §8.3.2).

A peer that offered opus as 101 would hear key presses, were ours named 101 when we offer next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from media.port import Codec

DYNAMIC = range(96, 128)
"RFC 3551 §6."


def kept(codecs: tuple[Codec, ...], agreed: tuple[Codec, ...], events: Iterable[int]) -> tuple[Codec, ...]:
    """Our codecs under the numbers that were agreed on; the others keep theirs where it is free.

    Args:
        agreed: codecs under the numbers that hold, the first of a name and clock counts.
        events: numbers that telephone-events have.
    """
    known = {(codec.name, codec.clock_rate): codec.payload_type for codec in reversed(agreed)}
    taken = {codec.payload_type for codec in agreed} | set(events)
    own = {codec.payload_type for codec in codecs}
    free = (number for number in DYNAMIC if number not in taken and number not in own)
    numbered: list[Codec] = []
    for codec in codecs:
        number = known.get((codec.name, codec.clock_rate))
        if number is None:
            number = next(free, None) if codec.payload_type in taken else codec.payload_type
        if number is not None:  # else so many were agreed on that there is no room for it
            numbered.append(replace(codec, payload_type=number))
    return tuple(numbered)


def events_of(
    clocks: Iterable[int], first: int, codecs: tuple[Codec, ...], known: Mapping[int, int]
) -> dict[int, int]:
    """Clock → number of telephone-event: the one that it has, else the next free one from `first` on."""
    taken = {codec.payload_type for codec in codecs} | set(known.values())
    free = (number for number in range(first, 128) if number not in taken)
    numbered: dict[int, int] = {}
    for clock in dict.fromkeys(clocks):
        number = known.get(clock) or next(free, None)
        if number is not None:
            numbered[clock] = number
    return numbered
