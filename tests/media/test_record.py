"""Recordings on disk, written by the thread (complaint 23: drift, harm to live audio)."""

import threading
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media import record
from media.port import (
    Bridge,
    Codec,
    Connect,
    LegId,
    MoveRecord,
    PauseRecord,
    Record,
    Recorded,
    Release,
    StopRecord,
)
from media.record import Recorder
from tests.support.phone import PCMA, Studio, tone

LEG = LegId("leg")


class Rig:
    """A recorder whose posts are run by `wait`, as a loop would."""

    def __init__(self) -> None:
        self.done: list[Recorded] = []
        self._posted = threading.Semaphore(0)
        self._calls: list[Callable[[], None]] = []
        self.recorder = Recorder(self._post, self.done.append)

    def _post(self, callback: Callable[[], None]) -> None:
        self._calls.append(callback)
        self._posted.release()

    def wait(self) -> Recorded:
        assert self._posted.acquire(timeout=5)
        self._calls.pop(0)()
        return self.done[-1]


def frame(value: int) -> np.ndarray:
    return np.full(160, value, np.int16)


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return np.frombuffer(file.readframes(1 << 30), np.int16)


def test_every_frame_is_in_the_file_when_recorded_is_told(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    recording = rig.recorder.start(LEG, str(path), 60)
    for number in range(120):
        rig.recorder.frame(recording, frame(number).data)
    rig.recorder.stop(recording)
    assert rig.wait() == Recorded(LEG, str(path), 2400)
    assert (samples_of(path).reshape(120, 160) == np.arange(120)[:, None]).all()
    rig.recorder.close()


def test_a_recording_without_a_frame_is_an_empty_wav(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    rig.recorder.stop(rig.recorder.start(LEG, str(path), 60))
    assert rig.wait() == Recorded(LEG, str(path), 0) and len(samples_of(path)) == 0
    rig.recorder.close()


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    path.write_bytes(bytes(100_000))
    recording = rig.recorder.start(LEG, str(path), 60)
    rig.recorder.frame(recording, frame(1).data)
    rig.recorder.stop(recording)
    rig.wait()
    assert len(samples_of(path)) == 160
    rig.recorder.close()


def test_the_length_is_bounded(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    recording = rig.recorder.start(LEG, str(path), 1.0)
    for _ in range(80):
        rig.recorder.frame(recording, frame(1).data)
    rig.recorder.stop(recording)
    assert rig.wait().milliseconds == 1000
    rig.recorder.close()


def test_a_path_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    rig = Rig()
    recording = rig.recorder.start(LEG, str(tmp_path / "no" / "a.wav"), 60)
    for _ in range(120):
        rig.recorder.frame(recording, frame(1).data)
    rig.recorder.stop(recording)
    assert "No such file" in rig.wait().error
    good = rig.recorder.start(LEG, str(tmp_path / "b.wav"), 60)
    rig.recorder.stop(good)
    assert rig.wait().error == ""
    rig.recorder.close()


def test_what_a_slow_disk_drops_is_silent_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "QUEUE_CHUNKS", 2)
    rig, path = Rig(), tmp_path / "a.wav"
    gate = threading.Event()
    write = rig.recorder._write

    def slow(recording: object, chunk: object) -> None:
        gate.wait(5)
        write(recording, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.recorder, "_write", slow)
    recording = rig.recorder.start(LEG, str(path), 60)
    for number in range(50 * 8):
        rig.recorder.frame(recording, frame(1 + number // 50).data)
    gate.set()
    while rig.recorder._queue.qsize():
        pass
    for _ in range(50):
        rig.recorder.frame(recording, frame(9).data)
    rig.recorder.stop(recording)
    recorded = rig.wait()
    assert "could not follow" in recorded.error
    seconds = samples_of(path).reshape(-1, 8000)
    assert len(seconds) == 9 and recorded.milliseconds == 9000
    assert seconds[0, 0] == 1 and seconds[-1, 0] == 9
    assert all(second[0] in (0, place + 1) for place, second in enumerate(seconds))
    rig.recorder.close()


def test_a_recording_that_never_ended_is_mended_and_an_empty_one_is_not(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    recording = rig.recorder.start(LEG, str(path), 60)
    for number in range(100):
        rig.recorder.frame(recording, frame(number).data)
    rig.recorder.stop(recording)
    rig.wait()
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:-1])  # killed in mid-sample
    assert record.repair(path) and len(samples_of(path)) == 100 * 160 - 1
    path.write_bytes(whole[:44])
    assert not record.repair(path)
    rig.recorder.close()


def test_both_sides_of_a_bridge_are_recorded_on_one_clock_and_the_file_follows_a_transfer(
    tmp_path: Path,
) -> None:
    studio, path = Studio(), tmp_path / "call.wav"
    first, second, third = (studio.phone(name) for name in ("a", "b", "c"))
    studio.engine.execute(Bridge(first.leg, second.leg))
    studio.engine.execute(Record(first.leg, str(path), stereo=True))
    for phone, pitch in ((first, 500), (second, 800), (third, 1100)):
        phone.say(tone(pitch, 3.0))
    studio.run(1.0)
    studio.engine.execute(MoveRecord(first.leg, second.leg))
    studio.engine.execute(Release(first.leg))
    studio.engine.execute(Bridge(second.leg, third.leg))
    studio.run(1.0)
    studio.engine.execute(PauseRecord(second.leg, paused=True))
    studio.run(0.5)
    studio.engine.execute(StopRecord(second.leg))
    studio.engine.close()
    (recorded,) = studio.of(Recorded)
    assert recorded.error == "" and abs(recorded.milliseconds - 2_500) <= 20
    pairs = pairs_of(path)
    assert loud(pairs[4000:7200, 0]) == 500 and loud(pairs[4000:7200, 1]) == 800
    assert loud(pairs[12_000:15_200, 0]) == 1100 and loud(pairs[12_000:15_200, 1]) == 800
    assert not pairs[17_000:].any()


@pytest.mark.parametrize("codec", [Codec("g722", 9), PCMA])
def test_what_a_phone_of_another_codec_is_sent_is_recorded(tmp_path: Path, codec: Codec) -> None:
    studio, path = Studio(), tmp_path / "call.wav"
    first, second = studio.phone("a", law=codec, connect=False), studio.phone("b")
    studio.engine.execute(Connect(first.leg, (first.host, first.port), codec, (codec,), None))
    studio.engine.execute(Bridge(first.leg, second.leg))
    studio.engine.execute(Record(first.leg, str(path), stereo=True))
    second.say(tone(800, 1.0))
    studio.run(1.0)
    studio.engine.execute(StopRecord(first.leg))
    studio.engine.close()
    pairs = pairs_of(path)
    assert loud(pairs[4000:7200, 1]) == 800 and not loud(pairs[4000:7200, 0])


def pairs_of(path: Path) -> np.ndarray:
    """Left and right of a stereo file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)


def loud(heard: np.ndarray) -> int:
    """Pitch of the loudest tone, to 50 Hz; 0: silence."""
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    return int(round(np.argmax(spectrum) * 8000 / len(heard) / 50) * 50) if heard.std() > 100 else 0
