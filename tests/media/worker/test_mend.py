"""Recordings whose recorder died."""

import wave
from pathlib import Path

from media.record import Recorder
from media.worker.mend import mend
from tests.support import wav


def test_a_file_whose_header_was_never_completed_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    recorder = Recorder(lambda act: act(), lambda _: None)
    recording = recorder.start("leg", str(path), 60.0)  # type: ignore[arg-type]  # a plain name will do
    for _ in range(150):
        recorder.frame(recording, memoryview(b"\x11" * 320))
    recorder.close()  # it never stopped
    assert recording.file is not None
    recording.file.close()
    assert mend(str(path)) == 3000
    with wave.open(str(path)) as file:
        assert file.getnframes() == 3 * 8000


def test_what_is_no_recording_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no sound")
    assert mend(str(tmp_path / "text")) == mend(str(tmp_path / "missing")) == 0
    whole = wav.write(tmp_path / "whole.wav", wav.tone(440.0, 1.0))
    before = whole.read_bytes()
    assert mend(str(whole)) == 1000 and whole.read_bytes() == before
