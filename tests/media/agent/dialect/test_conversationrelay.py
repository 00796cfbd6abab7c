"""ConversationRelay: the bot sees text, and of what was interrupted the words that were heard."""

import json

from media.agent.contract import Ask, Clear, Digits, Finish, Note, Role, Speak, Transcript, Verb
from media.agent.dialect.conversationrelay import GATHERED, ConversationRelay
from media.agent.dialect.plain import TEXT_CHARACTERS
from tests.support.dialect import context


def dialect(**options: object) -> ConversationRelay:
    return ConversationRelay(context(**options))  # type: ignore[arg-type]


def said(relay: ConversationRelay, **message: object) -> list[object]:
    return list(relay.receive_text(json.dumps(message).encode()))


def texts(actions: list[object]) -> list[str]:
    return [action.text for action in actions if isinstance(action, Speak)]


def test_it_begins_with_a_setup_and_the_greeting() -> None:
    relay = dialect(greeting="Hello there.")
    (setup,) = relay.open()
    told = json.loads(str(setup))
    assert told["type"] == "setup" and told["sessionId"].startswith("VX") and told["callSid"].startswith("CA")
    assert {"from", "to", "direction", "callStatus", "customParameters", "accountSid"} <= told.keys()
    assert relay.greet() == [Speak("Hello there.", "s1", "en-US"), Transcript(Role.AGENT, "Hello there.")]


def test_tokens_become_sentences() -> None:
    relay = dialect()
    assert said(relay, type="text", token="Good mor", last=False) == [Note("text")]
    assert texts(said(relay, type="text", token="ning. How are", last=False)) == ["Good morning."]
    assert texts(said(relay, type="text", token=" you?", last=True)) == ["How are you?"]
    assert texts(said(relay, type="text", token="", last=True)) == []
    assert len(texts(said(relay, type="text", token="x" * (GATHERED + 1), last=False))) == 1


def test_a_text_without_an_end_is_spoken_whole_and_noted_up_to_a_length() -> None:
    spoken, noted = said(dialect(), type="text", token="x" * 10_000, last=True)
    assert isinstance(spoken, Speak) and len(spoken.text) == 10_000
    assert isinstance(noted, Transcript) and len(noted.text) == TEXT_CHARACTERS


def test_what_was_heard_is_told_by_whole_sentences_and_a_share_of_the_cut_one() -> None:
    relay = dialect()
    said(relay, type="text", token="One two. Three four five six. Seven.", last=True)
    relay.spoken("s1", 800)
    relay.spoken("s2", 2000)
    (message,) = relay.interrupted("s2", 1000, 1800, 1000)
    assert json.loads(str(message)) == {
        "type": "interrupt",
        "utteranceUntilInterrupt": "One two. Three four",
        "durationUntilInterruptMs": 1800,
    }


def test_only_what_was_heard_of_the_interrupted_talk_cycle_is_told() -> None:
    """A bot looks for these words in one of its own replies."""
    relay = dialect()
    said(relay, type="text", token="First answer.", last=True)
    relay.prompt("and then?")
    said(relay, type="text", token="Second one. And more.", last=True)
    relay.spoken("s3", 1000)
    (message,) = relay.interrupted("s3", 500, 900, 100)
    assert json.loads(str(message))["utteranceUntilInterrupt"] == "Second one. And"


def test_a_preemptible_cycle_gives_way_to_the_next_one_and_to_none_of_its_own_tokens() -> None:
    relay = dialect()
    for token, last in (("One moment. ", False), ("I am looking.", True)):
        assert Clear() not in said(relay, type="text", token=token, last=last, preemptible=True)
    actions = said(relay, type="text", token="Here it is. ", last=False)
    assert actions[0] == Clear() and texts(actions) == ["Here it is."]
    assert Clear() not in said(relay, type="text", token="Anything else?", last=True)
    assert Clear() not in said(relay, type="text", token="No?", last=True), "that cycle was not preemptible"
    said(relay, type="text", token="Well", preemptible=True)
    relay.prompt("yes")
    assert texts(said(relay, type="text", token="Good.", last=True)) == ["Good."], "the old rest is not said"


def test_a_long_answer_in_one_message_is_spoken_to_its_end() -> None:
    sentences = [f"This is sentence number {n} of them." for n in range(60)]
    assert texts(said(dialect(), type="text", token=" ".join(sentences), last=True)) == sentences
    assert texts(said(dialect(), type="text", token="你好。等一下。", last=False)) == ["你好。", "等一下。"]


def test_a_text_without_an_end_is_spoken_up_to_its_last_whole_word() -> None:
    relay = dialect()
    token = "word " * (GATHERED // 5) + "unfini"
    assert texts(said(relay, type="text", token=token, last=False)) == [token.rpartition(" ")[0].strip()]
    assert texts(said(relay, type="text", token="shed", last=True)) == ["unfinished"]


def test_the_callers_words_and_keys_are_told() -> None:
    relay = dialect()
    said(relay, type="language", ttsLanguage="de-DE", transcriptionLanguage="es-ES")
    (prompt,) = relay.prompt("hola")
    assert json.loads(str(prompt)) == {"type": "prompt", "voicePrompt": "hola", "lang": "es-ES", "last": True}
    assert relay.digit("5", 100) == ['{"type":"dtmf","digit":"5"}']
    assert said(relay, type="text", token="Ja.", last=True)[0] == Speak("Ja.", "s1", "de-DE")
    assert json.loads(str(relay.fault("no voice")[0])) == {"type": "error", "description": "no voice"}


def test_the_bot_plays_dials_and_ends() -> None:
    relay = dialect()
    assert said(relay, type="play", source="welcome") == [Ask(Verb.PLAY, "welcome")]
    assert said(relay, type="sendDigits", digits="9w12#") == [Digits("912#")]
    actions = said(relay, type="text", token="Bye", last=False) + said(relay, type="end", handoffData="x")
    assert texts(actions) == ["Bye"] and actions[-1] == Finish("x")
    assert "play: there is no prompt x" in str(relay.answered(Ask(Verb.PLAY, "x"), "there is no prompt x"))


def test_what_breaks_the_protocol_is_noted() -> None:
    relay = dialect()
    for message in ({"type": "text"}, {"type": "language", "ttsLanguage": "!"}, {"type": "play"}):
        (note,) = said(relay, **message)
        assert isinstance(note, Note) and note.malformed
    (note,) = relay.receive_binary(b"\0")
    assert isinstance(note, Note) and note.malformed
