"""Callers without phones, on a stage without a clock."""

import numpy as np

from controlplane.rehearsal.stage import LOUD
from media import port
from tests.support.rehearsal import SPEC, VOICE, Absent, stage


async def test_a_caller_hears_the_agent_and_the_agent_is_interrupted() -> None:
    async with stage() as made:
        caller = made.enter("c")
        caller.dial(SPEC, {})
        assert await caller.spoken_to(1.0) and caller.loud_at is not None
        caller.speak(VOICE[:1_600])
        await caller.wait(0.1)
        assert caller.count(port.AgentInterrupted) == 1
        assert await caller.silence(0.1)
        assert await caller.spoken_to(1.0), "it answers when the caller has ended"
        assert caller.failure == "" and caller.messages("start", outgoing=True)


async def test_noise_is_nothing_that_we_notice() -> None:
    async with stage() as made:
        caller = made.enter("c")
        caller.dial(SPEC, {})
        await caller.spoken_to(1.0)
        caller.sound(VOICE[:1_600])
        await caller.wait(0.4)
        assert caller.count(port.AgentInterrupted) == 0


async def test_who_is_not_there_is_a_failure() -> None:
    async with stage(Absent) as made:
        caller = made.enter("c")
        caller.dial(SPEC, {})
        await caller.wait(0.1)
        assert caller.failure == "refused: nothing listens"
        assert not await caller.spoken_to(0.2) and max(caller.heard) <= LOUD


async def test_who_leaves_gives_the_slot_back() -> None:
    async with stage(slots=1) as made:
        for number in range(3):
            caller = made.enter(str(number))
            caller.dial(SPEC, {"x": "y"})
            await caller.wait(0.1)
            made.leave(caller)


async def test_a_frame_more_than_the_tick_goes_out_at_once() -> None:
    async with stage() as made:
        caller = made.enter("c")
        caller.dial(SPEC, {})
        await caller.wait(0.1)
        before = made.plane.gauges()["frames_sent"]
        made.hear_once(caller, np.zeros(160, np.int16))
        assert made.plane.gauges()["frames_sent"] == before + 1
        caller.mute = True
        await caller.wait(0.2)
        assert made.plane.gauges()["frames_sent"] <= before + 3
