"""What a caller who waits is told."""

import pytest

from edge.acd.terms import Announcements, QueueTerms
from edge.acd.ticket import Place
from edge.command.patience import Patience, sentences
from tests.support.flow_call import FlowCall


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place(1, 10.0), ("You are next.", "It may take a minute.")),
        (Place(3, 290.0), ("You are number 3 in line.", "It may take 5 minutes.")),
        (Place(90, 9_000.0), ("You are number 90 in line.", "It may take more than an hour.")),
    ],
)
def test_position_and_wait_are_told_in_words(place: Place, told: tuple[str, ...]) -> None:
    assert sentences(QueueTerms("q", announcements=Announcements(True, True)), place) == told
    assert sentences(QueueTerms("q"), place) == ()


def test_nothing_is_heard_where_music_is_silence() -> None:
    call = FlowCall("nodes: {a: {kind: say, text: x}}")
    assert call.call is not None
    before = len(call.playing())
    patience = Patience(call.call, "w", QueueTerms("q", music=""))
    patience.start(call.bench.now)
    patience.stop()
    assert len(call.playing()) == before
