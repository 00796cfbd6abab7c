"""Asterisk's chan_websocket, by its documentation (agent-protocols.md 4.3)."""

import json
from typing import Any

import pytest

from media.agent.contract import Clear, Context, Encoding, HangUp, Inquire, Mark, Note, Say
from media.agent.dialect.asterisk import Asterisk
from media.port import AgentOptions


def channel(rate: int = 8000, **options: Any) -> Asterisk:
    return Asterisk(Context("call-1", "acc", rate, {"from": "1001"}, AgentOptions(**options)))


def test_media_start_in_words_names_format_and_frame() -> None:
    dialect = channel()
    assert dialect.open() == [
        "MEDIA_START connection_id:call-1 channel:WebSocket/tandem/call-1 channel_id:call-1 format:ulaw"
        " optimal_frame_size:160 ptime:20"
    ]
    assert dialect.subprotocol == "media" and dialect.bare and dialect.hears is Encoding.ULAW_8000


def test_media_start_as_json_has_the_variables() -> None:
    dialect = channel(16000, variant="json", audio="pcm")
    [start] = dialect.open()
    assert json.loads(str(start)) == {
        "event": "MEDIA_START",
        "connection_id": "call-1",
        "channel": "WebSocket/tandem/call-1",
        "channel_id": "call-1",
        "format": "slin16",
        "optimal_frame_size": 640,
        "ptime": 20,
        "channel_variables": {"from": "1001"},
    }
    assert dialect.speaks is Encoding.PCM_16000


@pytest.mark.parametrize("json_control", [False, True])
def test_every_command_is_understood_in_words_and_as_json(json_control: bool) -> None:
    dialect = channel()

    def ask(command: str, correlation: str = "") -> Any:
        text = f"{command} {correlation}".strip()
        if json_control:
            text = json.dumps(
                {"command": command, **({"correlation_id": correlation} if correlation else {})}
            )
        [action] = dialect.receive_text(text.encode())
        return action

    assert ask("FLUSH_MEDIA") == Clear() and ask("HANGUP") == HangUp("HANGUP")
    assert ask("GET_STATUS") == Inquire() and ask("ANSWER") == Note("ANSWER")
    assert ask("PAUSE_MEDIA") == Note("PAUSE_MEDIA", "not served here, ignored")
    assert ask("SING") == Note("SING", "unknown command, ignored")
    mark, stop, drained = (
        ask("MARK_MEDIA", "m1"),
        ask("STOP_MEDIA_BUFFERING", "b1"),
        ask("REPORT_QUEUE_DRAINED"),
    )
    assert all(isinstance(action, Mark) for action in (mark, stop, drained))
    assert dialect.mark(mark.name, False) == ["MEDIA_MARK_PROCESSED m1"]
    assert dialect.mark(stop.name, False) == ["MEDIA_BUFFERING_COMPLETED b1"]
    assert dialect.mark(stop.name, True) == [], "a flush is not told of"
    assert dialect.mark(drained.name, True) == ["QUEUE_DRAINED"]


def test_status_counts_frames() -> None:
    dialect = channel()
    dialect.receive_text(b"START_MEDIA_BUFFERING")
    assert dialect.status(860) == [
        "STATUS queue_length:43 xon_level:800 xoff_level:900 queue_full:false bulk_media:true"
        " media_paused:false"
    ]


def test_a_key_is_told_in_both_manners() -> None:
    assert channel().digit("5", 100) == ["DTMF_END digit:5"]
    assert json.loads(str(channel(variant="json").digit("5", 100)[0])) == {"event": "DTMF_END", "digit": "5"}


def test_audio_is_bare_and_odd_lengths_lose_nothing() -> None:
    assert channel().receive_binary(b"abc") == [Say(b"abc")]
    wide = channel(audio="pcm")
    assert [wide.receive_binary(data) for data in (b"abc", b"d")] == [[Say(b"ab")], [Say(b"cd")]]


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"hello there", b"\xff\xfe", b'{"command":5}'])
def test_what_is_no_command_is_noted(text: bytes) -> None:
    [note] = channel().receive_text(text)
    assert isinstance(note, Note) and note.malformed
