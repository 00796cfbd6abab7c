"""Recordings: kept only when they are complete (S004-78: `<account>/vm/<callId>.wav`)."""

from edge.directory import AccountId
from edge.journal import CallId
from edge.recordings import Keep, Recording, Recordings
from media.port import LegId, Recorded


def recording(number: int = 1) -> Recording:
    return Recording(AccountId("acc"), CallId("call_1"), "vm", number, "1001", "1002", 1_000)


def test_a_recording_is_written_beside_its_name_and_kept_when_it_is_complete() -> None:
    kept: list[Keep] = []
    recordings = Recordings("/media", kept.append)
    path = recordings.begin(recording())
    assert path == "/media/acc/vm/call_1.wav.part"
    recordings.recorded(Recorded(LegId("call_1/1"), path, 4_000))
    recordings.recorded(Recorded(LegId("call_1/1"), path, 4_000))
    assert kept == [Keep(recording(), 4_000, "")] and len(recordings) == 0


def test_a_second_recording_of_a_call_has_a_name_of_its_own() -> None:
    assert recording(2).key == "acc/vm/call_1-2.wav"


def test_a_recording_that_nobody_announced_is_left_alone() -> None:
    kept: list[Keep] = []
    Recordings("/media", kept.append).recorded(Recorded(LegId("x/1"), "/elsewhere.wav", 1))
    assert not kept
