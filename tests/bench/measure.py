"""One row of the bench, and the loads of signalling: registrations and calls, answered here or bridged."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tests.bench.connected import Connected
from tests.bench.signalling import Load, Signalling
from tests.bench.subject import ANSWER, BRIDGE, PHONES, Subject
from tests.support.sip import make_sdp


@dataclass(slots=True)
class Row:
    load: str
    unit: str
    count: int
    seconds: float
    cpu: float
    "Of the daemon's process tree [s]."
    cpu_us: float
    "Per unit."
    per_core: float
    "Units that one core would carry: a second, or at the same time."
    lost: int
    p50_ms: float
    p99_ms: float
    rate: float = math.nan
    "Reached in this run [1/s]."
    memory_kb: float = math.nan
    "Per call."
    late_ms: tuple[float, float, float] | None = None
    "Of the ticks: p50, p99 and most."
    floor_us: float = math.nan
    "What the kernel alone took for a packet in and out, at that time."
    generator_share: float = math.nan
    "Of its core that the generator itself used: near 1 it, not the daemon, was measured."
    faults: dict[str, float] = field(default_factory=dict)
    "Whatever was not as it should be, the generator's own faults included."
    added_ms: dict[str, float] = field(default_factory=dict)
    "By an agent's way: RTP to its socket (in), its socket to RTP (out), and until it was dialled again."
    gauges: dict[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {key: None if value is math.nan else value for key, value in asdict(self).items()}


def registrations(subject: Subject, count: int, window: int) -> Row:
    caller = signalling(subject)
    try:
        return registrations_of(caller, subject, count, window)
    finally:
        caller.close()


def registrations_of(caller: Signalling, subject: Subject, count: int, window: int) -> Row:
    """Of phones that stay where they are: a new socket would be one more contact, told in every answer."""
    caller.register(subject.users, min(count, len(subject.users)), window)  # first ones allocate
    return _transactions("registration", subject, lambda: caller.register(subject.users, count, window))


def calls(subject: Subject, count: int, window: int) -> Row:
    """From a trunk's address to a DID that answers: INVITE, 200, ACK, BYE, 200."""
    caller = signalling(subject)
    try:
        caller.call([ANSWER], min(count, 200), window)
        return _transactions("call", subject, lambda: caller.call([ANSWER], count, window))
    finally:
        caller.close()


def connected(subject: Subject, count: int, window: int) -> Row:
    """The same over one TCP connection."""
    caller = Connected(subject)
    try:
        caller.call([ANSWER], min(count, 200), window)
        return _transactions("call by TCP", subject, lambda: caller.call([ANSWER], count, window))
    finally:
        caller.close()


def bridged(subject: Subject, count: int, window: int) -> Iterator[Row]:
    """From a trunk to another trunk, and to a registered phone: 180, 200, ACK, BYE on both sides."""
    caller = signalling(subject)
    caller.rings = True
    sdp = make_sdp(subject.far, 6002)
    caller.answer_with = lambda n: sdp
    phones = PHONES[: len(subject.users)]
    try:
        caller.register(subject.users, len(phones), window)
        for name, numbers in (("trunk", (BRIDGE,)), ("phone", phones)):
            caller.call(numbers, min(count, 200), window)
            run = partial(caller.call, numbers, count, window)
            yield _transactions(f"call bridged to a {name}", subject, run)
    finally:
        caller.close()


def signalling(subject: Subject) -> Signalling:
    return Signalling(
        subject.trunk,
        subject.daemon.sip,
        domain="demo.local",
        password=subject.password,
        far=subject.far,
    )


def _transactions(name: str, subject: Subject, run: Callable[[], Load]) -> Row:
    before, others, own = subject.cpu(), subject.others(), time.process_time()
    load = run()
    own = time.process_time() - own
    taken = max(0, round(100 * (subject.others() - others) / load.seconds))
    time.sleep(0.3)  # what is written behind the answer belongs to it
    used = subject.cpu() - before
    faults = {f"status {status}": float(n) for status, n in load.statuses.items() if status != 200}
    if load.resent:
        faults["resent"] = float(load.resent)
    if taken > 2:
        faults["% of its core to others"] = float(taken)
    each = used / max(load.done, 1)
    latencies = np.asarray(load.latencies or [math.nan]) * 1000
    return Row(
        name,
        "s⁻¹",
        load.done,
        load.seconds,
        used,
        each * 1e6,
        1 / max(each, 1e-9),
        load.failed,
        float(np.percentile(latencies, 50)),
        float(np.percentile(latencies, 99)),
        rate=load.done / load.seconds,
        generator_share=own / load.seconds,
        faults=faults,
        gauges=subject.gauges(),
    )
