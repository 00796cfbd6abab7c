"""Who is in which call."""

from edge.directory import AccountId, User, UserId
from edge.event.line import Line, Lines, Stage
from edge.journal import CallId

ALICE, BOB = (User(UserId(n), AccountId("a"), n, "", None, ()) for n in ("1001", "1002"))
CALL = CallId("call")


def test_only_changes_are_told_and_an_end_is_one_for_everybody() -> None:
    told: list[str] = []
    lines = Lines(lambda user, now: told.append(user.number))
    lines.put(ALICE, Line(CALL, True, Stage.TRYING, "1002"), 1.0)
    lines.put(ALICE, Line(CALL, True, Stage.TRYING, "1002"), 1.0)
    lines.put(BOB, Line(CALL, False, Stage.EARLY, "1001"), 1.0)
    assert told == ["1001", "1002"] and len(lines) == 1
    assert [line.stage for line in lines.of(BOB.id)] == [Stage.EARLY]
    lines.over(CALL, 2.0)
    assert told == ["1001", "1002", "1001", "1002"] and len(lines) == 0 and lines.of(ALICE.id) == ()
    lines.over(CALL, 2.0)
    lines.drop(BOB, CALL, 2.0)
    assert len(told) == 4


def test_a_forward_leaves_the_first_user_dark() -> None:
    lines = Lines(lambda user, now: None)
    lines.put(BOB, Line(CALL, False, Stage.EARLY, "1001"), 1.0)
    lines.drop(BOB, CALL, 1.0)
    assert not lines.of(BOB.id) and len(lines) == 0
