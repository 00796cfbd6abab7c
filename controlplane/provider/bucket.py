"""A bucket of any S3 service, by obstore (extra `s3`), which is imported when the first bucket is made.

The endpoint is the operator's own setting: it may be private, no SSRF guard stands before it. Each file
carries the time of its last change, so that a copy brought back has the ETag that it had before.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.bucket import MediaBucket

if TYPE_CHECKING:
    pass

CHUNK: Final = 1 << 20
"Read at once from the service [bytes]."
RETRIES: Final = 1
"Of one request; whoever asks tries again later."
_CHANGED: Final = "tandem-mtime"
_TYPES: Final = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".json": "application/json"}


class BucketError(Exception):
    """The service did not do what was asked; one line says why, without a secret."""


@dataclass(frozen=True, slots=True)
class Listed:
    key: str
    size: int
    "[bytes]"
    at: float
    "When it was sent [s UTC]."


class Bucket:
    def __init__(self, settings: MediaBucket) -> None:
        """Raises `BucketError` when obstore is not installed."""
        try:
            import obstore  # noqa: PLC0415 - optional extra
            from obstore.store import S3Store  # noqa: PLC0415
        except ImportError:
            raise BucketError("media.store needs obstore: pip install -e '.[s3]'") from None
        self.url = settings.url
        self._obstore = obstore
        bucket, _, prefix = settings.url.removeprefix("s3://").partition("/")
        options = {
            "endpoint": settings.endpoint,
            "access_key_id": settings.access_key,
            "secret_access_key": settings.secret_key,
            "session_token": settings.session_token,
        }
        timeout = f"{settings.timeout:g}s"
        self._store: obstore.store.ObjectStore = S3Store(
            bucket,
            prefix=prefix or None,
            region=settings.region,
            virtual_hosted_style_request=settings.virtual_hosted,
            client_options={
                "timeout": timeout,
                "connect_timeout": timeout,
                "allow_http": (settings.endpoint or "").startswith("http://"),
            },
            retry_config={"max_retries": RETRIES},
            **{name: value for name, value in options.items() if value is not None},  # type: ignore[arg-type]
        )

    async def send(self, key: str, path: Path) -> bool:
        """Put the file under `key`; False: there is no such file."""
        try:
            changed = (await asyncio.to_thread(path.stat)).st_mtime_ns
            kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
            attributes = {"Content-Type": kind, _CHANGED: str(changed)}
            await self._obstore.put_async(self._store, key, path, attributes=attributes)
        except FileNotFoundError as error:
            if await asyncio.to_thread(path.exists):
                raise BucketError(_line(error)) from None
            return False
        except Exception as error:  # of obstore, each service in its own words
            raise BucketError(_line(error)) from None
        return True

    async def bring(self, key: str, path: Path) -> bool:
        """Write what is under `key` into the new file `path`; False: nothing is.

        Raises `OSError` when the file cannot be written.
        """
        try:
            found = await self._obstore.get_async(self._store, key)
        except FileNotFoundError:
            return False
        except Exception as error:
            raise BucketError(_line(error)) from None
        with await asyncio.to_thread(path.open, "xb") as file:
            stream = found.stream(CHUNK)
            while True:
                try:
                    piece = await anext(stream, None)
                except Exception as error:
                    raise BucketError(_line(error)) from None
                if piece is None:
                    break
                await asyncio.to_thread(file.write, piece)
        changed = found.attributes.get(_CHANGED)
        if changed is not None and changed.isascii() and changed.isdigit():
            status = await asyncio.to_thread(path.stat)
            await asyncio.to_thread(os.utime, path, ns=(status.st_atime_ns, int(changed)))
        return True

    async def erase(self, key: str) -> None:
        """Also when there is nothing."""
        try:
            await self._obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except Exception as error:
            raise BucketError(_line(error)) from None

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        """Everything whose key begins with the steps of `prefix`; pages are asked for as they are read."""
        try:
            async for page in self._obstore.list(self._store, prefix=prefix or None):
                for one in page:
                    yield Listed(one["path"], one["size"], one["last_modified"].timestamp())
        except Exception as error:
            raise BucketError(_line(error)) from None


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:300]
