"""What was asked for is answered once, to who asked."""

from edge.awaited import Awaited, Promise, Resolve
from edge.sip.locate import Located
from edge.sip.uri import Uri


def test_every_question_has_its_own_answer() -> None:
    asked: list[Promise | Resolve] = []
    heard: list[object] = []
    awaited = Awaited(asked.append)
    located = Located((), "nowhere")
    awaited.promise((), lambda ok, now: heard.append(("first", ok, now)))
    awaited.resolve(Uri.parse("sip:a"), lambda found, now: heard.append((found, now)))
    awaited.promise((), lambda ok, now: heard.append(("second", ok, now)))
    assert [question.token for question in asked] == [1, 2, 3] and len(awaited) == 3
    awaited.committed(3, False, 7.0)
    awaited.resolved(2, located, 8.0)
    awaited.committed(1, True, 9.0)
    assert heard == [("second", False, 7.0), (located, 8.0), ("first", True, 9.0)] and len(awaited) == 0
