"""Five times as many calls as are taken on: what is still carried, and what a refusal costs; phones that all
register in the same second, as after a restart: how long they wait, and how many are turned away."""

import math
import time

import numpy as np

from tests.bench.measure import Row
from tests.bench.signalling import Load, Signalling
from tests.bench.subject import ANSWER, Subject

TIMES = 5
WINDOW = 20_000
"Calls under way at once: an open load does not wait for answers."
RUSH = 5_000
"Registrations in a second."
WARM = 8.0
"Of full load, from which the daemon learns what it can carry [s]."


def overload(subject: Subject, seconds: float) -> Row:
    """Calls at the rate that the daemon takes on, then at `TIMES` that; a row of the latter."""
    signalling = Signalling(subject.trunk, subject.daemon.sip, domain="demo.local", password=subject.password)
    try:
        signalling.call([ANSWER], int(WARM * 1_000), 32)
        rate = subject.daemon.metrics()["tandem_calls_per_second_limit"]
        once, cpu_once = _offer(subject, signalling, rate, seconds)
        own = time.process_time()
        often, cpu_often = _offer(subject, signalling, TIMES * rate, seconds)
        own = time.process_time() - own
    finally:
        signalling.close()
    refused = often.statuses.get(503, 0)
    call = cpu_once / max(once.done, 1)
    refusal = (cpu_often - call * often.done) / max(refused, 1)
    carried, kept = once.meanwhile / once.offering, often.meanwhile / often.offering
    faults = {
        f"calls/s at {rate:,.0f}": carried,
        "% of it kept": 100 * kept / carried,
        "refused": float(refused),
        "resent": float(often.resent),
        "limit/s after": subject.daemon.metrics()["tandem_calls_per_second_limit"],
    }
    return Row(
        f"{often.begun / often.offering / rate:.1f} × {rate:,.0f} calls/s: a refusal",
        "s⁻¹",
        often.done,
        often.seconds,
        cpu_often,
        refusal * 1e6,
        1 / max(refusal, 1e-9),
        often.failed - refused,
        math.nan,
        math.nan,
        rate=kept,
        generator_share=own / often.seconds,
        faults=faults,
    )


def rush(subject: Subject, count: int) -> Row:
    """Of phones that are registered here, at once; a row of those that were served."""
    phones = Signalling(subject.trunk, subject.daemon.sip, domain="demo.local", password=subject.password)
    try:
        phones.register(subject.users, len(subject.users), 16)
        before, own = subject.cpu(), time.process_time()
        load = phones.rush(subject.users, count, 1.0)
        own = time.process_time() - own
        time.sleep(0.5)
        cpu = subject.cpu() - before
    finally:
        phones.close()
    each = cpu / max(load.done, 1)
    latencies = np.asarray(load.latencies or [math.nan]) * 1000
    return Row(
        f"{count:,} registrations in a second",
        "s⁻¹",
        load.done,
        load.seconds,
        cpu,
        each * 1e6,
        1 / max(each, 1e-9),
        load.failed,
        float(np.percentile(latencies, 50)),
        float(np.percentile(latencies, 99)),
        rate=load.done / load.seconds,
        generator_share=own / load.seconds,
        faults={"refused": float(load.statuses.get(503, 0)), "resent": float(load.resent)},
    )


def _offer(subject: Subject, signalling: Signalling, rate: float, seconds: float) -> tuple[Load, float]:
    before = subject.cpu()
    load = signalling.offer([ANSWER], rate, seconds, WINDOW)
    time.sleep(0.5)
    return load, subject.cpu() - before
