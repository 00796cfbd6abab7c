"""Recordings on disk, written by the thread (complaint 23: drift, harm to live audio)."""

import resource
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
    Join,
    LegId,
    MoveRecord,
    PauseRecord,
    Record,
    Recorded,
    Release,
    RoomId,
    StopRecord,
)
from media.record import Recorder
from tests.media.test_wideband import CODECS, joined, payloads, pitch, say
from tests.support.phone import PCMA, Studio, tone
from tests.support.process import wait_until

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


def test_what_a_full_disk_took_can_be_heard(tmp_path: Path) -> None:
    """As kernel and file system tell it: part of a write, then an error; the header is right all the same."""
    rig, path = Rig(), tmp_path / "a.wav"
    most = 44 + 2 * 20_001
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
        recording = rig.recorder.start(LEG, str(path), 60)
        for _ in range(50 * 5):
            rig.recorder.frame(recording, frame(7).data)
        rig.recorder.stop(recording)
        recorded = rig.wait()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "too large" in recorded.error
    assert len(samples_of(path)) == 20_001 and (samples_of(path) == 7).all()
    rig.recorder.close()


def test_nobody_else_on_the_machine_reads_it_and_every_second_is_there_after_a_crash(tmp_path: Path) -> None:
    rig, path = Rig(), tmp_path / "a.wav"
    recording = rig.recorder.start(LEG, str(path), 60)
    for _ in range(50 * 2):
        rig.recorder.frame(recording, frame(7).data)
    wait_until(
        lambda: path.exists() and path.stat().st_size == 44 + 32_000, 5.0, what="two seconds are written"
    )
    crashed = tmp_path / "b.wav"
    crashed.write_bytes(path.read_bytes())
    assert record.repair(crashed) and len(samples_of(crashed)) == 16_000
    assert path.stat().st_mode & 0o077 == 0
    rig.recorder.stop(recording)
    rig.wait()
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
    for phone, hertz in ((first, 500), (second, 800), (third, 1100)):
        phone.say(tone(hertz, 3.0))
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
    rate = 8000 if codec is PCMA else 16_000
    later = pairs_of(path, rate)[rate // 2 : rate * 9 // 10]
    assert loud(later[:, 1], rate) == 800 and not loud(later[:, 0])


def test_a_room_of_wideband_phones_is_recorded_at_16_khz_and_so_is_the_call_it_moves_to(
    tmp_path: Path,
) -> None:
    """Issue 4, Sound: all that a member says and hears, in both its codecs' bandwidth."""
    studio, path = Studio(), tmp_path / "room.wav"
    first, second = (joined(studio, name, CODECS["g722"]) for name in "ab")
    third = studio.phone("c")
    for phone in (first, second):
        studio.engine.execute(Join(phone.leg, RoomId("room")))
    studio.engine.execute(Record(first.leg, str(path), stereo=True))
    said = (payloads(CODECS["g722"], pitch(hertz, 2.0)) for hertz in (5200, 6100))
    for own, other in zip(*said, strict=True):
        first.send(own)
        second.send(other)
        studio.run(0.020)
    studio.engine.execute(MoveRecord(first.leg, third.leg))
    third.say(tone(1100, 1.0))
    studio.run(1.0)
    studio.engine.execute(StopRecord(third.leg))
    studio.engine.close()
    (recorded,) = studio.of(Recorded)
    assert abs(recorded.milliseconds - 3_000) <= 20
    pairs = pairs_of(path, 16_000)
    assert (loud(pairs[16_000:30_000, 0], 16_000), loud(pairs[16_000:30_000, 1], 16_000)) == (5200, 6100)
    assert (loud(pairs[36_000:46_000, 0]), loud(pairs[36_000:46_000, 1], 16_000)) == (0, 1100)


def test_a_message_by_a_wideband_codec_is_kept_at_16_khz_and_mended_so(tmp_path: Path) -> None:
    """A recording may be asked for before the leg is connected."""
    studio, path, codec = Studio(), tmp_path / "message.wav", CODECS["l16"]
    phone = studio.phone("a", law=codec, connect=False)
    studio.engine.execute(Record(phone.leg, str(path)))
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None))
    say(studio, phone, payloads(CODECS["l16"], pitch(7000, 1.0)))
    studio.engine.execute(StopRecord(phone.leg))
    studio.engine.close()
    for whole in (True, False):
        if not whole:
            path.write_bytes(path.read_bytes()[:40] + bytes(4) + path.read_bytes()[44:])
            assert record.repair(path)
        with wave.open(str(path)) as file:
            assert (file.getnchannels(), file.getframerate()) == (1, 16_000)
            heard = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        assert loud(heard[8000:14_000], 16_000) == 7000


def pairs_of(path: Path, rate: int = 8000) -> np.ndarray:
    """Left and right of a stereo file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, rate)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)


def loud(heard: np.ndarray, rate: int = 8000) -> int:
    """Pitch of the loudest tone, to 50 Hz; 0: silence."""
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    return int(round(np.argmax(spectrum) * rate / len(heard) / 50) * 50) if heard.std() > 100 else 0
