"""conference: PIN, room, *6, and the ways out."""

import pytest

from config.conference import Conference
from edge.directory import Target
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone, final
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  room: {kind: conference, room: board, MORE next: {done: done, failed: failed}}
  done: {kind: say, text: bye}
  failed: {kind: say, text: sorry}
"""
PROMPTS = ("pin", "wrong-pin", "wait", "muted", "unmuted")


def call(more: str = "", **settings: object) -> FlowCall:
    directory = FakeDirectory()
    directory.prompts = {f"conference-{name}": f"/spoken/{name}.wav" for name in PROMPTS}
    directory.conferences["board"] = Conference.model_validate(settings)
    return FlowCall(FLOW.replace("MORE", more), directory)


def joined(made: FlowCall) -> list[port.Join]:
    return [command for command in made.bench.commanded(port.Join) if isinstance(command, port.Join)]


def cause(made: FlowCall) -> list[str]:
    return [row.outcome for row in made.rows("flow") if row.event == "room"]


def test_a_room_without_a_pin_is_entered_at_once_and_left_by_hanging_up() -> None:
    made = call()
    (join,) = joined(made)
    assert join.leg == made.leg and join.room == "conference:acc_demo/board" and cause(made) == ["joined"]
    made.phone.bye()
    assert len(made.bench.switch.conferences) == 0
    assert made.bench.journal.cdrs[-1].cause == "caller_hangup"


def test_the_pin_lets_members_in_and_that_of_moderators_moderators() -> None:
    for pin, moderates in (("4711", False), ("9999", True)):
        made = call(pin="4711", moderator_pin="9999")
        assert made.hears() == ["pin"] and not joined(made)
        made.press(pin)
        assert len(joined(made)) == 1
        (room,) = made.bench.switch.conferences.rooms(made.call.route.account.id)  # type: ignore[union-attr]
        assert [member.moderator for member in room.members.values()] == [moderates]


def test_the_digits_of_a_pin_are_in_no_trace() -> None:
    made = call(pin="4711")
    made.press("4711")
    assert all("4" not in str(row.data.get("digit", "")) for row in made.rows("media"))
    made.press("4")
    assert made.rows("media")[-1].data["digit"] == "4", "what comes after it is no secret"


def test_three_wrong_pins_are_the_way_out() -> None:
    made = call(pin="4711")
    made.press("1111")
    assert made.hears() == ["wrong-pin", "pin"]
    made.press("12#")
    made.press("4712")
    assert made.at == "failed" and cause(made) == ["wrong_pin"] and not joined(made)


def test_who_gives_no_pin_in_time_is_asked_again_and_then_let_go() -> None:
    made = call(pin="4711")
    for _ in range(3):
        made.hears()
        made.bench.advance(10.1)
    assert made.at == "failed"


def test_where_moderators_alone_have_a_pin_hash_is_enough_for_others() -> None:
    made = call(moderator_pin="9999")
    made.hears()
    made.press("#")
    assert len(joined(made)) == 1


def test_a_flow_may_have_a_pin_of_its_own_and_say_who_moderates() -> None:
    made = call("pin: '55',")
    made.press("55")
    assert len(joined(made)) == 1
    made = call("moderator: true,", pin="4711", wait_for_moderator=True)
    assert len(joined(made)) == 1, "it is neither asked nor does it wait"


def test_star_six_mutes_and_is_confirmed() -> None:
    made = call()
    made.press("*6")
    assert made.bench.commanded(port.ChangeRole)[-1] == port.ChangeRole(made.leg, port.Role(speaks=False))
    assert made.hears() == ["muted"]
    made.press("9*6")
    assert made.bench.commanded(port.ChangeRole)[-1] == port.ChangeRole(made.leg, port.Role())
    assert cause(made) == ["joined", "muted", "unmuted"]


def test_who_is_sent_away_goes_on_in_the_flow() -> None:
    made = call()
    assert made.call is not None
    conferences = made.bench.switch.conferences
    (room,) = conferences.rooms(made.call.route.account.id)
    (member,) = room.members.values()
    conferences.kick(member, made.bench.now)
    made.bench.drain()
    assert made.at == "done" and cause(made) == ["joined", "kicked"]


def test_a_full_room_is_the_other_way_out() -> None:
    made = call(max_members=2)
    for source in (7, 8):
        made.directory.extensions["9002"] = Target("flow", "main")
        made.directory.add_user(f"100{source}")
        phone = Phone(made.bench, f"100{source}", source)
        phone.ack(final(phone.dial("9002")))
    assert len(joined(made)) == 2


@pytest.mark.parametrize("kind", ["extension", "did"])
def test_a_number_may_lead_into_a_room(kind: str) -> None:
    directory = FakeDirectory()
    directory.conferences["board"] = Conference(pin="4711")
    directory.extensions["8000"] = Target("conference", "board")
    directory.add_did("12025550123", "conference", "board")
    made = FlowCall(FLOW.replace("MORE", ""), directory, answered=False)
    phone = Phone(made.bench, "1001", 9)
    phone.ack(final(phone.dial("8000" if kind == "extension" else "12025550123")))
    live = list(made.bench.switch.calls.values())[-1]
    for digit in "4711":
        made.bench.media(port.Digit(live.leg.id, digit, "rfc4733", 100))
    assert [join.leg for join in joined(made)][-1] == live.leg.id
    phone.bye()
    assert made.bench.journal.cdrs[-1].target == "conference:board"
