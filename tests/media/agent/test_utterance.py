"""Which utterance is heard, by position in the queue."""

from media.agent.utterance import UTTERANCES, Utterances


def test_the_utterance_at_a_position_is_the_last_that_began_before() -> None:
    said = Utterances()
    said.begin(0, "a")
    said.begin(800, "b")
    assert said.last == "b"
    assert [said.at(position) for position in (0, 799, 800, 5000)] == [
        ("a", 0),
        ("a", 0),
        ("b", 800),
        ("b", 800),
    ]


def test_the_oldest_is_forgotten_when_there_are_many() -> None:
    said = Utterances()
    for number in range(2 * UTTERANCES):
        said.begin(number * 10, str(number))
    assert said.at(0) == (str(UTTERANCES), UTTERANCES * 10)
