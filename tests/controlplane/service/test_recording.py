"""Recordings get their name when they are complete (S004-78)."""

from pathlib import Path
from typing import Any

import structlog

from controlplane.service.recording import RecordingKeeper
from controlplane.store.voicemail import Voicemail
from edge.directory import AccountId
from edge.journal import CallId
from edge.recordings import Keep, Recording


class FakeJournal:
    def __init__(self) -> None:
        self.messages: list[Voicemail] = []

    def message(self, row: Voicemail) -> None:
        self.messages.append(row)


def made(tmp_path: Path, folder: str = "vm") -> tuple[RecordingKeeper, FakeJournal, Recording, Path]:
    journal: Any = FakeJournal()
    keeper = RecordingKeeper(tmp_path, journal)
    keeper.prepare(["acc"])
    recording = Recording(AccountId("acc"), CallId("call_1"), folder, 1, "1001", "1002", 5)
    part = tmp_path / f"{recording.key}.part"
    part.write_bytes(b"RIFF")
    return keeper, journal, recording, part


def test_a_message_gets_its_name_and_its_row(tmp_path: Path) -> None:
    keeper, journal, recording, part = made(tmp_path)
    keeper.keep(Keep(recording, 3_000, ""))
    assert (tmp_path / "acc/vm/call_1.wav").exists() and not part.exists()
    assert journal.messages == [
        Voicemail("acc/vm/call_1.wav", AccountId("acc"), "1001", CallId("call_1"), "1002", 5, 3_000)
    ]


def test_a_recording_of_a_flow_is_no_message(tmp_path: Path) -> None:
    keeper, journal, recording, _ = made(tmp_path, "rec")
    keeper.keep(Keep(recording, 3_000, ""))
    assert (tmp_path / "acc/rec/call_1.wav").exists() and journal.messages == []


def test_a_caller_who_hung_up_at_the_beep_left_nothing(tmp_path: Path) -> None:
    keeper, journal, recording, _ = made(tmp_path)
    keeper.keep(Keep(recording, 400, ""))
    assert list((tmp_path / "acc/vm").iterdir()) == [] and journal.messages == []


def test_what_cannot_be_kept_is_told_and_nothing_breaks(tmp_path: Path) -> None:
    keeper, journal, recording, part = made(tmp_path)
    part.unlink()
    with structlog.testing.capture_logs() as logs:
        keeper.keep(Keep(recording, 3_000, "no space left"))
    assert [log["event"] for log in logs] == [
        "recording damaged",
        "recording lost",
    ] and journal.messages == []


def test_what_a_former_run_did_not_finish_is_cleared_away(tmp_path: Path) -> None:
    keeper, _, _, part = made(tmp_path)
    done = tmp_path / "acc/vm/call_0.wav"
    done.write_bytes(b"RIFF")
    assert keeper.prepare(["acc"]) == 1 and not part.exists() and done.exists()


def test_a_greeting_is_the_users_at_once_and_after_a_restart(tmp_path: Path) -> None:
    keeper, journal, recording, _ = made(tmp_path, "greeting")
    assert keeper.greeting("acc", "1001") is None
    keeper.keep(Keep(recording, 3_000, ""))
    path = str(tmp_path / "acc/greeting/1001.wav")
    assert keeper.greeting("acc", "1001") == path and journal.messages == []
    again = RecordingKeeper(tmp_path, journal)
    again.prepare(["acc"])
    assert again.greeting("acc", "1001") == path and again.greeting("acc", "1002") is None
