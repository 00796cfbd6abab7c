"""jambonz' listen socket, by its documentation (agent-protocols.md 4.2)."""

import base64
import io
import json
import wave
from typing import Any

import pytest

from media.agent.contract import Clear, Context, Encoding, HangUp, Mark, Note, Reply, Say
from media.agent.dialect.jambonz import OUTSTANDING, Jambonz


def listen(rate: int = 8000) -> Jambonz:
    parameters = {"from": "1001", "to": "9000", "direction": "inbound", "lang": "en"}
    return Jambonz(Context("call-1", "acc", rate, parameters))


def hear(dialect: Jambonz, **message: Any) -> list[Any]:
    return dialect.receive_text(json.dumps(message).encode())


def test_the_first_text_is_the_call_with_its_audio() -> None:
    dialect = listen(16000)
    [sent] = dialect.open()
    assert json.loads(str(sent)) == {
        "callSid": "call-1",
        "callId": "call-1",
        "accountSid": "acc",
        "direction": "inbound",
        "from": "1001",
        "to": "9000",
        "sampleRate": 16000,
        "mixType": "mono",
        "lang": "en",
    }
    assert dialect.subprotocol == "audio.drachtio.org"
    assert dialect.bare and dialect.hears is dialect.speaks is Encoding.PCM_16000


def test_binary_audio_of_any_length_keeps_its_samples_whole() -> None:
    dialect = listen()
    assert [dialect.receive_binary(data) for data in (b"abc", b"def")] == [[Say(b"ab")], [Say(b"cdef")]]


def test_marks_come_back_played_or_cleared() -> None:
    dialect = listen()
    assert hear(dialect, type="mark", data={"name": "a"}) == [Mark("a")]
    hear(dialect, type="mark", data={"name": "b"})
    played, cleared = dialect.mark("a", False), dialect.mark("b", True)
    assert [json.loads(str(sent[0]))["data"] for sent in (played, cleared)] == [
        {"name": "a", "event": "playout"},
        {"name": "b", "event": "cleared"},
    ]


def test_clear_marks_takes_them_back_and_leaves_the_audio() -> None:
    dialect = listen()
    hear(dialect, type="mark", data={"name": "a"})
    note, reply = hear(dialect, type="clearMarks")
    assert note == Note("clearMarks") and isinstance(reply, Reply) and '"cleared"' in str(reply.message)
    assert dialect.mark("a", False) == []


def test_marks_that_wait_are_bounded() -> None:
    dialect = listen()
    for number in range(OUTSTANDING):
        hear(dialect, type="mark", data={"name": str(number)})
    [note] = hear(dialect, type="mark", data={"name": "more"})
    assert isinstance(note, Note) and note.malformed


def wav(rate: int, channels: int = 1) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(b"abcd")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("kind", "content"), [("raw", base64.b64encode(b"abcd").decode()), ("wave", wav(8000))]
)
def test_a_whole_piece_is_played_and_its_end_told(kind: str, content: str) -> None:
    dialect = listen()
    data = {"audioContentType": kind, "sampleRate": 8000, "audioContent": content, "id": "p1"}
    note, clear, said, mark = hear(dialect, type="playAudio", data=data)
    assert (note, clear, said) == (Note("playAudio"), Clear(), Say(b"abcd"))
    assert json.loads(str(dialect.mark(mark.name, False)[0])) == {"type": "playDone", "data": {"id": "p1"}}
    assert Clear() not in hear(dialect, type="playAudio", data={**data, "queuePlay": True})


@pytest.mark.parametrize(
    "data",
    [
        {"audioContentType": "wave", "audioContent": wav(16000)},
        {"audioContentType": "wave", "audioContent": wav(8000, 2)},
        {"audioContentType": "wave", "audioContent": "UklGRg=="},
        {"audioContentType": "raw", "sampleRate": 24000, "audioContent": ""},
        {"audioContentType": "raw"},
    ],
)
def test_a_piece_that_cannot_be_played_is_noted(data: dict[str, Any]) -> None:
    [note] = hear(listen(), type="playAudio", data=data)
    assert isinstance(note, Note) and note.malformed


def test_the_rest_of_its_words() -> None:
    dialect = listen()
    assert hear(dialect, type="killAudio") == [Clear()]
    assert hear(dialect, type="disconnect") == [HangUp("disconnect")]
    assert hear(dialect, type="transfer", data={}) == [Note("transfer", "unknown type, ignored")]
    [dtmf] = dialect.digit("5", 120)
    assert json.loads(str(dtmf)) == {"event": "dtmf", "dtmf": "5", "duration": "120"}
