"""The bucket of `media.store`: whether what is sent there comes back, and may be erased."""

import asyncio
import secrets
import tempfile
from pathlib import Path
from typing import Final

from config.bucket import MediaBucket
from controlplane.doctor.finding import Finding, fail, ok
from controlplane.provider.bucket import Bucket, BucketError

NAME: Final = "media bucket"
SECONDS: Final = 10.0
"For all that is asked of it, longer waits of the settings notwithstanding [s]."


def bucket(settings: MediaBucket) -> Finding:
    """One small file goes there and back; nothing of it is left."""
    where = f"{settings.url} at {settings.endpoint or settings.region}"
    token = secrets.token_hex(8)
    with tempfile.TemporaryDirectory() as folder:
        sent, brought = Path(folder, "sent.txt"), Path(folder, "brought.txt")
        sent.write_text(token)
        try:
            there = asyncio.run(asyncio.wait_for(_send_and_bring(settings, sent, brought), SECONDS))
        except BucketError as error:
            fix = "see media.store: url, endpoint, keys, and the rights to read, write and delete"
            return fail(NAME, f"{where}: {error}", fix)
        except TimeoutError:
            fix = "see media.store.endpoint, and what firewalls let through"
            return fail(NAME, f"{where}: no answer within {SECONDS:g} s", fix)
        if not there or brought.read_text() != token:
            return fail(NAME, f"{where}: what was written does not come back", "ask its provider")
    return ok(NAME, f"{where}: written, read and erased")


async def _send_and_bring(settings: MediaBucket, sent: Path, brought: Path) -> bool:
    made = Bucket(settings)
    key = f"doctor/{secrets.token_hex(8)}.txt"
    await made.send(key, sent)
    try:
        return await made.bring(key, brought)
    finally:
        await made.erase(key)
