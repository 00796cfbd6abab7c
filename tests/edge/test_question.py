"""Questions that take their time."""

from edge.question import Ask, Questions, Reply, Speak


def test_a_reply_finds_who_asked_and_only_once() -> None:
    emitted: list[Ask] = []
    heard: list[tuple[Reply, float]] = []
    questions = Questions(emitted.append)
    questions.ask(Speak("Hello", "en-us"), lambda reply, now: heard.append((reply, now)))
    questions.ask(Speak("Bye", "de"), lambda reply, now: heard.append((reply, now)))
    assert [ask.question for ask in emitted] == [Speak("Hello", "en-us"), Speak("Bye", "de")]
    questions.told(emitted[1].token, {"path": "/bye.wav"}, 5.0)
    assert heard == [({"path": "/bye.wav"}, 5.0)] and len(questions) == 1
