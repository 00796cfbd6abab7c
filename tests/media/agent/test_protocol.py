"""The trace of an agent's text messages."""

from media.agent.contract import Clear, Note, Role, Transcript
from media.agent.protocol import Protocol
from media.port import AgentMessage, LegId

LEG = LegId("leg")


def test_text_is_recorded_in_both_directions_and_audio_is_not() -> None:
    protocol = Protocol(LEG, 10)
    assert protocol.sent('{"type":"start"}') == [AgentMessage(LEG, True, "start", '{"type":"start"}')]
    assert protocol.sent(b"\0\0") == []
    assert protocol.received(b'{"event":"clear"}', Clear()) == [
        AgentMessage(LEG, False, "clear", '{"event":"clear"}')
    ]


def test_a_note_says_what_is_odd() -> None:
    [noted] = Protocol(LEG, 10).received(b"{", Note("malformed", "not JSON", malformed=True))
    assert (noted.kind, noted.detail) == ("malformed", "not JSON: {")
    [noted] = Protocol(LEG, 10).received(b"{}", Note("error", "no such key: sk-hush-1234-5678"))
    assert noted.detail == "no such key: ***: {}"


def test_a_transcript_is_recorded_when_it_is_final() -> None:
    protocol = Protocol(LEG, 10)
    assert protocol.received(b"{}", Transcript(Role.AGENT, "hel", final=False)) == []
    assert len(protocol.received(b"{}", Transcript(Role.AGENT, "hello"))) == 1


def test_what_is_beyond_the_limit_is_counted() -> None:
    protocol = Protocol(LEG, 1)
    protocol.refused("transfer", "not allowed")
    assert protocol.sent('{"type":"x"}') == [] and protocol.untraced == 1
