"""Our ticks are late, and the peers punctual: that is no jitter of the network, and nothing is lost by it."""

import heapq
from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from media.port import Echo
from tests.support.phone import Studio

PHONES = 24
SECONDS = 30
TICK = 0.005
STARTED = 100.0
"Of the hand clock."
Lateness = Callable[[Random, int], float]
"The number of a tick → how late it is [s]."


def busy_at_first(random: Random, tick: int) -> float:
    """As calls are set up, the loop has much to do; later something holds it up now and then."""
    if tick < 3 / TICK:
        return random.expovariate(1 / 0.003)
    return random.random() * 0.001 + (random.random() < 0.01) * random.uniform(0.002, 0.010)


def held_up(random: Random, tick: int) -> float:
    """Once a second the loop stands for 10 to 25 ms."""
    return random.uniform(0.010, 0.025) if tick % 200 < 5 else random.random() * 0.001


def echo(lateness: Lateness, seed: int) -> tuple[int, np.ndarray]:
    """Frames of `PHONES` that were lost, and delays of the others [ms], after the first 10 s."""
    random = Random(seed)
    studio = Studio(legs=PHONES, ports=(20000, 20499))
    studio.engine._ticker.start = lambda: None  # type: ignore[method-assign]
    phones = [studio.phone(f"leg{number}") for number in range(PHONES)]
    for phone in phones:
        studio.engine.execute(Echo(phone.leg))
    due = [(STARTED + random.random() * 0.02, number) for number in range(PHONES)]
    sends = sorted(due)
    sent: list[list[float]] = [[] for _ in phones]
    back: list[dict[int, float]] = [{} for _ in phones]
    now = STARTED
    for tick in range(int(SECONDS / TICK)):
        at = STARTED + (tick + 1) * TICK
        now = max(at + lateness(random, tick), now + 0.001)
        while sends[0][0] <= now:
            when, number = heapq.heappop(sends)
            count = len(sent[number])
            frame = np.full(160, 0x50, np.uint8)
            frame[150:152] = count & 0x7F, count >> 7  # behind the cross-fade that follows a gap
            sent[number].append(when)
            phones[number].send(frame.tobytes())
            # A phone's own timers are late by fractions of a millisecond.
            nominal = due[number][0] + 0.02 * (count + 1)
            heapq.heappush(sends, (nominal + min(random.expovariate(1 / 0.0005), 0.004), number))
        studio.loop.advance_to(now)
        studio.engine._ticker.late = now - at
        studio.engine.step(tick % 4, now)
        for number, phone in enumerate(phones):
            phone.turn(now)
            for came, packet in phone.received:
                if packet.payload[140] == 0x50:
                    back[number].setdefault(packet.payload[150] | packet.payload[151] << 7, came)
            phone.received.clear()
    wanted = [
        (at, back[number].get(count))
        for number, times in enumerate(sent)
        for count, at in enumerate(times)
        if STARTED + 10 < at < STARTED + SECONDS - 1
    ]
    delays = [(came - at) * 1000 for at, came in wanted if came is not None]
    return len(wanted) - len(delays), np.array(delays)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("lateness", "median", "most"), [(busy_at_first, 10, 20), (held_up, 10, 45)])
def test_nothing_is_lost_and_no_delay_stays(
    lateness: Lateness, seed: int, median: float, most: float
) -> None:
    """A packet waits 5 to 10 ms for its tick, and so long as that is late."""
    lost, delays = echo(lateness, seed)
    assert lost == 0
    assert np.percentile(delays, 50) < median and delays.max() < most
