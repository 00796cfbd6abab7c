"""A thousand random call scripts over a wire that loses a fifth, doubles a tenth and reorders.

No call hangs: once everybody has hung up, no call, dialog, transaction, timer, leg, subscription, lamp or
channel is left after 64·T1 and the longest expiry, and every call has exactly one CDR.
"""

from random import Random

import pytest

from tests.lossy.script import Script

BATCHES, SCRIPTS = 20, 50


def played(seed: int, **wire: float) -> Script:
    script = Script(Random(seed), **wire)
    script.play()
    script.end()
    return script


def leftovers(script: Script) -> dict[str, int]:
    """Also what only time may end: a subscription of who is gone, a shared counter that is off by one."""
    script.town.run(3_700.0)
    left = script.town.left()
    bench = script.town.bench
    opened, closed = [call.id for call in bench.journal.calls], [cdr.id for cdr in bench.journal.cdrs]
    if len(set(closed)) != len(closed) or not set(opened) <= set(closed):
        left["records"] = len(opened) - len(closed)
    return left


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_is_left_of_any_script(batch: int) -> None:
    for seed in range(batch * SCRIPTS, (batch + 1) * SCRIPTS):
        assert leftovers(played(seed)) == {}, f"seed {seed}"
