"""What one step of a flow costs, with 1,000 calls in the reception at once.

The machine alone, then natively in a whole switch: a key in, the next node, commands to the audio plane out.
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path

from config.schedule import Schedule
from config.security import Security
from edge.directory import Target
from edge.flow.document import read_flow
from edge.flow.given import given
from edge.flow.machine import Program, begin, step
from edge.flow.scene import Outcome
from media import port
from tests.bench.measure import Row
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone
from tests.support.flow import MONDAY_NOON
from tests.support.flow_call import Spoken

CALLS = 1_000
WAY = ("digit:9", "digit:1", "digit:0", "done", "no_answer", "done", "done", "done", "done")
RECEPTION = Path(__file__).parents[2] / "config/flows/reception.yaml"


def reception() -> Program:
    flow = read_flow(RECEPTION.read_text(), "reception.yaml", name="main").flow
    return Program({"main": flow}, {"office": Schedule(force="open")})


def timed(act: Callable[[], int]) -> float:
    """CPU of one of the things that `act` did [µs]."""
    gc.collect()
    start = time.process_time()
    count = act()
    return (time.process_time() - start) / count * 1e6


def machine(program: Program) -> float:
    begun = [begin(program, "main", given(call_id=f"c{i}", account="a"), MONDAY_NOON) for i in range(CALLS)]
    states = [made[0] for made in begun if made is not None]

    def walk() -> int:
        for outcome in WAY:
            states[:] = [step(state, Outcome(outcome), MONDAY_NOON)[0] for state in states]
        return CALLS * len(WAY)

    return timed(walk)


def native(program: Program) -> dict[str, float]:
    directory = FakeDirectory(flows=program, speech=Spoken())
    directory.add_user("1001")
    directory.extensions["9001"] = Target("flow", "main")
    bench = Bench(directory, security=Security(allow=("127.0.0.0/8",)))
    for number in range(CALLS):
        phone = Phone(bench, "1001", 2)
        phone.call_id = f"call-{number}"
        phone.dial("9001")
    legs = [call.leg.id for call in bench.switch.calls.values()]
    assert len(legs) == CALLS

    def press(digit: str) -> float:
        def all_of_them() -> int:
            for leg in legs:
                bench.switch.media_events([port.Digit(leg, digit, "rfc4733", 100)], bench.now)
            return CALLS

        took = timed(all_of_them)
        bench.switch.take_effects()
        return took

    return {"asked again": press("9"), "on to voicemail": press("3")}


def flows() -> Row:
    """The dearest native step; the heap is frozen before the calls come, as the daemon's is."""
    made = reception()
    gc.collect()
    gc.freeze()
    try:
        pure, steps = machine(made), native(made)
    finally:
        gc.unfreeze()
    each = max(steps.values())
    faults = {"µs the machine alone": pure, **{f"µs {name}": value for name, value in steps.items()}}
    return Row(
        "flow step, of 1,000 calls", "s⁻¹", CALLS, 0.0, 0.0, each, 1e6 / each, 0, 0.0, 0.0, faults=faults
    )
