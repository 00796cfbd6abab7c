"""Files of the media folder (S004-76…78)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.bucket import MediaBucket
from controlplane.service.media import milliseconds
from edge.error import Refusal
from tests.support.control import control
from tests.support.database import rows
from tests.support.wav import tone, write


async def content(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "a//b",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/./b",
        ".hidden",
        "a/.part",
        "a.part",
        "a\\b",
        "a b",
        "a\n",
        "a\0b",
        "é",
        "x" * 129,
        "/".join("a" * 300),
    ],
)
async def test_a_key_that_leads_elsewhere_is_refused(tmp_path: Path, key: str) -> None:  # S004-78
    async with control(tmp_path) as site:
        found = site.media.path(key)
        assert isinstance(found, Refusal) and (found.status, found.code) == (400, "bad_key")


async def test_a_file_is_whole_or_not_there(tmp_path: Path, bucket: MediaBucket | None) -> None:
    async with control(tmp_path, bucket=bucket) as site:
        assert await site.media.put("a/b.wav", content(b"one", b"two")) is True
        assert (site.folder / "a/b.wav").read_bytes() == b"onetwo"
        assert await site.media.put("a/b.wav", content(b"x" * 600_000)) == Refusal(
            "body_too_long", 413, "the file is longer than 100000 bytes", "raise limits.http.media_bytes"
        )
        assert (site.folder / "a/b.wav").read_bytes() == b"onetwo", "what was there stays"
        assert [path.name for path in (site.folder / "a").iterdir()] == ["b.wav"], "nothing is left behind"


async def test_a_key_cannot_be_a_folder_nor_lead_through_a_file(
    tmp_path: Path, bucket: MediaBucket | None
) -> None:
    async with control(tmp_path, bucket=bucket) as site:
        await site.media.put("a/b.wav", content(b"1"))
        for key in ("a", "a/b.wav/c"):
            found = await site.media.put(key, content(b"1"))
            assert isinstance(found, Refusal) and found.code == "bad_key"
        missing = await site.media.find("a")
        assert isinstance(missing, Refusal) and missing.status == 404


async def test_a_voicemail_writes_its_row(tmp_path: Path, bucket: MediaBucket | None) -> None:  # S004-78
    async with control(tmp_path, bucket=bucket) as site:
        sound = tmp_path / "tone.wav"
        write(sound, tone(440.0, 1.5))
        assert await site.media.put("acc_demo/vm/call_1.wav", content(sound.read_bytes())) is True
        (row,) = rows(
            site.store.folder.database,
            "SELECT key, account_id, call_id, milliseconds, heard_at FROM voicemail",
        )
        assert row == ("acc_demo/vm/call_1.wav", "acc_demo", "call_1", 1_500, None)
        await site.media.put("acc_nobody/vm/call_1.wav", content(b"x"))
        assert len(rows(site.store.folder.database, "SELECT key FROM voicemail")) == 1


def test_what_is_no_wav_has_no_length(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"RIFF....")
    assert milliseconds(tmp_path / "x.wav") == 0 == milliseconds(tmp_path / "none.wav")
