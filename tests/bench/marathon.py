"""Registrations in a row, in ten stretches: memory and pauses of the last must be those of the first.

Answers are kept for 32 s for copies of their requests, so memory follows the rate: it is told beside them.
"""

import click

from tests.bench.measure import Row, registrations_of, signalling
from tests.bench.subject import Subject

STRETCHES = 10
PAUSE = "tandem_gc_pause_seconds"


def marathon(subject: Subject, count: int, window: int) -> Row:
    """The row of all stretches; `faults` tells how memory [kB] and the longest pause [ms] of each went on."""
    rows: list[Row] = []
    memory: list[int] = []
    pauses: list[float] = []
    caller = signalling(subject)
    try:
        for stretch in range(1, STRETCHES + 1):
            before = subject.daemon.metrics()
            rows.append(registrations_of(caller, subject, count // STRETCHES, window))
            after = subject.daemon.metrics()
            memory.append(subject.memory() // 1024)
            pauses.append(longest_ms(before, after))
            kept = f"{memory[-1]:,} kB with {after['tandem_transactions']:,.0f} transactions"
            told = f"{rows[-1].cpu_us:,.0f} µs, {kept}, pauses up to {pauses[-1]:g} ms"
            click.echo(f"  {stretch} of {STRETCHES}: {told}", err=True)
    finally:
        caller.close()
    seconds, cpu = sum(row.seconds for row in rows), sum(row.cpu for row in rows)
    each = cpu / count
    return Row(
        "registrations in a row",
        "s⁻¹",
        count,
        seconds,
        cpu,
        each * 1e6,
        1 / each,
        sum(row.lost for row in rows),
        max(row.p50_ms for row in rows),
        max(row.p99_ms for row in rows),
        rate=count / seconds,
        generator_share=max(row.generator_share for row in rows),
        faults={
            "kB grown from stretch 2 to 10": memory[-1] - memory[1],
            "ms longest collection, first half at most": max(pauses[: STRETCHES // 2]),
            "ms second half at most": max(pauses[STRETCHES // 2 :]),
            "µs of stretch 1": rows[0].cpu_us,
            "µs of stretch 10": rows[-1].cpu_us,
        },
    )


def longest_ms(before: dict[str, float], after: dict[str, float]) -> float:
    """Upper bound of the bucket in which the longest new pause lies; 0 without one."""
    name = f'{PAUSE}_bucket{{le="'
    found = 0.0
    counted = 0.0
    for key in sorted((key for key in after if key.startswith(name)), key=_bound):
        new = after[key] - before.get(key, 0.0)
        if new > counted:
            found, counted = _bound(key) * 1000, new
    return found


def _bound(key: str) -> float:
    return float(key.split('"')[1])
