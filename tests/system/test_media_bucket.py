"""What was put into the media folder is in the bucket at last, whatever is killed on the way."""

import http.client
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.process import wait_until
from tests.support.s3 import S3Server


def put(daemon: Daemon, key: str, content: bytes) -> int:
    connection = http.client.HTTPConnection(*daemon.http, timeout=30)
    try:
        connection.request("PUT", f"/media/{key}", content)
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_upload_survives_kill_9_while_the_bucket_is_away(tmp_path: Path) -> None:  # S004-77
    server = S3Server()
    try:
        settings = server.bucket()
        name = settings.url.split("/")[2]
        server.stop()
        store = {
            "url": settings.url,
            "endpoint": server.endpoint,
            "access_key": settings.access_key,
            "secret_key": settings.secret_key,
        }
        with Daemon(tmp_path, settings={"media": {"store": store}}) as daemon:
            for number in range(5):
                assert put(daemon, f"acc_demo/rec/{number}.wav", bytes(number + 1)) == 201
            server.start()
            server.make(name)
            daemon.restart(kill=True)
            wait_until(lambda: daemon.metrics()["tandem_media_uploads_waiting"] == 0, 60.0)
            for number in range(5):
                (tmp_path / f"data/media/acc_demo/rec/{number}.wav").unlink()
                assert daemon.get(f"/media/acc_demo/rec/{number}.wav", 30.0) == (200, bytes(number + 1))
    finally:
        server.stop()
