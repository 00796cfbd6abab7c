"""What the API and the command line make, on a whole daemon: live at once, there after kill -9."""

import re
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.process import wait_until


def test_a_user_made_while_the_daemon_runs_calls_at_once_and_after_kill_9(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        status, text = daemon.tandem("users", "create", "acc_demo", "1003", "--username", "carol")
        made = re.search(r"username carol, password (\S+)", text)
        assert status == 0 and made is not None, text
        words = ("--user", "carol", "--password", made[1], "--seconds", "0.5")
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        status, key = daemon.tandem("keys", "create", "metrics", "--scope", "reports.read", "--json")
        assert status == 0, key
        daemon.restart(kill=True)
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        assert "metrics" in daemon.tandem("keys", "list")[1]
        assert daemon.tandem("users", "remove", "acc_demo", "1003")[0] == 0
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 1
        wait_until(lambda: daemon.metrics()["tandem_calls"] == 0, 60.0)
