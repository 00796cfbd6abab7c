"""An internal pair between two workers."""

from media.port import (
    Allocate,
    Allocated,
    Bridge,
    ChangeRole,
    Connect,
    Join,
    LegId,
    Release,
    Role,
    RoomId,
)
from media.worker.pair import ADDRESS, CODEC, DIGITS, PREFIX, Pair

LEG, PEER = LegId("call_a/1"), LegId("call_b/1")


def test_both_ends_are_connected_to_each_other_and_bridged_once_both_have_ports() -> None:
    pair = Pair(7, (0, LEG), 1, Bridge(LEG, PEER))
    near, far = pair.near, pair.far
    assert near.startswith(PREFIX) and near != far
    assert pair.open() == [(0, Allocate(near, ADDRESS)), (1, Allocate(far, ADDRESS))]
    assert pair.allocated(Allocated(far, 20_100)) == []
    assert pair.allocated(Allocated(near, 20_000)) == [
        (0, Connect(near, (ADDRESS, 20_100), CODEC, (CODEC,), DIGITS)),
        (1, Connect(far, (ADDRESS, 20_000), CODEC, (CODEC,), DIGITS)),
        (0, Bridge(LEG, near, True)),
        (1, Bridge(PEER, far, True)),
    ]
    assert pair.close() == [(0, Release(near)), (1, Release(far))]


def test_the_far_end_stands_for_the_leg_in_a_room() -> None:
    join = Join(LEG, RoomId("r"), Role(hears=False), partner=True, chimes=True)
    pair = Pair(8, (0, LEG), 1, join)
    assert pair.change(Role()) == [(1, ChangeRole(pair.far, Role()))]
    pair.allocated(Allocated(pair.far, 20_100))
    orders = pair.allocated(Allocated(pair.near, 20_000))
    assert orders[2:] == [
        (0, Bridge(LEG, pair.near)),
        (1, Join(pair.far, RoomId("r"), Role(), partner=False, chimes=True)),
    ]
