"""`GET|PUT /media/{key}` (S004-76…78)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.bucket import MediaBucket
from tests.support import wav
from tests.support.control import Control, control


@pytest.fixture
async def site(tmp_path: Path, bucket: MediaBucket | None) -> AsyncIterator[Control]:
    async with control(tmp_path, bucket=bucket) as made:
        yield made


async def test_what_was_put_is_served(site: Control) -> None:  # S004-76 S004-77
    url = "/media/acc_demo/greetings/hello.wav"
    made = await site.public.put(url, content=b"0123456789")
    assert made.status_code == 201 and made.json() == {"key": "acc_demo/greetings/hello.wav", "url": url}
    assert (await site.public.put(url, content=b"9876543210")).status_code == 200
    await site.sent()
    got = await site.public.get(url)
    assert got.content == b"9876543210" and got.headers["content-type"] == "audio/wav"
    assert got.headers["accept-ranges"] == "bytes" and got.headers["etag"]


async def test_parts_and_unchanged_files(site: Control) -> None:  # S004-78
    await site.public.put("/media/a.wav", content=b"0123456789")
    await site.sent()
    part = await site.public.get("/media/a.wav", headers={"Range": "bytes=2-4"})
    assert part.status_code == 206 and part.content == b"234"
    assert part.headers["content-range"] == "bytes 2-4/10"
    assert (await site.public.get("/media/a.wav", headers={"Range": "bytes=50-"})).status_code == 416
    tag = part.headers["etag"]
    for value in (tag, f'W/{tag}, "x"', "*"):
        unchanged = await site.public.get("/media/a.wav", headers={"If-None-Match": value})
        assert unchanged.status_code == 304 and unchanged.content == b""
    assert (await site.public.get("/media/a.wav", headers={"If-None-Match": '"x"'})).status_code == 200
    await site.sent()
    again = await site.public.get("/media/a.wav")
    assert again.headers["etag"] == tag, "a copy brought back is the same file"


@pytest.mark.parametrize("key", ["..%2f..%2fetc%2fpasswd", "a/%2e%2e/%2e%2e/b", "%2fetc/passwd", "a%00b", ""])
async def test_a_key_that_leads_elsewhere_is_400(site: Control, key: str) -> None:  # S004-78
    for method in ("GET", "PUT"):
        response = await site.public.request(method, f"/media/{key}", content=b"x")
        assert response.status_code == 400 and response.json()["error"] == "bad_key", (method, response.text)


async def test_what_is_not_there_is_404_and_what_is_too_long_413(site: Control) -> None:
    assert (await site.public.get("/media/none.wav")).json()["error"] == "no_such_media"
    response = await site.public.put("/media/long.wav", content=b"x" * 100_001)
    assert response.status_code == 413 and response.json()["error"] == "body_too_long"
    assert (await site.public.get("/media/long.wav")).status_code == 404


async def test_media_is_for_nodes(site: Control) -> None:
    for method in ("GET", "PUT"):
        assert (await site.far.request(method, "/media/a.wav")).status_code == 403


async def test_a_wav_is_also_there_as_mp3(site: Control, tmp_path: Path) -> None:
    content = wav.write(tmp_path / "a.wav", wav.tone(500.0, 1.0)).read_bytes()
    await site.public.put("/media/acc_demo/call/c.wav", content=content)
    await site.sent()
    by_suffix = await site.public.get("/media/acc_demo/call/c.mp3")
    by_accept = await site.public.get("/media/acc_demo/call/c.wav", headers={"Accept": "audio/mpeg"})
    assert by_suffix.status_code == 200 and by_suffix.headers["content-type"] == "audio/mpeg"
    assert by_accept.content == by_suffix.content != content
    part = await site.public.get("/media/acc_demo/call/c.mp3", headers={"Range": "bytes=0-99"})
    assert part.status_code == 206 and len(part.content) == 100
    plain = await site.public.get("/media/acc_demo/call/c.wav")
    assert plain.content == content and plain.headers["vary"] == "Accept"
    assert (await site.public.get("/media/acc_demo/call/none.mp3")).status_code == 404
    assert (await site.public.get("/media/.mp3/acc_demo/call/c.mp3")).status_code == 400
