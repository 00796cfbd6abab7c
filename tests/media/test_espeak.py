import io
import json
import wave
from pathlib import Path

import pytest

from media import espeak


def tell(text: str, voice: str, words_per_minute: int) -> tuple[bytes, int]:
    """Stands for the library, which the process of the tests does not load."""
    if voice == "xx":
        raise espeak.Unspeakable("no voice named 'xx'")
    return text.encode("utf-16-le"), 8000


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "load", lambda: tell)


def ask(*requests: object) -> list[tuple[dict[str, object], bytes]]:
    lines = [request if isinstance(request, bytes) else json.dumps(request).encode() for request in requests]
    answers = io.BytesIO()
    espeak.serve(io.BytesIO(b"\n".join(lines) + b"\n"), answers)
    answers.seek(0)
    read = []
    while line := answers.readline():
        answer = json.loads(line)
        read.append((answer, answers.read(answer.get("bytes", 0))))
    return read


def request(text: str, **more: object) -> dict[str, object]:
    return {"text": text, "voice": "en-us", "words_per_minute": 165, **more}


def test_answers_each_line_with_a_header_and_that_many_bytes() -> None:
    answers = ask(request("a\nb"), request("c"))
    assert answers == [
        ({"sample_rate": 8000, "bytes": 6}, "a\nb".encode("utf-16-le")),
        ({"sample_rate": 8000, "bytes": 2}, "c".encode("utf-16-le")),
    ]


@pytest.mark.parametrize("bad", [b"", b"no json", b"\xff\xfe", [], 5, {"text": "x"}, {"voice": None}])
def test_a_bad_request_is_answered_and_the_next_one_served(bad: object) -> None:
    refused, served = ask(bad, request("x"))
    assert "not a request" in str(refused[0]["error"]) and served[0]["bytes"] == 2


def test_an_unknown_voice_is_answered() -> None:
    assert ask(request("x", voice="xx")) == [({"error": "no voice named 'xx'"}, b"")]


def test_a_named_path_gets_the_wav_and_nothing_else_is_left(tmp_path: Path) -> None:
    ((answer, audio),) = ask(request("hello", path=str(tmp_path / "a.wav")))
    assert answer == {"sample_rate": 8000, "bytes": 0} and audio == b""
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.readframes(99) == "hello".encode("utf-16-le")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_path_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    ((answer, _),) = ask(request("hello", path=str(tmp_path / "no" / "a.wav")))
    assert "cannot write" in str(answer["error"])
