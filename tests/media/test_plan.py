"""Which slots a tick polls, plays and sends."""

import numpy as np

from media.codec.table import ALAW, ULAW
from media.columns import LegColumns
from media.plan import make_plan


def columns(*groups: int) -> LegColumns:
    """Connected, aligned, locked legs in these groups."""
    made = LegColumns(8)
    for slot, group in enumerate(groups):
        made.connected[slot] = made.aligned[slot] = made.locked[slot] = True
        made.may_send[slot] = made.may_receive[slot] = True
        made.group[slot] = group
    return made


def test_a_leg_is_polled_played_and_sent_in_its_group() -> None:
    plan = make_plan(columns(0, 1, 0), 0)
    assert plan.poll == [0, 2] and not plan.listen
    assert plan.take.tolist() == plan.send.tolist() == plan.send_slots == [0, 2]
    assert plan.silent.tolist() == [0, 1]


def test_a_leg_that_no_packet_has_aligned_is_polled_in_every_group_while_one_is_likely() -> None:
    legs = columns(0, 1)
    legs.aligned[1] = legs.locked[1] = False
    assert not make_plan(legs, 0).listen
    legs.eager[1] = True
    plan = make_plan(legs, 0)
    assert (plan.poll, plan.listen, plan.take.tolist()) == ([0], {1}, [0])


def test_a_bridged_leg_is_sent_in_the_group_of_the_one_it_hears() -> None:
    legs = columns(0, 3)
    legs.source[0], legs.source[1] = 1, 0
    legs.law_out[1] = legs.law_in[1] = ALAW
    plan = make_plan(legs, 0)
    assert plan.take.tolist() == [0] and plan.send.tolist() == [1]
    relay = plan.relays[0]
    assert (relay.law_in, relay.law_out, relay.take.tolist(), relay.send.tolist()) == (ULAW, ALAW, [0], [0])
    assert plan.silent.tolist() == []


def test_a_leg_that_hears_one_that_is_not_connected_hears_silence_in_its_own_group() -> None:
    legs = columns(2, 0)
    legs.source[0] = 5
    plan = make_plan(legs, 2)
    assert plan.send.tolist() == [0] and plan.silent.tolist() == [0] and plan.relays == ()


def test_a_leg_of_which_nothing_has_come_is_not_played_unless_somebody_listens_to_its_silence() -> None:
    legs = columns(*[0] * 6)
    legs.unheard[:5] = True
    legs.agent[1] = legs.recorded[2] = legs.listened[3] = True
    legs.room[4] = 7
    legs.source[0], legs.source[5] = 5, 0
    plan = make_plan(legs, 0)
    assert plan.take.tolist() == [1, 2, 3, 4, 5]
    assert plan.send.tolist() == [0, 1, 2, 3, 4, 5] and 5 in plan.silent.tolist(), "sent it is all the same"
    assert [relay.send.tolist() for relay in plan.relays] == [[0]] and plan.relays[0].take.tolist() == [4]
    legs.unheard[0] = False
    plan = make_plan(legs, 0)
    assert plan.take.tolist() == [0, 1, 2, 3, 4, 5] and plan.relays[0].send.tolist() == [0, 5]


def test_a_prompt_goes_before_the_agent_and_the_agent_before_the_bridge() -> None:
    legs = columns(0, 0, 0)
    legs.source[:3] = [0, 1, 2]
    legs.agent[1:3] = True
    legs.playing[2] = True
    plan = make_plan(legs, 0)
    assert [relay.send.tolist() for relay in plan.relays] == [[0]]
    assert plan.spoken.tolist() == [1] and plan.spoken_slots.tolist() == [1]
    assert plan.playing == [(2, 2)]
    assert plan.agents.tolist() == [1, 2], "the agent hears on under a prompt"


def test_directions_decide_who_is_sent_to_and_who_is_muted() -> None:
    legs = columns(0, 0, 0)
    legs.may_send[0] = legs.may_receive[2] = False
    plan = make_plan(legs, 0)
    assert plan.send.tolist() == [1, 2] and plan.muted.tolist() == [2] and len(plan.take) == 3


def test_slots_for_other_planes_are_32_bits_wide() -> None:
    plan = make_plan(columns(0), 0)
    for slots in (plan.take_slots, plan.agent_slots, plan.listened_slots, plan.spoken_slots):
        assert slots.dtype == np.int32


def test_nobody_is_an_empty_plan() -> None:
    plan = make_plan(LegColumns(4), 0)
    assert len(plan.take) == len(plan.send) == len(plan.poll) == 0 and plan.relays == ()


def test_legs_that_hear_one_prompt_by_one_law_are_sent_it_together() -> None:
    legs = columns(*[0] * 8)
    legs.playing[:] = True
    legs.track[:7] = 70
    legs.law_out[:7] = [ULAW] * 4 + [ALAW] * 3
    legs.track[7] = 71
    plan = make_plan(legs, 0)
    assert [(roll.law, roll.slots.tolist()) for roll in plan.rolls] == [(ULAW, [0, 1, 2, 3])]
    assert plan.playing == [(4, 4), (5, 5), (6, 6), (7, 7)], "too few for it"
