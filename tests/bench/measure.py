"""The four loads, each of them one row: registrations, calls, echo legs, agent calls."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tests.bench.datagrams import Datagrams
from tests.bench.signalling import Load, Signalling
from tests.bench.streams import Payload, Streams
from tests.bench.subject import AGENT, ANSWER, ECHO, Subject
from tests.support.sip import make_sdp

SOCKETS = 1
"One socket with a large buffer: polling several costs the generator more than it gains."
SETTLE = 25.0
"Streams run this long before anything is counted: latches, phases and buffers have found their place [s]."


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
    generator_share: float = math.nan
    "Of its core that the generator itself used: near 1 it, not the daemon, was measured."
    faults: dict[str, float] = field(default_factory=dict)
    "Whatever was not as it should be, the generator's own faults included."
    gauges: dict[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {key: None if value is math.nan else value for key, value in asdict(self).items()}


def registrations(subject: Subject, count: int, window: int) -> Row:
    signalling = _signalling(subject)
    try:
        signalling.register(subject.users, min(count, len(subject.users)), window)  # first ones allocate
        return _transactions(
            "registration", subject, lambda: signalling.register(subject.users, count, window)
        )
    finally:
        signalling.close()


def calls(subject: Subject, count: int, window: int) -> Row:
    """From a trunk's address to a DID that answers: INVITE, 200, ACK, BYE, 200."""
    signalling = _signalling(subject)
    try:
        signalling.call([ANSWER], min(count, 200), window)
        return _transactions("call", subject, lambda: signalling.call([ANSWER], count, window))
    finally:
        signalling.close()


def echo_legs(subject: Subject, legs: int, seconds: float) -> Row:
    return _streams("echo leg", subject, ECHO, legs, seconds, Payload.STAMPED)


def agent_calls(subject: Subject, legs: int, seconds: float) -> Row:
    """16 kHz bare audio through an agent that returns it, VAD on."""
    return _streams("agent call", subject, AGENT, legs, seconds, Payload.BURSTS)


def _signalling(subject: Subject) -> Signalling:
    return Signalling(subject.trunk, subject.daemon.sip, domain="demo.local", password=subject.password)


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


def _streams(name: str, subject: Subject, number: str, legs: int, seconds: float, payload: Payload) -> Row:
    signalling = _signalling(subject)
    sockets = [Datagrams(subject.trunk) for _ in range(SOCKETS)]
    memory = subject.memory()

    def sdp(n: int) -> bytes:
        # As `Streams` deals them: a leg's packets leave from where its SDP says they come to.
        return make_sdp(subject.trunk, sockets[n // 20 % SOCKETS].address[1], payload_types=(0,), dtmf=None)

    try:
        load, works = signalling.set_up([number], legs, 150.0, sdp)
        assert load.done == legs, f"{load.failed} of {legs} calls were not answered: {load.statuses}"
        streams = Streams(sockets, [work.media for work in works], payload)
        streams.run(SETTLE, measure=False)
        memory = subject.memory() - memory
        before, started, own = subject.cpu(), time.monotonic(), time.process_time()
        others = subject.others()
        streams.run(seconds, measure=True)
        elapsed = time.monotonic() - started
        used = subject.cpu() - before
        own = time.process_time() - own
        others = subject.others() - others
        streams.drain()
        gauges = subject.gauges()
        signalling.hang_up()
    finally:
        for each in sockets:
            each.close()
        signalling.close()
    heard = streams.heard
    faults = {
        "gaps": float(heard.gaps),
        "duplicates": float(heard.duplicates),
        "generator late slots": float(heard.late_slots),
        "% of its core to others": float(max(0, round(100 * others / elapsed))),
    }
    # By what came back, not by what was asked for: a daemon that is too busy must not look cheap.
    each_packet = used / max(heard.packets, 1)
    return Row(
        name,
        "legs",
        legs,
        elapsed,
        used,
        each_packet * 1e6,
        0.02 / max(each_packet, 1e-9),
        heard.lost,
        heard.percentile_ms(50),
        heard.percentile_ms(99),
        rate=heard.packets / elapsed,
        memory_kb=memory / legs / 1024,
        generator_share=own / elapsed,
        faults={name: value for name, value in faults.items() if value},
        gauges=gauges,
    )
