"""moto's server on loopback: an S3 service that we did not write, one for the whole test run."""

import asyncio
import contextlib
import itertools
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path

from config.bucket import MediaBucket
from controlplane.provider.bucket import Bucket
from controlplane.service.mirror import BucketMirror, Mirror
from tests.support.address import free_tcp_port, loopback
from tests.support.process import Child

_numbers = itertools.count(1)


class S3Server:
    def __init__(self) -> None:
        self._address = loopback()
        self._port = free_tcp_port(self._address)
        self.endpoint = f"http://{self._address}:{self._port}"
        self.start()

    def start(self) -> None:
        """With nothing in it."""
        command = [sys.executable, "-m", "moto.server", "-H", self._address, "-p", str(self._port)]
        self._child = Child(command, name="moto", env={"AWS_DEFAULT_REGION": "us-east-1"})
        self._child.wait_for("Running on", 60.0)

    def stop(self) -> None:
        self._child.stop()

    def bucket(
        self, prefix: str = "/media/files", *, access_key: str = "AKIA", secret_key: str = "x"
    ) -> MediaBucket:
        """A new, empty one."""
        name = f"bucket-{next(_numbers)}"
        self.make(name)
        return MediaBucket(
            url=f"s3://{name}{prefix}",
            endpoint=self.endpoint,
            access_key=access_key,
            secret_key=secret_key,
            timeout=20,
        )

    def make(self, name: str) -> None:
        self.request("PUT", f"/{name}")

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.endpoint + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            content: bytes = response.read()
            return content


@lru_cache(maxsize=1)
def s3_server() -> S3Server:
    """Started when a test first asks for it."""
    return S3Server()


def close_s3_server() -> None:
    if s3_server.cache_info().currsize:
        s3_server().stop()


def mirror_of(media: Path, bucket: MediaBucket | None) -> Mirror:
    """As the daemon makes it, but with hasty retries."""
    if bucket is None:
        return Mirror()
    folder = media.with_name("mirror")
    return BucketMirror(media, folder, Bucket(bucket), bucket, asyncio.ensure_future, pause=0.05)


@contextlib.asynccontextmanager
async def running(mirror: Mirror) -> AsyncIterator[None]:
    if isinstance(mirror, BucketMirror):
        await mirror.open()
    yield
    if isinstance(mirror, BucketMirror):
        mirror.close()


async def sent(mirror: Mirror, timeout: float = 60.0) -> None:
    """Wait until nothing waits any more."""
    deadline = time.monotonic() + timeout
    while mirror.waiting:
        assert time.monotonic() < deadline, f"{mirror.waiting} files still wait"
        await asyncio.sleep(0.01)
